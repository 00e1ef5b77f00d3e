// The promise: one observer, and every call is a span `route` with a span per attempt below it, whatever becomes of the call; read
// back from an SDK registered as an application registers it.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import OpenAI, { toFile } from 'openai';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openTelemetry } from '../../src/otel/index.ts';
import { prometheus } from '../../src/prometheus/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, read } from '../support/calls.ts';
import { openStage, type StageOptions } from '../support/stage.ts';
import { type Collector, collector } from './collector.ts';

let told: Collector;
beforeEach(() => {
  told = collector();
});
afterEach(() => told[Symbol.asyncDispose]());

const observed = (options: StageOptions = {}): StageOptions => ({ observers: [openTelemetry()], ...options });
const ENDPOINT = 'load_balancer.endpoint';
const VERDICT = 'load_balancer.verdict';
const events = (span: ReadableSpan | undefined) => span?.events.map(({ name }) => name);
const route = () => told.spans('route').at(-1) as ReadableSpan;
const QUICK: Step[] = Array(20).fill('ok');

describe('spans of', () => {
  it('a plain call', async () => {
    await using stage = await openStage({ a: [] }, observed());
    await chat(stage.client);
    expect(told.tree(ENDPOINT)).toEqual(['route gpt-5 a', '  chat gpt-5 a']);
    const { port } = new URL(stage.servers.a.url);
    const server = { 'server.address': '127.0.0.1', 'server.port': Number(port), 'gen_ai.provider.name': 'openai' };
    const [attempt] = told.spans('chat');
    expect(attempt).toMatchObject({ kind: SpanKind.CLIENT, status: { code: SpanStatusCode.UNSET } });
    expect(attempt?.attributes).toEqual({
      ...server,
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': 'gpt-5',
      'gen_ai.response.model': 'gpt-5',
      'gen_ai.usage.input_tokens': expect.any(Number),
      'gen_ai.usage.output_tokens': expect.any(Number),
      'http.response.status_code': 200,
      'load_balancer.endpoint': 'a',
      'load_balancer.attempt': 1,
      'load_balancer.verdict': 'ok',
    });
    expect(route()).toMatchObject({ kind: SpanKind.INTERNAL, status: { code: SpanStatusCode.UNSET } });
    expect(route().attributes).toMatchObject({
      ...server,
      'gen_ai.operation.name': 'chat',
      'load_balancer.attempts': 1,
      'load_balancer.failovers': 0,
      'load_balancer.waits': 0,
    });
    expect(route().attributes).not.toHaveProperty('error.type');
  });

  it('a stream: they end when it ends, and tell when its content began', async () => {
    await using stage = await openStage({ a: [{ stream: 3 }] }, observed());
    const stream = await chatStream(stage.client, { stream_options: { include_usage: true } });
    expect(told.spans()).toEqual([]);
    await read(stream);
    expect(told.tree(VERDICT)).toEqual(['route gpt-5', '  chat gpt-5 ok']);
    const { attributes } = told.spans('chat')[0] as ReadableSpan;
    expect(attributes['gen_ai.response.time_to_first_chunk']).toBeGreaterThan(0);
    expect(attributes).toMatchObject({
      'gen_ai.request.stream': true,
      'gen_ai.usage.output_tokens': expect.any(Number),
    });
    const rows = await told.rows('gen_ai.client.operation.time_to_first_chunk');
    expect(rows).toMatchObject([{ count: 1, attributes: { 'gen_ai.request.model': 'gpt-5' } }]);
  });

  it('a stream that its reader leaves', async () => {
    await using stage = await openStage({ a: [{ stream: 50 }] }, observed());
    for await (const _ of await chatStream(stage.client)) break;
    await expect.poll(() => told.tree(VERDICT)).toEqual(['route gpt-5', expect.stringContaining('  chat gpt-5')]);
  });

  it('a failover', async () => {
    await using stage = await openStage({ a: [503], b: [] }, observed());
    await chat(stage.client);
    expect(told.tree(ENDPOINT, VERDICT, 'error.type')).toEqual([
      'route gpt-5 b',
      '  chat gpt-5 a overloaded 503',
      '  chat gpt-5 b ok',
    ]);
    expect(route().attributes).toMatchObject({ 'load_balancer.attempts': 2, 'load_balancer.failovers': 1 });
    expect(events(route())).toContain('failover');
    expect(told.spans('chat')[0]?.status.code).toBe(SpanStatusCode.ERROR);
    expect(await told.rows('load_balancer.failovers')).toMatchObject([
      { value: 1, attributes: { 'load_balancer.failover.from': 'a', [ENDPOINT]: 'b', [VERDICT]: 'overloaded' } },
    ]);
  });

  it('a call that fails everywhere', async () => {
    await using stage = await openStage({ a: [500], b: [502] }, observed({ maxRetries: 0 }));
    await failure(chat(stage.client));
    expect(told.tree(ENDPOINT, 'error.type')).toEqual([
      'route gpt-5 b 502',
      '  chat gpt-5 a 500',
      '  chat gpt-5 b 502',
    ]);
    expect(route().status.code).toBe(SpanStatusCode.ERROR);
    expect(await told.rows('gen_ai.client.operation.duration')).toMatchObject([
      { count: 1, attributes: { 'error.type': '502', 'gen_ai.operation.name': 'chat' } },
    ]);
  });

  it('a call that is aborted', async () => {
    await using stage = await openStage({ a: ['black-hole'] }, observed());
    const controller = new AbortController();
    const call = failure(chat(stage.client, {}, { signal: controller.signal }));
    await stage.servers.a.until(({ calls }) => calls === 1);
    controller.abort();
    await call;
    expect(told.tree('error.type')).toEqual(['route gpt-5 aborted', '  chat gpt-5 aborted']);
  });

  it('a call that is aborted before it is sent', async () => {
    await using stage = await openStage({ a: [] }, observed());
    await failure(chat(stage.client, {}, { signal: AbortSignal.abort() }));
    expect(told.tree('error.type')).toEqual(['route gpt-5 APIUserAbortError']);
  });

  it('a call that is aborted while it waits: the failure before was not its end', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [{ status: 429, retryAfter: 20 }] }, observed({ clock, timeout: 90_000 }));
    const controller = new AbortController();
    const call = failure(chat(stage.client, {}, { signal: controller.signal }));
    await vi.waitFor(() => expect(stage.events.of('call-waiting')).toHaveLength(1));
    controller.abort();
    await call;
    expect(told.tree('error.type')).toEqual(['route gpt-5 APIUserAbortError', '  chat gpt-5 429']);
  });

  it('a timeout', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: ['black-hole'] },
      observed({ clock, timeout: 1_000, maxRetries: 0, rescue: false }),
    );
    const call = failure(chat(stage.client));
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(1_000);
    await call;
    expect(told.tree('error.type')).toEqual(['route gpt-5 timed-out', '  chat gpt-5 timed-out']);
  });

  it('a hedge: both attempts, the loser without an error', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [...QUICK, 'black-hole'], b: [] }, observed({ clock, hedge: {} }));
    for (let call = 0; call < 20; call++) await chat(stage.client);
    const call = chat(stage.client);
    const answered = call.then(() => undefined);
    await stage.servers.a.until(({ calls }) => calls === 21);
    await clock.advance(50);
    await answered;
    expect(route().attributes['server.port']).toBe(Number(new URL(stage.servers.b.url).port));
    expect(told.tree(ENDPOINT, VERDICT, 'load_balancer.beside', 'error.type').slice(-3)).toEqual([
      'route gpt-5 b',
      '  chat gpt-5 a abandoned',
      '  chat gpt-5 b ok hedge',
    ]);
    const [, ...others] = told.spans('chat').slice(-2);
    for (const span of others) expect(span.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('a rescue', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: ['black-hole'], b: [] }, observed({ clock, timeout: 60_000 }));
    const call = chat(stage.client);
    const answered = call.then(() => undefined);
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(30_000);
    await answered;
    expect(told.tree(ENDPOINT, 'load_balancer.beside')).toEqual([
      'route gpt-5 b',
      '  chat gpt-5 a',
      '  chat gpt-5 b rescue',
    ]);
  });

  it('a wait for the end of a cooldown', async () => {
    const clock = manualClock();
    const pause = { status: 429, retryAfter: 5 };
    await using stage = await openStage({ a: [pause, 'ok'] }, observed({ clock }));
    const answered = chat(stage.client).then(() => undefined);
    await stage.events.until('call-waiting');
    await clock.advance(5_000);
    await answered;
    expect(told.tree('error.type')).toEqual(['route gpt-5', '  chat gpt-5 429', '  chat gpt-5']);
    expect(events(route())).toEqual(expect.arrayContaining(['cooldown', 'wait']));
    expect(route().attributes['load_balancer.waits']).toBe(1);
    expect(await told.rows('load_balancer.cooldowns')).toMatchObject([{ value: 1, attributes: { [ENDPOINT]: 'a' } }]);
    expect(await told.rows('load_balancer.waits')).toMatchObject([{ value: 1 }]);
  });

  it('a call that nobody can take', async () => {
    await using stage = await openStage({ a: { script: [], models: ['other'] } }, observed());
    await failure(chat(stage.client));
    expect(told.tree('error.type')).toEqual(['route gpt-5 NoEndpointAvailableError']);
  });

  it('an ejected endpoint', async () => {
    const breaker = { consecutiveFailures: 2 };
    await using stage = await openStage({ a: { repeat: [500] }, b: [] }, observed({ breaker }));
    for (let call = 0; call < 3; call++) await chat(stage.client);
    expect(told.spans('route').flatMap((span) => events(span))).toContain('ejected');
    expect(await told.rows('load_balancer.ejections')).toMatchObject([{ value: 1, attributes: { [ENDPOINT]: 'a' } }]);
    const open = (await told.rows('load_balancer.endpoint.breaker')).filter(({ value }) => value === 1);
    expect(open.map(({ attributes }) => `${attributes[ENDPOINT]} ${attributes['load_balancer.state']}`)).toEqual([
      'a open',
      'b closed',
    ]);
  });

  it('the look-up of an id that nobody is known to have', async () => {
    await using stage = await openStage({ a: [404], b: [] }, observed());
    await stage.client.responses.retrieve('resp_unknown').catch(() => undefined);
    expect(
      told
        .spans('chat')
        .map(({ attributes }) => attributes[ENDPOINT])
        .sort(),
    ).toEqual(['a', 'b']);
    for (const span of told.spans('chat')) expect(span.attributes['load_balancer.beside']).toBe('lookup');
  });

  it('a list that all endpoints give together: one for each of them', async () => {
    await using stage = await openStage({ a: [], b: [] }, observed());
    await stage.client.files.list();
    expect(told.tree(ENDPOINT).sort()).toEqual(['  files a', '  files b', 'route files a', 'route files b']);
  });

  it('another model in the place of one that nobody serves', async () => {
    await using stage = await openStage(
      { a: { script: [], models: ['gpt-5-mini'] } },
      observed({ fallbacks: { 'gpt-5': ['gpt-5-mini'] } }),
    );
    await chat(stage.client);
    expect(told.tree('gen_ai.request.model')).toEqual(['route gpt-5 gpt-5', '  chat gpt-5-mini gpt-5-mini']);
    expect(events(route())).toEqual(['fallback', 'decision']);
  });

  it('embeddings', async () => {
    await using stage = await openStage({ a: [] }, observed());
    await stage.client.embeddings.create({ model: 'text-embedding-3-small', input: 'x' });
    expect(told.tree('gen_ai.operation.name')).toEqual([
      'route text-embedding-3-small embeddings',
      '  embeddings text-embedding-3-small embeddings',
    ]);
  });

  it('responses', async () => {
    await using stage = await openStage({ a: { script: [], modelMap: { 'gpt-5': 'own' } } }, observed());
    await stage.client.responses.create({ model: 'gpt-5', input: 'x' });
    expect(told.tree('gen_ai.operation.name')).toEqual(['route gpt-5 chat', '  chat own chat']);
    expect(told.spans('chat')[0]?.attributes['gen_ai.usage.input_tokens']).toEqual(expect.any(Number));
  });

  it('an answer that names its model otherwise than it was asked, plain or streamed', async () => {
    const dated = 'gpt-5-2025-08-07';
    const chunk = { id: 'c', object: 'chat.completion.chunk', model: dated };
    const said = [{ ...chunk, choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop' }] }];
    const answer = {
      id: 'resp_1',
      object: 'response',
      status: 'completed',
      output: [{ type: 'message', content: [] }],
    };
    await using stage = await openStage(
      { a: [{ stream: said }, { status: 200, body: { ...answer, model: dated } }] },
      observed(),
    );
    await read(await chatStream(stage.client));
    await stage.client.responses.create({ model: 'gpt-5', input: 'x' });
    const models = told.spans('chat').map(({ attributes }) => attributes['gen_ai.response.model']);
    expect(models).toEqual([dated, dated]);
  });

  it('an answer that calls its model what no name is, or by a key: not told', async () => {
    let key = '';
    const body = (model: string) => ({
      ...{ id: 'c', object: 'chat.completion', model },
      choices: [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }],
    });
    const bad = [() => key, () => 'the prompt, once more', () => 'x'.repeat(200)];
    let asked = 0;
    await using stage = await openStage({ a: () => ({ status: 200, body: body(bad[asked++]!()) }) }, observed());
    key = stage.keys.a;
    for (const _ of bad) await chat(stage.client);
    expect(told.spans('chat')).toHaveLength(3);
    for (const { attributes } of told.spans('chat')) expect(attributes).not.toHaveProperty('gen_ai.response.model');
  });

  it('an upload', async () => {
    await using stage = await openStage({ a: [] }, observed());
    await stage.client.files.create({ file: await toFile(Buffer.from('{}'), 'x.jsonl'), purpose: 'batch' });
    expect(told.tree(VERDICT)).toEqual(['route files', '  files ok']);
  });

  it('a client that was taken for a socket: as long as it is held', async () => {
    await using stage = await openStage({ a: [] }, observed());
    const taken = await stage.client.balancer.take({ model: 'gpt-realtime' });
    expect(told.spans()).toEqual([]);
    taken.release();
    expect(told.tree(ENDPOINT)).toEqual(['route gpt-realtime a', expect.stringMatching(/^ {2}\w+ gpt-realtime a$/)]);
  });

  it('a call through `balancer.fetch`, and one whose response is taken raw', async () => {
    await using stage = await openStage({ a: [] }, observed());
    const body = JSON.stringify({ model: 'gpt-5', messages: [] });
    const headers = { 'content-type': 'application/json' };
    await (
      await stage.client.balancer.fetch(`${stage.servers.a.url}/chat/completions`, { method: 'POST', body, headers })
    ).json();
    await (await chat(stage.client).asResponse()).text();
    expect(told.tree(VERDICT)).toEqual(['route gpt-5', '  chat gpt-5 ok', 'route gpt-5', '  chat gpt-5 ok']);
  });
});

