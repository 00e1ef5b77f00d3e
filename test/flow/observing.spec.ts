// The promise: whoever looks can tell what happened to each call and how the pool is; and nobody who looks can hurt a call.
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { attemptsOf, type BalancerEvent, explain, LoadBalancedOpenAI, type StrategyOption } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { chat, chatStream, failure, many, read, servedBy } from '../support/calls.ts';
import { runChild } from '../support/child.ts';
import { openStage } from '../support/stage.ts';

/** A logger that keeps what it is told, and a client's option for it. */
function notebook(logLevel: 'debug' | 'info' | 'warn' | 'error' | 'off') {
  const lines: string[] = [];
  const at = (level: string) => (message: string) => {
    if (message.startsWith('[load-balanced-openai]'))
      lines.push(`${level} ${message.replace('[load-balanced-openai] ', '')}`);
  };
  const logger = { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
  return {
    lines,
    options: { logger, logLevel },
    of: (level: string) => lines.filter((line) => line.startsWith(level)),
  };
}

describe('events', () => {
  it('of a failover, in order, with one callId, and their facts', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [503], b: [] }, { clock });
    await chat(stage.client);
    const { all } = stage.events;
    expect(stage.events.names()).toEqual([
      'call-start',
      'attempt-start',
      'attempt-end',
      'failover-start',
      'attempt-start',
      'attempt-end',
      'call-end',
    ]);
    expect(new Set(all.map((event) => 'callId' in event && event.callId)).size).toBe(1);
    for (const { at } of all) expect(at).toBe(clock.date());
    expect(all).toMatchObject([
      { operation: 'chat', model: 'gpt-5', stream: false },
      { endpoint: 'a', model: 'gpt-5', attempt: 1 },
      { endpoint: 'a', model: 'gpt-5', verdict: 'overloaded', status: 503 },
      { endpoint: 'b', from: 'a', verdict: 'overloaded' },
      { endpoint: 'b', model: 'gpt-5', attempt: 2 },
      { endpoint: 'b', model: 'gpt-5', verdict: 'ok', status: 200 },
      { operation: 'chat', model: 'gpt-5', stream: false, ok: true, attempts: [{ endpoint: 'a' }, { endpoint: 'b' }] },
    ]);
  });

  it('are for whoever hears them to keep and to change: nobody else sees that', async () => {
    await using stage = await openStage({ a: [503], b: [] });
    stage.client.balancer.on('call-end', ({ attempts }) => {
      for (const each of attempts) each.endpoint = 'changed';
    });
    const answer = await chat(stage.client);
    expect(attemptsOf(answer).map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
  });

  it('each call begins once and ends once, whatever becomes of it', async () => {
    await using stage = await openStage(
      { a: { repeat: [500, 'reset', 'html', 400, 'ok', { stream: 4, cutAfter: 2 }] }, b: { repeat: [429, 'ok'] } },
      { strategy: 'round-robin', maxRetries: 0, breaker: false },
    );
    await many(120, 8, async (index) => {
      if (index % 2) return chat(stage.client);
      const stream = await chatStream(stage.client);
      if (index % 4) return read(stream);
      for await (const _ of stream) break;
      return undefined;
    });
    const ids = (name: 'call-start' | 'call-end') => stage.events.of(name).map(({ callId }) => callId);
    expect(ids('call-start')).toHaveLength(120);
    expect(new Set(ids('call-start')).size).toBe(120);
    expect(ids('call-end').sort()).toEqual(ids('call-start').sort());
    // And so does each attempt.
    expect(stage.events.of('attempt-end')).toHaveLength(stage.events.of('attempt-start').length);
    for (const { attempts } of stage.events.of('call-end'))
      for (const { verdict } of attempts) expect(verdict).not.toBe('pending');
  });

  it('of a stream: the call ends with the stream', async () => {
    await using stage = await openStage({ a: [{ stream: 3 }] });
    const stream = await chatStream(stage.client);
    expect(stage.events.names()).toEqual(['call-start', 'attempt-start']);
    await read(stream);
    expect(stage.events.names()).toEqual(['call-start', 'attempt-start', 'attempt-end', 'call-end']);
  });

  it('of a stream say when its first content came, from the start of the attempt and of the call', async () => {
    await using stage = await openStage({ a: [{ status: 503, delay: 40 }], b: [{ stream: 3, gap: 30 }] });
    await read(await chatStream(stage.client));
    await chat(stage.client);
    const [end, plain] = stage.events.of('call-end');
    expect(end).toMatchObject({ operation: 'chat', model: 'gpt-5', stream: true, ok: true });
    expect(plain).toMatchObject({ stream: false, firstMs: undefined });
    const [failed, served, other] = stage.events.of('attempt-end');
    expect([failed?.firstMs, other?.firstMs]).toEqual([undefined, undefined]);
    expect(served?.firstMs).toBeLessThanOrEqual((served?.ms ?? 0) - 25);
    expect(end?.firstMs).toBeGreaterThanOrEqual((served?.firstMs ?? Number.NaN) + 35);
    expect(end?.firstMs).toBeLessThanOrEqual((end?.ms ?? 0) - 25);
  });

  it('on, off, by name and for all; observers from the start; clones tell the same', async () => {
    const observed: BalancerEvent[] = [];
    await using stage = await openStage({ a: [] }, { observers: [(event) => observed.push(event)] });
    const heard: string[] = [];
    const listener = ({ type }: BalancerEvent) => heard.push(type);
    const { balancer } = stage.client;
    expect(balancer.on('call-end', listener)).toBe(balancer);
    balancer.on('call-end', listener).on('attempt-start', listener);
    await chat(stage.client.withOptions({ timeout: 5_000 }));
    expect(heard).toEqual(['attempt-start', 'call-end']);
    balancer.off('call-end', listener).off('attempt-start', listener).off('call-start', listener);
    await chat(stage.client);
    expect(heard).toHaveLength(2);
    expect(observed).toHaveLength(8);
  });
});

