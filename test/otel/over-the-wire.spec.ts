// The whole way, as in production: the official exporters send to a receiver of OTLP over HTTP, from a library's process and from a
// gateway's, whose SDK is registered by `node --import` alone.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTelemetry } from '../../src/otel/index.ts';
import { faultServer } from '../../src/testing/index.ts';
import { startCli } from '../cli/run-cli.ts';
import { chat } from '../support/calls.ts';
import { chat as body, endpointOf } from '../support/gateway.ts';
import { openStage } from '../support/stage.ts';
import { receiver } from './receiver.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const IMPORT = new URL('./children/otel.mjs', import.meta.url).href;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'otel-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a client', () => {
  it('is told of by the exporters, spans and metrics', async () => {
    await using told = await receiver();
    const exporter = new OTLPTraceExporter({ url: `${told.url}/v1/traces` });
    const tracerProvider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
    const figures = new OTLPMetricExporter({ url: `${told.url}/v1/metrics` });
    const meterProvider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: figures })] });
    await using stage = await openStage(
      { a: [503], b: [] },
      { observers: [openTelemetry({ tracerProvider, meterProvider })] },
    );
    await chat(stage.client);
    await Promise.all([tracerProvider.forceFlush(), meterProvider.forceFlush()]);
    const [first, second, route] = told.spans;
    expect(told.spans.map(({ name, kind }) => [name, kind])).toEqual([
      ['chat gpt-5', 3],
      ['chat gpt-5', 3],
      ['route gpt-5', 1],
    ]);
    for (const span of [first, second]) expect(span?.parentSpanId).toBe(route?.spanId);
    expect([first, second, route].map((span) => told.attribute(span, 'load_balancer.endpoint'))).toEqual([
      'a',
      'b',
      'b',
    ]);
    expect(told.attribute(first, 'error.type')).toBe('503');
    expect(told.metrics.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['gen_ai.client.operation.duration', 'load_balancer.endpoint.breaker']),
    );
    await Promise.all([tracerProvider.shutdown(), meterProvider.shutdown()]);
  });
});

describe('the gateway as a process', () => {
  it('tells calls where an SDK was registered, and goes on with the trace of whoever calls', async () => {
    await using told = await receiver();
    await using a = await faultServer({ name: 'a', script: [503] });
    await using b = await faultServer({ name: 'b' });
    const config = join(folder, 'gateway.json');
    writeFileSync(config, JSON.stringify({ endpoints: [endpointOf(a), endpointOf(b)], strategy: 'priority' }));
    const env = { NODE_OPTIONS: `--import ${IMPORT}`, OTEL_EXPORTER_OTLP_ENDPOINT: told.url };
    const gateway = startCli(['serve', '--port', '0', '--config', config], env, folder);
    try {
      const [, url] = await gateway.printed(/"url":"(http:[^"]+)"/);
      const call = body('gpt-5');
      const headers = { ...call.headers, traceparent: `00-${TRACE}-${PARENT}-01` };
      const answer = await fetch(`${url}/v1/chat/completions`, { ...call, headers });
      expect(answer.status).toBe(200);
      await answer.json();
      await expect.poll(() => told.spans.length, { timeout: 5_000 }).toBe(3);
      const route = told.spans.find(({ name }) => name === 'route gpt-5');
      const attempts = told.spans.filter(({ name }) => name === 'chat gpt-5');
      expect(route).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
      for (const attempt of attempts) expect(attempt).toMatchObject({ traceId: TRACE, parentSpanId: route?.spanId });
      // Each endpoint is told its own attempt.
      const sent = [a, b].map(({ requests }) => requests[0]?.headers.traceparent);
      expect(sent).toEqual(attempts.map(({ spanId }) => `00-${TRACE}-${spanId}-01`));
      await expect
        .poll(() => told.metrics.map(({ name }) => name), { timeout: 5_000 })
        .toContain('load_balancer.attempts');
    } finally {
      gateway.child.kill('SIGTERM');
      await gateway.over;
    }
  });

  it('leaves all as it is without one: the headers go along, and nothing of OpenTelemetry is loaded', async () => {
    await using a = await faultServer({ name: 'a' });
    const config = join(folder, 'plain.json');
    writeFileSync(config, JSON.stringify({ endpoints: [endpointOf(a)] }));
    const gateway = startCli(['serve', '--port', '0', '--config', config], {}, folder);
    try {
      const [, url] = await gateway.printed(/"url":"(http:[^"]+)"/);
      const call = body('gpt-5');
      const traceparent = `00-${TRACE}-${PARENT}-01`;
      await (await fetch(`${url}/v1/chat/completions`, { ...call, headers: { ...call.headers, traceparent } })).json();
      expect(a.requests[0]?.headers.traceparent).toBe(traceparent);
    } finally {
      gateway.child.kill('SIGTERM');
      const { out } = await gateway.over;
      expect(out).not.toContain('OpenTelemetry');
    }
  });
});