it('the decisions of a call are events of its span', () => {
  const observer = openTelemetry();
  const call = { callId: 'call-of-decisions', at: 0, operation: 'chat', model: 'gpt-5', stream: false } as const;
  observer({ type: 'call-start', ...call });
  const decisions = [
    {
      ...{ ms: 0, eligible: ['a', 'b'], excluded: [{ endpoint: 'c', reason: 'cooling down (429)' }], picked: 'a' },
      ...{ reason: 'round-robin', budget: 3 },
    },
    { ms: 5, eligible: [], excluded: [], picked: undefined, waitMs: 400, reason: 'backoff', model: 'gpt-5-mini' },
  ];
  observer({
    type: 'call-end',
    ...call,
    ok: true,
    ms: 9,
    firstMs: undefined,
    error: undefined,
    attempts: [],
    decisions,
  } as never);
  expect(route().events.map(({ name, attributes }) => [name, attributes])).toEqual([
    [
      'decision',
      {
        'load_balancer.ms': 0,
        'load_balancer.endpoint': 'a',
        'load_balancer.reason': 'round-robin',
        'load_balancer.eligible': ['a', 'b'],
        'load_balancer.excluded': ['c: cooling down (429)'],
        'load_balancer.budget': 3,
      },
    ],
    ['decision', expect.objectContaining({ 'load_balancer.waited_ms': 400, 'load_balancer.model': 'gpt-5-mini' })],
  ]);
});