describe('attemptsOf and explain', () => {
  it('tell the story by the promise, the result, the stream, the response, the page and the error', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: { repeat: [{ status: 429, retryAfterMs: 1 }] }, b: [] }, { clock });
    const { client } = stage;
    const both = ['a', 'b'];
    const names = (thing: unknown) => attemptsOf(thing).map(({ endpoint }) => endpoint);
    const fresh = () => clock.advance(10);

    const promise = chat(client);
    expect(names(promise)).toEqual([]);
    const result = await promise;
    expect(names(promise)).toEqual(both);
    expect(names(result)).toEqual(both);
    await fresh();
    const stream = await chatStream(client);
    expect(names(stream)).toEqual(both);
    expect(attemptsOf(stream).at(-1)?.verdict).toBe('pending');
    await read(stream);
    expect(attemptsOf(stream).at(-1)?.verdict).toBe('ok');
    await fresh();
    const { data, response } = await chat(client).withResponse();
    expect([names(data), names(response)]).toEqual([both, both]);
    await fresh();
    expect(names(await chat(client).asResponse())).toEqual(both);
    await fresh();
    // A list asks everybody.
    const page = await client.withOptions({ maxRetries: 0 }).models.list();
    expect(names(page).sort()).toEqual(both);
    await fresh();
    expect(names(await client.responses.create({ model: 'gpt-5', input: 'x' }))).toEqual(both);
    await fresh();
    expect(
      names(await client.chat.completions.parse({ model: 'gpt-5', messages: [{ role: 'user', content: 'x' }] })),
    ).toEqual(both);
    await fresh();
    expect(names(await client.audio.speech.create({ model: 'gpt-5', voice: 'alloy', input: 'x' }))).toEqual(both);
    await fresh();
    stage.servers.b.script(400);
    const failed = chat(client);
    const error = await failure(failed);
    expect([names(error), names(failed)]).toEqual([both, both]);
  });

  it('say [] and nothing of everything else', () => {
    for (const thing of [
      undefined,
      null,
      0,
      'text',
      true,
      Symbol('s'),
      1n,
      {},
      [],
      () => 1,
      new Error('x'),
      new Response(''),
    ]) {
      expect(attemptsOf(thing)).toEqual([]);
      expect(explain(thing)).toBe('');
    }
  });

  it('say [] of a client without a pool', async () => {
    await using stage = await openStage({ a: [] });
    const client = new LoadBalancedOpenAI({ baseURL: stage.servers.a.url, apiKey: stage.keys.a });
    const answer = await chat(client);
    expect(servedBy(answer)).toBe('a');
    expect(attemptsOf(answer)).toEqual([]);
  });

  it('each attempt: endpoint, model, verdict, status, ms, usage, billed', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: { script: ['reset'], modelMap: { 'gpt-5': 'own' } }, b: [] }, { clock });
    const attempts = attemptsOf(await chat(stage.client));
    expect(attempts.map(({ decision }) => decision?.picked)).toEqual(['a', 'b']);
    expect(attempts.map(({ decision: _, ...report }) => report)).toEqual([
      { endpoint: 'a', model: 'own', verdict: 'connection-lost', status: undefined, ms: 0, billed: 'maybe' },
      {
        endpoint: 'b',
        model: 'gpt-5',
        verdict: 'ok',
        status: 200,
        ms: 0,
        billed: 'yes',
        usage: expect.objectContaining({ total_tokens: expect.any(Number) }),
      },
    ]);
    // Copies: nobody can change what others are told.
    const answer = await chat(stage.client);
    attemptsOf(answer)[0]!.endpoint = 'changed';
    expect(attemptsOf(answer)[0]?.endpoint).toBe('a');
  });

  it('the usage of a stream, if the server tells it', async () => {
    await using stage = await openStage({ a: [] });
    const stream = await chatStream(stage.client, { stream_options: { include_usage: true } });
    await read(stream);
    expect(attemptsOf(stream)[0]?.usage).toMatchObject({ total_tokens: expect.any(Number) });
  });

  it('in one line', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { 'azure-eu': [{ status: 429, retryAfter: 8 }], broken: [500], down: [], openai: [] },
      { clock, maxAttempts: 10 },
    );
    await stage.servers.down.refuse();
    const line = explain(await chat(stage.client));
    expect(line).toBe(
      'azure-eu 429 (retry in 8 s) → broken 500 server error in 0 ms → down connect failed in 0 ms → openai 200 in 0 ms',
    );
  });
});

