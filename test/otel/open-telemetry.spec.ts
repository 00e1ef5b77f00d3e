// What is told to whom: metrics and their bounds, an SDK that comes late, goes, or never comes, and what cannot be asked for.
import { createNoopMeter, metrics, propagation, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError, LoadBalancedOpenAI } from '../../src/index.ts';
import { type OpenTelemetryOptions, openTelemetry } from '../../src/otel/index.ts';
import { withinIncoming } from '../../src/otel/within-incoming.ts';
import { manualClock } from '../../src/testing/index.ts';
import { chat, failure } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';
import { type Collector, collector } from './collector.ts';

let told: Collector | undefined;
afterEach(async () => {
  await told?.[Symbol.asyncDispose]();
  told = undefined;
});

const DURATION = 'gen_ai.client.operation.duration';
const MODEL = 'gen_ai.request.model';
const ENDPOINT = 'load_balancer.endpoint';

describe('metrics', () => {
  it('by their names, with the buckets that are recommended', async () => {
    told = collector();
    const clock = manualClock();
    const limits = { requestsPerMinute: 10 };
    await using stage = await openStage(
      { a: { script: [503], limits }, b: [] },
      { observers: [openTelemetry({ pool: 'main' })], clock },
    );
    await chat(stage.client);
    expect((await told.names()).sort()).toEqual([
      DURATION,
      'gen_ai.client.token.usage',
      'load_balancer.attempts',
      'load_balancer.endpoint.breaker',
      'load_balancer.endpoint.headroom',
      'load_balancer.endpoint.in_flight',
      'load_balancer.failovers',
      'load_balancer.retry_budget',
      'load_balancer.waiting',
    ]);
    const [duration] = await told.rows(DURATION);
    expect(duration).toMatchObject({ count: 1, attributes: { 'load_balancer.pool': 'main', [MODEL]: 'gpt-5' } });
    expect(duration?.bounds?.slice(0, 3)).toEqual([0.01, 0.02, 0.04]);
    const tokens = await told.rows('gen_ai.client.token.usage');
    expect(tokens.map(({ attributes }) => attributes['gen_ai.token.type'])).toEqual(['input', 'output']);
    expect(tokens[0]?.bounds?.at(-1)).toBe(67_108_864);
    expect(await told.rows('load_balancer.attempts')).toMatchObject([
      { value: 1, attributes: { [ENDPOINT]: 'a', 'load_balancer.verdict': 'overloaded' } },
      { value: 1, attributes: { [ENDPOINT]: 'b', 'load_balancer.verdict': 'ok' } },
    ]);
    expect(await told.rows('load_balancer.endpoint.headroom')).toMatchObject([
      { value: 0.9, attributes: { [ENDPOINT]: 'a', 'load_balancer.model': 'gpt-5' } },
    ]);
    expect(await told.rows('load_balancer.waiting')).toMatchObject([{ value: 0 }]);
  });

  it('of pools that are closed come to rest', async () => {
    told = collector();
    const observer = openTelemetry();
    const breaker = { consecutiveFailures: 1 };
    await using stage = await openStage({ a: [] }, { observers: [observer] });
    await using other = await openStage({ b: [500] }, { observers: [observer], breaker, maxRetries: 0 });
    await failure(chat(other.client));
    const open = async () =>
      (await told?.rows('load_balancer.endpoint.breaker'))
        ?.filter(({ attributes, value }) => attributes['load_balancer.state'] === 'open' && value === 1)
        .map(({ attributes }) => attributes[ENDPOINT]);
    expect(await open()).toEqual(['b']);
    await other.client.close();
    expect(await open()).toEqual([]);
    expect(await open()).toEqual([]);
    await chat(stage.client);
  });

  it('of a cooldown count down to nothing', async () => {
    told = collector();
    const clock = manualClock();
    await using stage = await openStage(
      { a: [{ status: 429, retryAfter: 20 }], b: [] },
      { observers: [openTelemetry()], clock },
    );
    await chat(stage.client);
    const left = async () => (await told?.rows('load_balancer.endpoint.cooldown'))?.map(({ value }) => value);
    expect(await left()).toEqual([20]);
    await clock.advance(15_000);
    expect(await left()).toEqual([5]);
    await clock.advance(6_000);
    expect(await left()).toEqual([0]);
  });

  it('are few, however many models callers make up', async () => {
    told = collector();
    const observer = openTelemetry({ maxValues: 5 });
    const model404 = { status: 404, body: { error: { code: 'model_not_found', message: 'no such model' } } };
    await using stage = await openStage(
      {
        a: {
          script: ({ body }) => ((body as { model: string }).model.startsWith('made-up') ? model404 : 'ok'),
          limits: { requestsPerMinute: 10_000 },
        },
      },
      { observers: [observer], maxRetries: 0, breaker: false },
    );
    for (let call = 0; call < 30; call++) await failure(chat(stage.client, { model: `made-up-${call}` }));
    await chat(stage.client);
    const models = async () => new Set((await told?.rows(DURATION))?.map(({ attributes }) => attributes[MODEL]));
    // Who made up thirty has not kept out the one that exists.
    expect(await models()).toEqual(new Set(['_other', 'gpt-5']));
    for (const gauge of ['headroom', 'cooldown']) {
      const rows = (await told?.rows(`load_balancer.endpoint.${gauge}`)) ?? [];
      const own = rows.map(({ attributes }) => attributes['load_balancer.model']);
      expect(new Set(own)).toEqual(new Set(gauge === 'headroom' ? ['_other', 'gpt-5'] : ['_other']));
    }
    for (let call = 0; call < 30; call++) await chat(stage.client, { model: `good-${call}-${'x'.repeat(500)}` });
    expect((await models()).size).toBe(6);
    for (const model of await models()) expect(String(model).length).toBeLessThanOrEqual(128);
  });
});