describe('the context', () => {
  const tracer = () => trace.getTracer('app');
  const bring = (stage: { servers: { a: { url: string } }; keys: { a: string } }) =>
    new OpenAI({ baseURL: stage.servers.a.url, apiKey: stage.keys.a });

  it('of the caller is the parent, also after waits and failovers', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [503, { status: 429, retryAfter: 5 }, 'ok'] }, observed({ clock }));
    const answered = tracer().startActiveSpan('app', async (span) => {
      await chat(stage.client);
      span.end();
    });
    await stage.events.until('call-waiting');
    await clock.advance(600);
    await expect.poll(() => stage.events.of('call-waiting')).toHaveLength(2);
    await clock.advance(5_000);
    await answered;
    expect(told.tree()).toEqual(['app', '  route gpt-5', ...Array(3).fill('    chat gpt-5')]);
  });

  it('of an attempt is active while it is sent, and goes along as traceparent; baggage does not', async () => {
    const active: unknown[] = [];
    await using stage = await openStage({ a: [503], b: [] }, observed());
    const fetch: typeof globalThis.fetch = (...args) => {
      active.push(trace.getActiveSpan()?.spanContext().spanId);
      return globalThis.fetch(...args);
    };
    const baggage = propagation.createBaggage({ user: { value: 'u1' } });
    const around = propagation.setBaggage(context.active(), baggage);
    await context.with(around, () => chat(stage.client.withOptions({ fetch })));
    const spans = told.spans('chat');
    expect(active).toEqual(spans.map((span) => span.spanContext().spanId));
    const sent = [stage.servers.a.requests[0], stage.servers.b.requests[0]].map((request) => request?.headers);
    for (const [index, span] of spans.entries()) {
      const { traceId, spanId } = span.spanContext();
      expect(sent[index]).toMatchObject({ traceparent: `00-${traceId}-${spanId}-01` });
      expect(sent[index]).not.toHaveProperty('baggage');
    }
  });

  it.each(['standard', 'fast'] as const)(
    'goes along over the %s transport, for streams and to brought clients',
    async (transport) => {
      await using stage = await openStage({ a: [] }, observed({ transport }));
      await chat(stage.client);
      await chat(stage.client);
      await chat(stage.client);
      await read(await chatStream(stage.client));
      const client = new (stage.client.constructor as typeof import('../../src/index.ts').LoadBalancedOpenAI)(
        [{ name: 'brought', client: bring(stage) }],
        observed(),
      );
      await chat(client);
      await client.close();
      const parents = stage.servers.a.requests.map(({ headers }) => String(headers.traceparent).split('-')[2]);
      expect(parents).toEqual(told.spans('chat').map((span) => span.spanContext().spanId));
    },
  );

  it('never takes the place of what the caller set', async () => {
    await using stage = await openStage({ a: [] }, observed());
    const own = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await chat(stage.client, {}, { headers: { Traceparent: own } });
    const client = new (stage.client.constructor as typeof import('../../src/index.ts').LoadBalancedOpenAI)(
      [{ name: 'brought', client: bring(stage) }],
      observed(),
    );
    await chat(client, {}, { headers: { Traceparent: own } });
    await client.close();
    expect(stage.servers.a.requests.map(({ headers }) => headers.traceparent)).toEqual([own, own]);
  });

  it('goes along with its baggage if asked for, and not at all if that is asked for', async () => {
    await using stage = await openStage({ a: [] }, { observers: [openTelemetry({ propagate: 'all' })] });
    const baggage = propagation.createBaggage({ user: { value: 'u1' } });
    await context.with(propagation.setBaggage(context.active(), baggage), () => chat(stage.client));
    expect(stage.servers.a.requests[0]?.headers).toMatchObject({ traceparent: expect.any(String), baggage: 'user=u1' });
    await using silent = await openStage({ a: [] }, { observers: [openTelemetry({ propagate: false })] });
    await chat(silent.client);
    expect(silent.servers.a.requests[0]?.headers).not.toHaveProperty('traceparent');
  });

  it.each(['standard', 'fast'] as const)(
    'is left to an instrumentation of undici, below the attempt, over the %s transport',
    async (transport) => {
      await using stage = await openStage({ a: [503], b: [] }, observed({ transport }));
      // As @opentelemetry/instrumentation-undici does: a span below the active one, and its place written into the headers.
      const instrument = (message: unknown) => {
        const { request } = message as { request: { addHeader(name: string, value: string): void } };
        const span = tracer().startSpan('POST', { kind: SpanKind.CLIENT });
        const headers: Record<string, string> = {};
        propagation.inject(trace.setSpan(context.active(), span), headers);
        for (const [name, value] of Object.entries(headers)) request.addHeader(name, value);
        span.end();
      };
      subscribe('undici:request:create', instrument);
      try {
        await chat(stage.client);
      } finally {
        unsubscribe('undici:request:create', instrument);
      }
      expect(told.tree()).toEqual([
        'route gpt-5',
        ...['    POST', '    POST'].flatMap((post) => ['  chat gpt-5', post]),
      ]);
      const sent = [stage.servers.a, stage.servers.b].map(({ requests }) => requests[0]?.headers.traceparent);
      expect(sent.map((each) => String(each).split('-')[2])).toEqual(
        told.spans('POST').map((span) => span.spanContext().spanId),
      );
    },
  );

  it('keeps tokens out of the attempt where another tracer tells of the call, whose span is the parent', async () => {
    await using stage = await openStage({ a: [] }, observed());
    const attributes = { 'gen_ai.system': 'openai' };
    await tracer().startActiveSpan('chat gpt-5 by another', { attributes }, async (span) => {
      await chat(stage.client);
      span.end();
    });
    expect(told.tree()).toEqual(['chat gpt-5 by another', '  route gpt-5', '    chat gpt-5']);
    for (const span of told.spans()) expect(span.attributes).not.toHaveProperty('gen_ai.usage.input_tokens');
  });
});