describe('snapshot', () => {
  it('tells the whole state in plain data', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      {
        a: { script: [{ status: 429, retryAfter: 60 }], weight: 2, tags: ['eu'] },
        b: { script: [], type: 'azure' as const },
      },
      { clock, strategy: 'round-robin' },
    );
    while (stage.servers.a.calls === 0 || stage.servers.b.calls === 0) await chat(stage.client);
    const stream = await chatStream(stage.client);
    const snapshot = stage.client.balancer.snapshot();
    const unknown = { p50: null, p95: null };
    expect(snapshot).toEqual({
      strategy: 'round-robin',
      retryBudget: 100,
      hedges: { left: 4, sent: 0, won: 0 },
      waiting: 0,
      endpoints: [
        {
          ...{ name: 'a', type: 'openai', baseURL: stage.servers.a.url, weight: 2, priority: 0, tags: ['eu'] },
          ...{ breaker: 'closed', models: [], inFlight: 0, attempts: 1, successes: 0, failures: 0 },
          ...{
            excluded: null,
            cooldowns: [{ model: 'gpt-5', reason: '429', msLeft: 60_000 }],
            latency: { ...unknown, timeToFirstToken: unknown },
            headroom: [],
            drained: false,
          },
        },
        {
          ...{
            name: 'b',
            type: 'azure',
            baseURL: `${stage.servers.b.origin}/openai`,
            weight: 1,
            priority: 1,
            tags: [],
          },
          ...{ breaker: 'closed', models: [], inFlight: 1, attempts: 2, successes: 1, failures: 0 },
          ...{ excluded: null, cooldowns: [], headroom: [], drained: false },
          latency: { p50: 1, p95: 1, timeToFirstToken: unknown },
        },
      ],
    });
    // Safe to keep, to send and to change.
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
    snapshot.endpoints[0]!.tags.push('changed');
    snapshot.endpoints.length = 0;
    expect(stage.state('a').tags).toEqual(['eu']);
    await read(stream);
  });

  it('holds no secret, wherever one was written', async () => {
    await using stage = await openStage({ a: [] });
    const client = new LoadBalancedOpenAI([
      {
        baseURL: `http://user-canary:pass-canary@127.0.0.1:${stage.servers.a.port}/v1?code=query-canary`,
        // The one Node has refuses such an address.
        fetch: async () => Response.json({}),
        apiKey: 'key-canary',
        organization: 'org-canary',
        defaultHeaders: { 'x-auth': 'header-canary' },
        defaultQuery: { sig: 'query-canary' },
      },
    ]);
    const text = JSON.stringify(client.balancer.snapshot());
    expect(text).toContain('127.0.0.1');
    expect(text).not.toContain('canary');
    await client.close();
  });
});

