// A call that fails over, as spans and metrics of OpenTelemetry. The SDK is kept in memory here; yours exports, and is most
// easily registered by `node --import` with `@opentelemetry/sdk-node`. What is special to this package is one line: the observer.
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { LoadBalancedOpenAI } from 'load-balanced-openai';
import { openTelemetry } from 'load-balanced-openai/otel';
import { reach, stop } from './endpoints.ts';

const spans = new InMemorySpanExporter();
const figures = new InMemoryMetricExporter(1);
const meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: figures })] });
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }));
metrics.setGlobalMeterProvider(meters);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const client = new LoadBalancedOpenAI(
  [
    await reach('first', 'OPENAI_API_KEY', { script: [503] }),
    await reach('second', 'OPENAI_API_KEY_2', { script: [] }),
  ],
  { strategy: 'priority', observers: [openTelemetry()] },
);

await trace.getTracer('shop').startActiveSpan('checkout', async (span) => {
  await client.chat.completions.create({ model: 'gpt-5-mini', messages: [{ role: 'user', content: 'Say hello.' }] });
  span.end();
});

const of = ({ attributes }: ReadableSpan, name: string) => attributes[`load_balancer.${name}`];
const told = (span: ReadableSpan) => {
  if (span.name === 'checkout') return '';
  if (span.name.startsWith('route'))
    return `: ${of(span, 'endpoint')}, ${of(span, 'attempts')} attempts, ${of(span, 'failovers')} failover`;
  return `: ${of(span, 'endpoint')}, ${of(span, 'verdict')}, ${span.attributes['http.response.status_code']}`;
};
function print(parent: string | undefined, indent: string): void {
  for (const span of spans.getFinishedSpans().filter((each) => each.parentSpanContext?.spanId === parent)) {
    console.log(`${indent}${span.name}${told(span)}`);
    print(span.spanContext().spanId, `${indent}  `);
  }
}
print(undefined, '');

await meters.forceFlush();
const all = figures.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
for (const name of ['gen_ai.client.operation.duration', 'load_balancer.attempts', 'load_balancer.failovers']) {
  const points = all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? [];
  console.log(`${name}: ${points.map(({ value }) => (typeof value === 'number' ? value : value.count)).join(', ')}`);
}

await client.close();
await meters.shutdown();
await stop();
