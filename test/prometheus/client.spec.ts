// The promise: what a client did stands in its metrics, neither more nor less, and no caller can make more metrics.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OpenAI } from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { type Attempt, attemptsOf, type EventName, memoryStore, type Observer, tokensOf } from '../../src/index.ts';
import { prometheus } from '../../src/prometheus/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { chat, chatStream, FULL, failure, many, read, tally } from '../support/calls.ts';
import { readMetrics } from '../support/exposition.ts';
import { openStage } from '../support/stage.ts';

const P = 'load_balanced_openai_';

/** The same numbers of 0 to 1 for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Reads a page: values by labels, sums over all that match. */
function pageOf(text: string) {
  const found = readMetrics(text);
  const samples = (name: string, labels: Record<string, string> = {}) =>
    (found.get(P + name.replace(/_(bucket|sum|count)$/, ''))?.samples ?? found.get(P + name)?.samples ?? []).filter(
      (sample) =>
        sample.name === P + name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
    );
  const sum = (name: string, labels?: Record<string, string>) =>
    samples(name, labels).reduce((total, { value }) => total + value, 0);
  return { found, samples, sum };
}

describe('counters', () => {
  it.each([1, 2, 3])('are what attemptsOf and the servers saw, whatever failed (seed %d)', async (seed) => {
    const random = randomFrom(seed);
    const limited = { status: 429, headers: { 'retry-after-ms': '1' } } as const;
    const steps = ['ok', 'ok', 'ok', 500, limited, 'reset', 'html', 400, { stream: 6, cutAfter: 3 }] as const;
    const script = () => steps[Math.floor(random() * steps.length)] ?? 'ok';
    await using stage = await openStage(
      { a: script, b: script, c: script },
      { strategy: 'round-robin', maxRetries: 0, breaker: false },
    );
    const metrics = prometheus(stage.client);
    const seen: (readonly Attempt[])[] = [];
    const count = 120;
    await many(count, 8, async (index) => {
      const asked = index % 3 === 0 ? chatStream(stage.client) : chat(stage.client);
      try {
        const answer = await asked;
        if (Symbol.asyncIterator in answer) await read(answer);
        seen.push(attemptsOf(answer));
      } catch (error) {
        seen.push(attemptsOf(error));
      }
    });
    const { sum, samples } = pageOf(metrics.text());
    const attempts = seen.flat();
    expect(sum('calls_total')).toBe(count);
    expect(sum('call_duration_seconds_count')).toBe(count);
    expect(sum('attempts_total')).toBe(attempts.length);
    expect(attempts.length).toBeGreaterThan(count);
    const byVerdict = tally(attempts.map(({ endpoint, verdict }) => `${endpoint} ${verdict}`));
    expect(
      Object.fromEntries(
        samples('attempts_total').map(({ labels, value }) => [`${labels.endpoint} ${labels.verdict}`, value]),
      ),
    ).toEqual(byVerdict);
    for (const name of ['a', 'b', 'c'] as const) {
      expect(sum('attempts_total', { endpoint: name })).toBe(stage.servers[name].calls);
      expect(sum('attempt_duration_seconds_count', { endpoint: name })).toBe(stage.servers[name].calls);
    }
    expect(sum('failovers_total')).toBe(stage.events.of('failover-start').length);
    expect(sum('endpoint_cooldowns_total')).toBe(stage.events.of('endpoint-cooldown').length);
    const used = tokensOf(attempts) ?? { input: 0, output: 0, cached: 0 };
    expect(used.output).toBeGreaterThan(0);
    expect(sum('tokens_total', { kind: 'input' })).toBe(used.input);
    expect(sum('tokens_total', { kind: 'output' })).toBe(used.output);
    expect(sum('cached_tokens_total')).toBe(used.cached);
    const firsts = stage.events.of('call-end').filter(({ firstMs }) => firstMs !== undefined);
    expect(sum('time_to_first_token_seconds_count')).toBe(firsts.length);
    const ok = stage.events.of('call-end').filter((end) => end.ok && end.attempts.at(-1)?.verdict === 'ok');
    expect(sum('calls_total', { outcome: 'ok' })).toBe(ok.length);
  });

  it('tell how calls ended: by the verdict that counted, or that there was nobody', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [400, { status: 429, retryAfter: 90 }] }, { clock, maxRetries: 0 });
    const metrics = prometheus(stage.client);
    for (let call = 0; call < 3; call++) await chat(stage.client).catch(() => undefined);
    const { sum, samples } = pageOf(metrics.text());
    for (const outcome of ['caller-error', 'rate-limited', 'no-endpoint'])
      expect(sum('calls_total', { outcome })).toBe(1);
    expect(samples('endpoint_cooldowns_total').map(({ labels }) => labels)).toEqual([
      { pool: 'default', endpoint: 'a', reason: '429' },
    ]);
    expect(sum('endpoint_cooldown_seconds')).toBe(90);
  });

  it('tell calls that their callers gave up as such: before they were sent, and while they waited after a failure', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [{ status: 429, retryAfter: 20 }] }, { clock, timeout: 90_000 });
    const metrics = prometheus(stage.client);
    await failure(chat(stage.client, {}, { signal: AbortSignal.abort() }));
    const controller = new AbortController();
    const waiting = failure(chat(stage.client, {}, { signal: controller.signal }));
    await vi.waitFor(() => expect(stage.events.of('call-waiting')).toHaveLength(1));
    controller.abort();
    expect(await waiting).toBeInstanceOf(OpenAI.APIUserAbortError);
    const { samples } = pageOf(metrics.text());
    expect(samples('calls_total').map(({ labels, value }) => [labels.outcome, value])).toEqual([['aborted', 2]]);
  });

  it('count what this process found out, and not what others told it', () => {
    const heard: Observer[] = [];
    const balancer = {
      on: (_: EventName, listener: Observer) => heard.push(listener),
      off: () => undefined,
      snapshot: () => ({ strategy: 's', endpoints: [], retryBudget: null, waiting: 0 }) as never,
    };
    const metrics = prometheus({ balancer });
    const facts = { at: 1, endpoint: 'a', model: undefined, reason: '429' };
    for (const more of [{}, { elsewhere: true }])
      for (const hear of new Set(heard)) {
        hear({ type: 'endpoint-cooldown', ...facts, ms: 5, ...more });
        hear({ type: 'endpoint-ejected', ...facts, openMs: 5, ...more });
      }
    const { sum } = pageOf(metrics.text());
    expect([sum('endpoint_cooldowns_total'), sum('endpoint_ejections_total')]).toEqual([1, 1]);
  });

  it('begin when they are made, end at close, and cost no listener afterwards', async () => {
    await using stage = await openStage({ a: [] });
    await chat(stage.client);
    const metrics = prometheus(stage.client);
    expect(pageOf(metrics.text()).sum('calls_total')).toBe(0);
    await chat(stage.client);
    expect(pageOf(metrics.text()).sum('calls_total')).toBe(1);
    metrics.close();
    metrics[Symbol.dispose]();
    await chat(stage.client);
    expect(metrics.text()).toBe('\n');
  });
});