describe('the log', () => {
  it('warns once for each transition, says when it is well again, and counts the rest', async () => {
    const clock = manualClock();
    const log = notebook('info');
    await using stage = await openStage({ a: Array(6).fill(500), b: [] }, { clock, ...log.options });
    for (let call = 0; call < 5; call++) await chat(stage.client);
    expect(log.lines).toEqual(['warn a is ejected after failures (gpt-5: server-error, for 5 s)']);
    await clock.advance(5_000);
    await chat(stage.client); // The probe fails: ejected again, within the minute.
    expect(log.of('warn')).toHaveLength(1);
    await clock.advance(10_000);
    await chat(stage.client);
    expect(log.lines.at(-1)).toBe('info a is restored');
    // Out again: a transition of its own. Slow start lets it have calls when it is pinned.
    stage.servers.a.script(500);
    for (let call = 0; call < 5; call++) await failure(chat(stage.client.balancer.pin('a'), {}, { maxRetries: 0 }));
    expect(log.of('warn')).toHaveLength(2);
    await clock.advance(60_000);
    await chat(stage.client);
    expect(log.lines.slice(-2).join()).toMatch(/more since the last line|failovers? since the last line/);
  });

  it('credentials, credit and redirects are worth a warning, rate limits are not', async () => {
    const log = notebook('warn');
    await using stage = await openStage(
      {
        a: 401,
        b: { status: 429, code: 'insufficient_quota' },
        c: { redirect: 'https://elsewhere.example/' },
        d: [{ status: 429, retryAfter: 9 }],
        e: [],
      },
      { ...log.options, maxAttempts: 10 },
    );
    await chat(stage.client);
    expect(log.lines).toEqual([
      'warn a refused its credentials; left out for 5 min',
      'warn b is out of credit; left out for 10 min',
      'warn c redirects elsewhere; nothing was sent there; left out for 5 min',
    ]);
    await many(20, 4, () => chat(stage.client));
    expect(log.lines).toHaveLength(3);
  });

  it('nobody left is worth one, with the reasons, and a count a minute later', async () => {
    const clock = manualClock();
    const log = notebook('warn');
    await using stage = await openStage(
      { a: { repeat: [{ status: 429, retryAfter: 600 }] } },
      { clock, ...log.options, maxRetries: 0 },
    );
    for (let call = 0; call < 10; call++) await failure(chat(stage.client));
    expect(log.lines).toEqual(['warn no endpoint can take calls: a cooling down (429)']);
    await clock.advance(60_000);
    await failure(chat(stage.client));
    expect(log.lines).toEqual([
      log.lines[0],
      'warn no endpoint can take calls: a cooling down (429) (8 more since the last line)',
    ]);
  });

  it('debug: each attempt; off: nothing; the level may be changed later', async () => {
    const log = notebook('off');
    await using stage = await openStage({ a: [500, 'ok', 500], b: [] }, log.options);
    await chat(stage.client);
    expect(log.lines).toEqual([]);
    stage.client.logLevel = 'debug';
    await chat(stage.client);
    expect(log.lines).toEqual([expect.stringMatching(/^debug a 200 in \d+ ms$/)]);
    stage.client.logLevel = 'error';
    await chat(stage.client);
    expect(log.lines).toHaveLength(1);
  });

  it('never a prompt, never a key', async () => {
    const lines: unknown[] = [];
    const say = (...args: unknown[]) => void lines.push(args);
    const logger = {
      error: say,
      warn: say,
      info: say,
      debug: (message: string) => message.startsWith('[load') && say(message),
    };
    await using stage = await openStage(
      { a: { repeat: [500, 401, 'html'] }, b: [] },
      { logger: logger as never, logLevel: 'debug' },
    );
    for (let call = 0; call < 10; call++)
      await chat(stage.client, { messages: [{ role: 'user', content: 'prompt-canary' }] });
    const text = JSON.stringify(lines);
    expect(lines.length).toBeGreaterThan(5);
    expect(text).not.toContain('prompt-canary');
    for (const key of Object.values(stage.keys)) expect(text).not.toContain(key);
  });
});