describe('metrics', () => {
  const facts = { at: 1, endpoint: 'a', model: undefined };
  const cooled = (reason: string, more = {}) =>
    ({ type: 'endpoint-cooldown', ...facts, ms: 5, reason, ...more }) as const;
  const ejected = (reason: string, more = {}) =>
    ({ type: 'endpoint-ejected', ...facts, openMs: 5, reason, ...more }) as const;

  it('count what this process found out, and not what others told it', async () => {
    told = collector();
    const observer = openTelemetry();
    for (const more of [{}, { elsewhere: true }]) {
      observer(cooled('429', more));
      observer(ejected('server-error', more));
    }
    for (const [name, reason] of [
      ['cooldowns', '429'],
      ['ejections', 'server-error'],
    ])
      expect(await told.rows(`load_balancer.${name}`)).toMatchObject([
        { value: 1, attributes: { [ENDPOINT]: 'a', 'load_balancer.reason': reason } },
      ]);
  });

  it('are few, however many reasons a hook makes up', async () => {
    told = collector();
    const observer = openTelemetry();
    for (let made = 0; made < 200; made++) observer(cooled(`because of ${made}`));
    const rows = await told.rows('load_balancer.cooldowns');
    expect(rows.length).toBe(31);
    expect(rows.reduce((sum, { value }) => sum + value, 0)).toBe(200);
  });

  it('are few, however many servers there are', async () => {
    told = collector();
    const servers = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`e${index}`, ['ok'] as const]));
    await using stage = await openStage(servers, {
      observers: [openTelemetry({ maxValues: 5 })],
      strategy: 'round-robin',
    });
    for (let call = 0; call < 12; call++) await chat(stage.client);
    const rows = await told.rows(DURATION);
    const ports = new Set(rows.map(({ attributes }) => `${attributes['server.address']} ${attributes['server.port']}`));
    expect(ports.size).toBe(6);
    expect(rows.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(12);
  });
});

it('a call whose end nobody tells is let go by its spans too', () => {
  told = collector();
  const observer = openTelemetry({ metrics: false });
  const call = { at: 1, operation: 'chat', model: 'm', stream: false };
  for (let made = 0; made <= 100_000; made++) {
    observer({ type: 'call-start', ...call, callId: `c${made}` });
    if (made === 0)
      observer.sending(
        {
          ...{ callId: 'c0', attempt: 1, endpoint: 'a', type: 'openai', baseURL: '', model: 'm' },
          beside: undefined,
          headers: {},
        },
        () => undefined,
      );
  }
  expect(told.spans().map(({ name }) => name)).toEqual(['chat m', 'route m']);
});

it('a propagator that fails costs an incoming call nothing but its place in the trace', () => {
  const fails = () => {
    throw new Error('the propagator');
  };
  told = collector();
  propagation.disable();
  propagation.setGlobalPropagator({ fields: () => ['traceparent'], inject: fails, extract: fails });
  const headers = { traceparent: 'x' };
  expect(withinIncoming(headers, () => 'done')).toBe('done');
  const work = () => {
    throw new TypeError('the work');
  };
  expect(() => withinIncoming(headers, work)).toThrow('the work');
});