it('nothing that is told outside holds an id, a prompt or a key', async () => {
  const logged: string[] = [];
  // The SDK's own lines show what it sends.
  const write = (...words: unknown[]) =>
    void (String(words[0]).startsWith('[load-bal') && logged.push(JSON.stringify(words)));
  const logger = { error: write, warn: write, info: write, debug: write };
  await using stage = await openStage(
    { a: [404, 'ok', 400, 500], b: [404, 'ok', 500] },
    observed({ logger, logLevel: 'debug', maxRetries: 0 }),
  );
  const page = prometheus(stage.client);
  const [id, prompt] = ['resp_0123secret', 'the words of the prompt'];
  const names: string[] = [];
  for (const name of ['*', 'affinity-missed'] as const) stage.client.balancer.on(name, ({ type }) => names.push(type));
  const { responses } = stage.client;
  await responses.retrieve(id).catch(() => undefined);
  await responses.create({ model: 'gpt-5', input: prompt, previous_response_id: id }).catch(() => undefined);
  for (let i = 0; i < 3; i++)
    await failure(chat(stage.client, { messages: [{ role: 'user', content: prompt }] })).catch(() => undefined);
  expect(names).toContain('affinity-missed');
  const spans = told.spans().map(({ name, attributes, events: noted }) => ({ name, attributes, noted }));
  expect(spans.flatMap(({ noted }) => noted.map(({ name }) => name))).toContain('affinity missed');
  const rows = await Promise.all((await told.names()).map((name) => told.rows(name)));
  const all = JSON.stringify([spans, rows, page.text(), logged, stage.client.balancer.snapshot()]);
  page.close();
  for (const secret of [id, prompt, ...Object.values(stage.keys)]) expect(all).not.toContain(secret);
});