describe('nobody who looks or helps can hurt a call', () => {
  const boom = () => {
    throw new Error('boom');
  };
  const loggers = { error: boom, warn: boom, info: boom, debug: boom };

  it.each<[what: string, options: object]>([
    ['an observer that throws', { observers: [boom] }],
    ['an observer that rejects', { observers: [async () => boom()] }],
    ['a strategy that throws', { strategy: { pick: boom } }],
    ['a strategy that names a stranger', { strategy: { pick: () => ({ name: 'b' }) } }],
    ['a strategy that names nobody', { strategy: { pick: () => undefined } }],
    ['a strategy that gives a promise', { strategy: { pick: async (candidates: unknown[]) => candidates[0] } }],
    ['classify that throws', { classify: boom }],
    ['classify that returns nonsense', { classify: () => 42 }],
    ['an errorFilter that throws', { breaker: { errorFilter: boom } }],
    ['a logger that throws at warnings', { logger: loggers, logLevel: 'warn' }],
    ['a logger that throws', { logger: loggers, logLevel: 'debug' }],
    ['a logger that throws, and an observer that throws', { logger: loggers, logLevel: 'warn', observers: [boom] }],
  ])('%s', async (_, options) => {
    await using stage = await openStage({ a: { repeat: [500, 401, 'ok'] }, b: [] }, options);
    const off = stage.client.balancer.on('*', boom);
    off.on('call-start', boom).on('attempt-end', async () => boom());
    for (let call = 0; call < 8; call++) {
      await chat(stage.client);
      expect((await read(await chatStream(stage.client))).error).toBeUndefined();
    }
    expect(stage.state('b')).toMatchObject({ inFlight: 0, failures: 0 });
  });

  it('a listener that throws is reported once, and the others still hear', async () => {
    const log = notebook('warn');
    await using stage = await openStage({ a: [] }, log.options);
    const heard: string[] = [];
    stage.client.balancer.on('call-end', boom).on('call-end', ({ type }) => heard.push(type));
    for (let call = 0; call < 5; call++) await chat(stage.client);
    expect(heard).toHaveLength(5);
    expect(log.lines).toEqual(['warn an event listener threw: boom']);
  });

  it('a strategy that throws is reported, and the first candidate serves', async () => {
    const log = notebook('warn');
    await using stage = await openStage({ a: [], b: [] }, { ...log.options, strategy: { pick: boom } });
    for (let call = 0; call < 5; call++) expect(servedBy(await chat(stage.client))).toBe('a');
    expect(log.lines).toEqual(['warn the strategy threw: boom']);
  });

  it('classify has the last word when it does speak', async () => {
    const outcomes: string[] = [];
    await using stage = await openStage(
      { a: { repeat: [{ status: 400, code: 'flaky_vendor' }] }, b: [] },
      {
        classify(outcome, call) {
          outcomes.push(`${call.operation.name} ${outcome.is}`);
          if (outcome.is === 'error' && (outcome.error as { code?: string }).code === 'flaky_vendor')
            return { name: 'server-error', next: 'another', health: 'failure' };
          return undefined;
        },
      },
    );
    for (let call = 0; call < 5; call++) expect(servedBy(await chat(stage.client))).toBe('b');
    expect(stage.state('a')).toMatchObject({ breaker: 'open', failures: 5 });
    expect(outcomes.slice(0, 2)).toEqual(['chat error', 'chat reply']);
  });
});