describe('gauges', () => {
  it('are read from the snapshot when somebody scrapes', async () => {
    const clock = manualClock();
    const breaker = { consecutiveFailures: 1, resetTimeout: 60_000 };
    await using stage = await openStage({ a: 500, b: { script: [], tags: ['x'] } }, { clock, breaker });
    const metrics = prometheus(stage.client, { pool: 'chat' });
    const state = () => {
      const { samples } = pageOf(metrics.text());
      const of = (name: string) => samples(name).map(({ labels, value }) => [labels.endpoint, value]);
      return {
        eligible: of('endpoint_eligible'),
        ejected: of('endpoint_ejected'),
        open: samples('endpoint_breaker_state', { state: 'open' }).map(({ value }) => value),
        closed: samples('endpoint_breaker_state', { state: 'closed' }).map(({ value }) => value),
      };
    };
    const fine = {
      eligible: [
        ['a', 1],
        ['b', 1],
      ],
      ejected: [
        ['a', 0],
        ['b', 0],
      ],
      open: [0, 0],
      closed: [1, 1],
    };
    expect(state()).toEqual(fine);
    await chat(stage.client);
    expect(state()).toEqual({
      eligible: [
        ['a', 0],
        ['b', 1],
      ],
      ejected: [
        ['a', 1],
        ['b', 0],
      ],
      open: [1, 0],
      closed: [0, 1],
    });
    const stream = await chatStream(stage.client);
    expect(pageOf(metrics.text()).sum('endpoint_in_flight', { pool: 'chat', endpoint: 'b' })).toBe(1);
    await read(stream);
    expect(pageOf(metrics.text()).sum('endpoint_in_flight')).toBe(0);
    expect(pageOf(metrics.text()).samples('pool_info')[0]?.labels).toEqual({
      pool: 'chat',
      strategy: 'priority(round-robin)',
    });
  });

  it('show headroom by model, waiting calls and the budget', async () => {
    await using stage = await openStage({ a: { script: [], limits: { requestsPerMinute: 100 } } });
    const metrics = prometheus(stage.client);
    await chat(stage.client);
    const { samples, sum } = pageOf(metrics.text());
    expect(samples('endpoint_headroom_ratio')).toMatchObject([{ labels: { endpoint: 'a', model: 'gpt-5' } }]);
    expect(sum('endpoint_headroom_ratio')).toBeCloseTo(0.99, 1);
    expect([sum('calls_waiting'), sum('retry_budget')]).toEqual([0, stage.client.balancer.snapshot().retryBudget]);
  });

  it('say when the store is down', async () => {
    const down = () => Promise.reject(new Error('gone'));
    const store = { ...memoryStore(), set: down, get: down };
    await using stage = await openStage({ a: [], b: [] }, { store });
    const metrics = prometheus(stage.client);
    expect(pageOf(metrics.text()).sum('store_well')).toBe(1);
    await stage.client.responses.create({ model: 'gpt-5', input: 'hi' });
    await expect.poll(() => pageOf(metrics.text()).sum('store_well')).toBe(0);
    expect(pageOf(metrics.text()).sum('store_failures_total')).toBe(1);
  });
});