describe('an SDK', () => {
  it('that is registered after the client was made is used from then on; one that is taken away is not', async () => {
    await using stage = await openStage({ a: [] }, { observers: [openTelemetry()] });
    await chat(stage.client);
    told = collector();
    await chat(stage.client);
    expect(told.tree()).toEqual(['route gpt-5', '  chat gpt-5']);
    expect(await told.rows(DURATION)).toMatchObject([{ count: 1 }]);
    expect(await told.rows('load_balancer.waiting')).toHaveLength(1);
    told.unregister();
    await chat(stage.client);
    expect(told.spans()).toHaveLength(2);
  });

  it('that is registered while a call runs hears of the next one', async () => {
    await using stage = await openStage({ a: [{ stream: 3 }] }, { observers: [openTelemetry()] });
    const stream = await stage.client.chat.completions.create({ model: 'gpt-5', messages: [], stream: true });
    told = collector();
    for await (const _ of stream);
    expect(told.spans()).toEqual([]);
    await chat(stage.client);
    expect(told.tree()).toEqual(['route gpt-5', '  chat gpt-5']);
  });

  it('may be given, for spans or metrics alone', async () => {
    told = collector();
    const [tracerProvider, meterProvider] = [trace.getTracerProvider(), metrics.getMeterProvider()];
    const { unregister } = told;
    const only = (options: OpenTelemetryOptions) => ({
      observers: [openTelemetry({ tracerProvider, meterProvider, ...options })],
    });
    await using stage = await openStage({ a: [] }, only({ metrics: false }));
    await chat(stage.client);
    await using other = await openStage({ a: [] }, only({ traces: false }));
    expect(await told.names()).not.toContain(DURATION);
    await chat(other.client);
    expect(told.spans()).toHaveLength(2);
    expect(await told.rows(DURATION)).toMatchObject([{ count: 1 }]);
    unregister();
  });

  it('is not there: nothing is kept and nothing goes along', async () => {
    await using stage = await openStage({ a: [] }, { observers: [openTelemetry()] });
    await chat(stage.client);
    expect(metrics.getMeterProvider().getMeter('x')).toBe(createNoopMeter());
    expect(stage.servers.a.requests[0]?.headers).not.toHaveProperty('traceparent');
  });

  it('that fails hurts no call', async () => {
    const broken = () => {
      throw new Error('the SDK');
    };
    const observer = openTelemetry({
      tracerProvider: { getTracer: () => ({ startSpan: broken, startActiveSpan: broken }) },
    });
    await using stage = await openStage({ a: [503], b: [] }, { observers: [observer] });
    await chat(stage.client);
    expect(stage.events.of('call-end')).toMatchObject([{ ok: true }]);
    expect(stage.servers.b.calls).toBe(1);
  });
});

describe('options', () => {
  const refused = (options: unknown) => {
    try {
      openTelemetry(options as OpenTelemetryOptions);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigurationError);
      return (error as Error).message;
    }
    return undefined;
  };

  it.each<[unknown, string]>([
    [{ spans: true }, "unknown option 'spans'; known are pool, propagate, traces, metrics, maxValues"],
    [{ propagate: 'yes' }, "propagate must be 'trace', 'all' or false"],
    [{ propagate: true }, "propagate must be 'trace', 'all' or false"],
    [{ pool: '' }, 'pool must be a text'],
    [{ maxValues: 0 }, 'maxValues must be a whole number from 1'],
    [{ traces: 'no' }, 'traces must be true or false'],
    [{ metrics: 1 }, 'metrics must be true or false'],
    [{ tracerProvider: {} }, 'tracerProvider must be an object with getTracer()'],
    [{ meterProvider: trace }, 'meterProvider must be an object with getMeter()'],
    [null, 'takes an object of options'],
    [new LoadBalancedOpenAI([{ apiKey: 'x' }]), 'observers: [openTelemetry()]'],
  ])('%# are refused with what would be right: %s', (options, message) => {
    expect(refused(options)).toContain(message);
  });

  it('that are not given are the defaults', () => {
    expect(refused(undefined)).toBeUndefined();
    expect(refused({})).toBeUndefined();
    expect(refused({ pool: undefined, maxValues: undefined })).toBeUndefined();
  });
});

describe('the factory in the place of its observer', () => {
  beforeEach(() => {
    told = collector();
  });

  it('is named by whoever reads the log', async () => {
    const lines: string[] = [];
    const logger = {
      error: (line: string) => lines.push(line),
      warn: (line: string) => lines.push(line),
      info() {},
      debug() {},
    };
    await using stage = await openStage({ a: [] }, { observers: [openTelemetry as never], logger, logLevel: 'warn' });
    await chat(stage.client);
    expect(lines.join('\n')).toContain('openTelemetry(): was given as it is; call it: `observers: [openTelemetry()]`.');
  });
});
