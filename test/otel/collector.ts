// An SDK registered as an application would register it, whose spans and metrics are read back from memory.
import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { type DataPoint, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** A row of a metric: its attributes and its figure, for a histogram how often and how much in all. */
export interface Row {
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: number;
  readonly count?: number;
  readonly bounds?: readonly number[];
}

/** What was exported. */
export interface Collector extends AsyncDisposable {
  /** Finished spans in the order of their ends. */
  spans(name?: string): ReadableSpan[];
  /** The spans as a tree, one line each: indentation, name, and these attributes. */
  tree(...attributes: readonly string[]): string[];
  rows(metric: string): Promise<Row[]>;
  names(): Promise<string[]>;
  unregister(): void;
}

/** Registers an SDK for the whole process until it is disposed of. */
export function collector(): Collector {
  const exporter = new InMemorySpanExporter();
  const tracers = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const reader = new Reader();
  const meters = new MeterProvider({ readers: [reader] });
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(meters);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  const all = async () => (await reader.collect()).resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  const spans = (name?: string) =>
    exporter.getFinishedSpans().filter((span) => name === undefined || span.name.startsWith(name));
  const unregister = () => {
    trace.disable();
    metrics.disable();
    context.disable();
    propagation.disable();
  };
  return {
    spans,
    tree(...attributes) {
      const children = (parent: string | undefined) =>
        spans()
          .filter((span) => (span.parentSpanContext?.spanId ?? undefined) === parent)
          .sort((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1]);
      const line = (span: ReadableSpan, depth: number): string[] => {
        const told = attributes.map((name) => span.attributes[name]).filter((value) => value !== undefined);
        return [
          [`${'  '.repeat(depth)}${span.name}`, ...told].join(' '),
          ...children(span.spanContext().spanId).flatMap((child) => line(child, depth + 1)),
        ];
      };
      return children(undefined).flatMap((span) => line(span, 0));
    },
    async rows(metric) {
      const found = (await all()).find(({ descriptor }) => descriptor.name === metric);
      return ((found?.dataPoints ?? []) as Array<DataPoint<unknown>>).map(({ attributes, value }) => {
        if (typeof value === 'number') return { attributes, value };
        const { sum, count, buckets } = value as { sum: number; count: number; buckets: { boundaries: number[] } };
        return { attributes, value: sum, count, bounds: buckets.boundaries };
      });
    },
    names: async () => (await all()).map(({ descriptor }) => descriptor.name),
    unregister,
    async [Symbol.asyncDispose]() {
      unregister();
      await Promise.all([tracers.shutdown(), meters.shutdown()]);
    },
  };
}