describe('a strategy of one’s own', () => {
  it('is given the eligible endpoints and the call, and its word counts', async () => {
    const seen: unknown[] = [];
    const strategy: StrategyOption = {
      name: 'mine',
      pick(candidates, call) {
        const { note, ...facts } = call;
        expect(note).toBeTypeOf('object');
        seen.push({ names: candidates.map(({ name }) => name), ...facts });
        return candidates.at(-1)!;
      },
    };
    await using stage = await openStage({ a: [], b: { script: [], weight: 3, tags: ['t'] }, c: [503] }, { strategy });
    expect(servedBy(await chat(stage.client))).toBe('b');
    expect(seen).toEqual([
      { names: ['a', 'b', 'c'], operation: 'chat', model: 'gpt-5', stream: false },
      { names: ['a', 'b'], operation: 'chat', model: 'gpt-5', stream: false },
    ]);
    expect(stage.client.balancer.snapshot().strategy).toBe('mine');
  });

  it('gets the same array as long as nothing changes, so that it may keep facts about it', async () => {
    const arrays = new Set<unknown>();
    const strategy: StrategyOption = {
      pick(candidates) {
        arrays.add(candidates);
        return candidates[0]!;
      },
    };
    await using stage = await openStage({ a: [], b: [], c: [] }, { strategy });
    await many(50, 4, () => chat(stage.client));
    expect(arrays.size).toBe(1);
    await stage.client.balancer.drain('c');
    await many(50, 4, () => chat(stage.client));
    expect(arrays.size).toBe(2);
  });

  it('may look at load: the least busy', async () => {
    const strategy: StrategyOption = {
      pick: (candidates) => candidates.reduce((best, one) => (one.inFlight < best.inFlight ? one : best)),
    };
    await using stage = await openStage(
      { a: { step: 'ok', delay: 40 }, b: { step: 'ok', delay: 40 }, c: { step: 'ok', delay: 40 } },
      { strategy },
    );
    await Promise.all(Array.from({ length: 30 }, () => chat(stage.client)));
    for (const { calls } of Object.values(stage.servers)) expect(calls).toBe(10);
  });
});