describe('what callers can make of it', () => {
  it('made-up models are `other`, and so is what comes after the limit', async () => {
    const server = ({ body }: { body?: unknown }) => {
      const { model } = body as { model: string };
      return model.startsWith('made-up') ? { status: 404, code: 'model_not_found' } : 'ok';
    };
    const limits = { requestsPerMinute: 10_000_000 };
    await using stage = await openStage({ a: { script: server, limits } }, { maxRetries: 0, breaker: false });
    const metrics = prometheus(stage.client, { models: 3 });
    const ask = (model: string) => chat(stage.client, { model }).catch(() => undefined);
    await many(FULL ? 20_000 : 300, 8, (index) => ask(`made-up-${index}`));
    const size = metrics.text().length;
    await many(FULL ? 20_000 : 300, 8, (index) => ask(`made-up-too-${index}`));
    expect(metrics.text().replaceAll(/\d/g, '').length).toBeLessThan(size + 200);
    expect(metrics.text()).not.toContain('made-up');
    for (const model of ['m1', 'm2', 'm3', 'm4', 'm1']) await ask(model);
    const { samples, sum } = pageOf(metrics.text());
    expect(samples('calls_total', { outcome: 'ok' }).map(({ labels, value }) => [labels.model, value])).toEqual([
      ['m1', 2],
      ['m2', 1],
      ['m3', 1],
      ['other', 1],
    ]);
    expect(sum('calls_total', { model: 'other', outcome: 'model-missing' })).toBe(FULL ? 40_000 : 600);
    expect(
      samples('endpoint_headroom_ratio')
        .map(({ labels }) => labels.model)
        .sort(),
    ).toEqual([...['m1', 'm2', 'm3', 'm4', 'other']]);
  });

  it('endpoints beyond a hundred are one', async () => {
    await using stage = await openStage({ a: [] });
    const metrics = prometheus(stage.client);
    const { baseURL } = stage.client;
    for (let index = 0; index < 120; index++)
      stage.client.balancer.add({ name: `e${index}`, baseURL, apiKey: `k${index}` });
    const { samples } = pageOf(metrics.text());
    expect(samples('endpoint_eligible')).toHaveLength(101);
    expect(samples('endpoint_eligible').at(-1)?.labels.endpoint).toBe('other');
  });

  it('no key and no prompt is in it', async () => {
    await using stage = await openStage({ a: [401], b: [] });
    const metrics = prometheus(stage.client);
    await chat(stage.client, { messages: [{ role: 'user', content: 'a secret prompt' }] });
    for (const secret of [stage.keys.a, stage.keys.b, 'secret prompt', '127.0.0.1'])
      expect(metrics.text('openmetrics')).not.toContain(secret);
  });
});

describe('a page of its own', () => {
  it('is served by node:http in the format that is asked for', async () => {
    await using stage = await openStage({ a: [500], b: [] });
    const { handle } = prometheus({ main: stage.client });
    await chat(stage.client);
    const server = createServer(handle).listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => server.once('listening', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
      const plain = await fetch(url);
      expect(plain.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
      const open = await fetch(url, {
        headers: { accept: 'application/openmetrics-text;version=1.0.0;q=0.8,*/*;q=0.1' },
      });
      expect(open.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
      const [first, second] = [readMetrics(await plain.text()), readMetrics(await open.text())];
      expect([...second.keys()]).toEqual([...first.keys()]);
      for (const [name, { type, unit, samples }] of second) {
        expect([name, type, samples.length]).toEqual([name, first.get(name)?.type, first.get(name)?.samples.length]);
        expect([name, unit]).toEqual([name, /_(seconds|ratio)$/.exec(name)?.[1]]);
      }
      expect(first.get(`${P}failovers_total`)?.samples).toEqual([
        { name: `${P}failovers_total`, labels: { pool: 'main' }, value: 1 },
      ]);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