describe('the pool at run time', () => {
  it('pin: there, and only there; retried there; never elsewhere', async () => {
    await using stage = await openStage({ a: [], b: [500, 'ok', 500, 500] }, { strategy: 'round-robin' });
    const pinned = stage.client.balancer.pin('b');
    expect(pinned).toBeInstanceOf(LoadBalancedOpenAI);
    expect(attemptsOf(await chat(pinned)).map(({ endpoint }) => endpoint)).toEqual(['b', 'b']);
    expect(await failure(chat(pinned, {}, { maxRetries: 0 }))).toMatchObject({ status: 500 });
    expect(stage.servers.a.calls).toBe(0);
    // What it is made of stays: options, clones, the pool.
    expect(await failure(chat(pinned.withOptions({ maxRetries: 0 })))).toMatchObject({ status: 500 });
    expect(stage.servers.a.calls).toBe(0);
    expect(stage.state('b').attempts).toBe(4);
    expect(() => stage.client.balancer.pin('c')).toThrow("There is no endpoint 'c': known are a, b.");
  });

  it('endpoint: the SDK client of one, with the SDK’s own retries, beside the pool', async () => {
    await using stage = await openStage({ a: [], b: [500, 'ok'] });
    const direct = stage.client.balancer.endpoint('b');
    expect(direct).toBeInstanceOf(OpenAI);
    expect(direct).not.toBeInstanceOf(LoadBalancedOpenAI);
    expect(direct.baseURL).toBe(stage.servers.b.url);
    await direct.chat.completions.create({ model: 'gpt-5', messages: [] });
    expect(stage.servers.b.calls).toBe(2);
    expect(stage.state('b').attempts).toBe(0);
    expect(() => stage.client.balancer.endpoint('c')).toThrow('known are a, b');
  });

  it('add: used at once, by every clone', async () => {
    await using stage = await openStage({ a: 503, spare: [] }, { strategy: 'priority' });
    const clone = stage.client.withOptions({ timeout: 9_000 });
    await stage.client.balancer.drain('spare');
    const options = { baseURL: stage.servers.spare.url, apiKey: stage.keys.spare };
    expect(stage.client.balancer.add({ name: 'late', ...options })).toBe('late');
    expect(stage.client.balancer.add({ ...options, models: ['other'] })).toMatch(/^openai-\d+$/);
    expect(attemptsOf(await chat(clone)).map(({ endpoint }) => endpoint)).toEqual(['a', 'late']);
    expect(stage.events.of('endpoint-added')).toMatchObject([{ endpoint: 'late' }, {}]);
    expect(() => stage.client.balancer.add({ name: 'late', ...options })).toThrow('"late" is taken');
    expect(() => stage.client.balancer.add({ baseURL: 'nonsense', apiKey: 'k' })).toThrow('baseURL');
    expect(stage.client.balancer.snapshot().endpoints).toHaveLength(4);
  });

  it('drain: no new calls, the running ones to their end', async () => {
    await using stage = await openStage({ a: [{ stream: 5, gap: 10 }], b: [] });
    const stream = await chatStream(stage.client);
    let drained = false;
    const draining = stage.client.balancer.drain('a').then(() => {
      drained = true;
    });
    expect(stage.state('a')).toMatchObject({ drained: true, excluded: 'drained', inFlight: 1 });
    expect(servedBy(await chat(stage.client))).toBe('b');
    expect(drained).toBe(false);
    expect((await read(stream)).text).toBe('a-0 a-1 a-2 a-3 a-4 ');
    await draining;
    expect(stage.events.of('endpoint-drained')).toMatchObject([{ endpoint: 'a' }]);
    await stage.client.balancer.drain('a');
    await expect(stage.client.balancer.drain('c')).rejects.toThrow("There is no endpoint 'c'");
    await stage.client.balancer.drain('b');
    expect((await failure(chat(stage.client))).message).toBe(
      "No endpoint can take 'gpt-5' (chat): a drained; b drained.",
    );
  });

  it('close: the running calls to their end, the waiting ones end, no new ones', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      {
        a: [
          { step: 'ok', delay: 60 },
          { status: 429, retryAfter: 30 },
        ],
      },
      { clock },
    );
    const { client } = stage;
    const running = chat(client).then(servedBy);
    await stage.servers.a.until(({ calls }) => calls === 1);
    const waiting = failure(chat(client));
    await stage.events.until('call-waiting');
    let closed = false;
    const closing = client.close().then(() => {
      closed = true;
    });
    expect(await waiting).toMatchObject({ name: 'ClosedError', code: 'closed' });
    expect(closed).toBe(false);
    expect(await failure(chat(client))).toMatchObject({ name: 'ClosedError' });
    expect(await failure(chat(client.withOptions({ timeout: 1 })))).toMatchObject({ name: 'ClosedError' });
    expect(await running).toBe('a');
    await closing;
    await client.close();
    await client[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
    expect(await failure(chatStream(client))).toMatchObject({ name: 'ClosedError' });
    expect(stage.servers.a.calls).toBe(2);
  });

  it('close: a call that would go on elsewhere ends instead', async () => {
    await using stage = await openStage({ a: { status: 500, delay: 40 }, b: [] });
    const failed = failure(chat(stage.client));
    await stage.servers.a.until(({ calls }) => calls === 1);
    await stage.client.close();
    expect(await failed).toMatchObject({ name: 'ClosedError' });
    expect(stage.servers.b.calls).toBe(0);
  });

  it('close: a reply that nobody asked for is not waited for', { timeout: 5_000 }, async () => {
    await using stage = await openStage({ a: [] });
    void chat(stage.client);
    await stage.servers.a.until(({ requests }) => requests[0]?.endedAt !== undefined);
    await vi.waitFor(() => expect(stage.state('a').inFlight).toBe(0));
    await stage.client.close();
  });
});

describe('a process that used a pool', () => {
  it('ends by itself, with nothing left behind', async () => {
    await using stage = await openStage({ a: { repeat: ['ok', 500] }, b: [] }, { strategy: 'round-robin' });
    const script = new URL('./children/exits.ts', import.meta.url);
    const seen = await runChild<{ ms: number; timers: number }>(script, { options: stage.options }, 20_000);
    expect(seen.timers).toBe(0);
    expect(seen.ms).toBeLessThan(100);
  });
});
