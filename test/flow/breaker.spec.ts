// The promise: an endpoint that fails is taken out, for as long as it goes on failing, and comes back carefully: one probe,
// then a growing share. What says nothing about its health (bad calls, aborts, rate limits) moves nothing.
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { type BreakerOptions, LoadBalancedOpenAI } from '../../src/index.ts';
import { type ManualClock, manualClock, type ServerRequest, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, gate, many, read, servedBy, tally } from '../support/calls.ts';
import { type EndpointScript, openStage, type Stage, type StageOptions } from '../support/stage.ts';

/** Endpoint a as told, b healthy, a first in line. */
async function pair(a: EndpointScript, breaker: BreakerOptions | false = {}, options: StageOptions = {}) {
  const clock = manualClock();
  const stage = await openStage({ a, b: [] }, { clock, breaker, ...options });
  return { stage, clock, ...stage };
}

/** Calls until a is out, five at the defaults. */
async function eject(stage: Stage<'a' | 'b'>): Promise<void> {
  for (let call = 0; call < 20 && stage.state('a').breaker === 'closed'; call++) await chat(stage.client);
  expect(stage.state('a')).toMatchObject({ breaker: 'open', excluded: 'ejected after failures' });
}

/** Moves the clock to the end of the open time. */
const toProbe = (clock: ManualClock, ms = 5_000) => clock.advance(ms);

describe('opening', () => {
  it('consecutiveFailures: the fifth in a row, not the fourth', async () => {
    await using pool = await pair([500, 500, 500, 500, 'ok', 500, 500, 500, 500, 500]);
    const { stage } = pool;
    for (let call = 0; call < 9; call++) await chat(stage.client);
    expect(stage.state('a')).toMatchObject({ breaker: 'closed', excluded: null, failures: 8, successes: 1 });
    await chat(stage.client);
    expect(stage.state('a')).toMatchObject({ breaker: 'open', excluded: 'ejected after failures', failures: 9 });
    const events = stage.events.of('endpoint-ejected');
    expect(events).toMatchObject([{ endpoint: 'a', model: 'gpt-5', reason: 'server-error' }]);
    expect(events[0]!.openMs).toBeGreaterThan(4_500);
    expect(events[0]!.openMs).toBeLessThanOrEqual(5_000);
    const before = stage.servers.a.calls;
    for (let call = 0; call < 20; call++) expect(servedBy(await chat(stage.client))).toBe('b');
    expect(stage.servers.a.calls).toBe(before);
  });

  it('consecutiveFailures as given', async () => {
    await using pool = await pair([500, 500], { consecutiveFailures: 2 });
    await chat(pool.client);
    expect(pool.state('a').breaker).toBe('closed');
    await chat(pool.client);
    expect(pool.state('a').breaker).toBe('open');
  });

  it('errorThresholdPercentage: most of them failing, never five in a row', async () => {
    await using pool = await pair({ repeat: [500, 500, 'ok'] });
    for (let call = 0; call < 9; call++) await chat(pool.client);
    // 6 of 9 failed, but nine are too few to speak of a share.
    expect(pool.state('a').breaker).toBe('closed');
    for (let call = 0; call < 3; call++) await chat(pool.client);
    expect(pool.state('a').breaker).toBe('open');
  });

  it('a third failing is no reason', async () => {
    await using pool = await pair({ repeat: ['ok', 500, 'ok'] });
    for (let call = 0; call < 60; call++) await chat(pool.client);
    expect(pool.state('a')).toMatchObject({ breaker: 'closed', attempts: 60, failures: 20 });
  });

  it('errorThresholdPercentage and volumeThreshold as given', async () => {
    await using pool = await pair({ repeat: [500, 'ok', 'ok'] }, { errorThresholdPercentage: 20, volumeThreshold: 4 });
    for (let call = 0; call < 3; call++) await chat(pool.client);
    expect(pool.state('a').breaker).toBe('closed');
    await chat(pool.client);
    expect(pool.state('a').breaker).toBe('open');
  });

  it('maxEjectedPercentage: of four that fail in part two stay in; of four that fail in a row none', async () => {
    const clock = manualClock();
    const sick = () => ({ repeat: [500, 500, 'ok'] as Step[] });
    const ejected = ({ client }: Stage) =>
      client.balancer.snapshot().endpoints.filter(({ breaker }) => breaker !== 'closed').length;
    for (const [maxEjectedPercentage, out] of [
      [50, 2],
      [25, 1],
      [100, 4],
    ] as const) {
      await using stage = await openStage(
        { a: sick(), b: sick(), c: sick(), d: sick() },
        { strategy: 'round-robin', clock, breaker: { maxEjectedPercentage }, failover: false, panic: false },
      );
      for (let call = 0; call < 200 && ejected(stage) < 4; call++)
        await many(1, 1, () => chat(stage.client, {}, { maxRetries: 0 }));
      expect(ejected(stage)).toBe(out);
    }
    await using dead = await openStage({ a: 500, b: 500, c: 500, d: 500 }, { clock, panic: false });
    for (let call = 0; call < 20; call++) await failure(chat(dead.client, {}, { maxRetries: 0 }));
    expect(ejected(dead)).toBe(4);
  });

  it('rollingCountTimeout: what lies further back is forgotten', async () => {
    await using pool = await pair(500, { consecutiveFailures: 1_000, rollingCountTimeout: 10_000 });
    for (let call = 0; call < 9; call++) await chat(pool.client);
    await pool.clock.advance(11_000);
    for (let call = 0; call < 9; call++) await chat(pool.client);
    expect(pool.state('a').breaker).toBe('closed');
    await chat(pool.client);
    expect(pool.state('a').breaker).toBe('open');
  });

  it.each<[what: string, step: Step]>([
    ['rate limits', { status: 429, retryAfterMs: 0 }],
    ['bad calls', 400],
    ['a missing model', { status: 404, code: 'model_not_found' }],
    ['refused credentials', 401],
    ['permission', 403],
    ['conflicts', 409],
  ])('%s do not count', async (_, step) => {
    await using pool = await pair({ repeat: [step] });
    for (let call = 0; call < 12; call++) {
      await chat(pool.client, {}, { maxRetries: 0 }).catch(() => undefined);
      await pool.clock.advance(601_000);
    }
    expect(pool.servers.a.calls).toBe(12);
    expect(pool.state('a')).toMatchObject({ breaker: 'closed', failures: 0, models: [] });
  });

  it('errorFilter: what it says true to does not count', async () => {
    const errorFilter = (error: unknown) => (error as { code?: string }).code === 'excused';
    await using pool = await pair({ repeat: [{ status: 500, code: 'excused' }] }, { errorFilter });
    for (let call = 0; call < 12; call++) expect(servedBy(await chat(pool.client))).toBe('b');
    expect(pool.state('a')).toMatchObject({ breaker: 'closed', failures: 0, attempts: 12 });
    pool.servers.a.script(500);
    for (let call = 0; call < 5; call++) await chat(pool.client);
    expect(pool.state('a')).toMatchObject({ breaker: 'open', failures: 5 });
  });

  it('errorFilter: neutral is no success, so excused errors do not break a row of failures', async () => {
    const errorFilter = (error: unknown) => (error as { code?: string }).code === 'excused';
    const excused = { status: 500, code: 'excused' } as const;
    await using pool = await pair([500, 500, excused, 500, 500, excused, 500], { errorFilter });
    for (let call = 0; call < 7; call++) await chat(pool.client);
    expect(pool.state('a').breaker).toBe('open');
  });

  it('errorFilter: one that throws has said false', async () => {
    const errorFilter = () => {
      throw new Error('filter');
    };
    await using pool = await pair(500, { errorFilter });
    await eject(pool.stage);
  });

  it.each([false, { enabled: false }] as const)('breaker: %j is off', async (breaker) => {
    await using pool = await pair(500, breaker);
    for (let call = 0; call < 40; call++) expect(servedBy(await chat(pool.client))).toBe('b');
    expect(pool.servers.a.calls).toBe(40);
    expect(pool.state('a')).toMatchObject({ breaker: 'closed', excluded: null, failures: 40 });
  });
});

describe('two scopes', () => {
  const byModel = (sick: readonly string[]) => (request: ServerRequest) => (sick.includes(request.model!) ? 500 : 'ok');

  it('a model that fails is out there alone; the endpoint goes on with the others', async () => {
    await using pool = await pair(byModel(['gpt-5']));
    for (let call = 0; call < 8; call++) {
      await chat(pool.client);
      expect(servedBy(await chat(pool.client, { model: 'gpt-5-mini' }))).toBe('a');
    }
    expect(pool.state('a')).toMatchObject({
      breaker: 'closed',
      excluded: null,
      models: [{ model: 'gpt-5', breaker: 'open' }],
    });
    expect(pool.servers.a.requests.filter(({ model }) => model === 'gpt-5')).toHaveLength(5);
  });

  it('a model that fails while it is the only one tried takes the endpoint along', async () => {
    await using pool = await pair(byModel(['gpt-5']));
    await eject(pool.stage);
    expect(servedBy(await chat(pool.client, { model: 'gpt-5-mini' }))).toBe('b');
  });

  it('when most of its models fail, the endpoint is out', async () => {
    await using pool = await pair([]);
    const models = ['gpt-5', 'text-embedding-3-small', 'gpt-5-mini'];
    for (const model of models) expect(servedBy(await chat(pool.client, { model }))).toBe('a');
    pool.servers.a.script(byModel(models.slice(0, 2)));
    for (let call = 0; call < 5; call++) await chat(pool.client);
    expect(pool.state('a').breaker).toBe('closed');
    for (let call = 0; call < 5; call++) await chat(pool.client, { model: 'text-embedding-3-small' });
    expect(pool.state('a')).toMatchObject({ breaker: 'open', excluded: 'ejected after failures' });
    expect(servedBy(await chat(pool.client, { model: 'gpt-5-mini' }))).toBe('b');
  });

  it('made-up names that it answers with 500 eject those names, not the endpoint where another model works', async () => {
    const madeUp = ['made-up-1', 'made-up-2', 'made-up-3'];
    await using pool = await pair(byModel(madeUp), { consecutiveFailures: 2 });
    for (let turn = 0; turn < 2; turn++) {
      await chat(pool.client);
      for (const model of madeUp) await chat(pool.client, { model });
    }
    expect(pool.state('a')).toMatchObject({ breaker: 'closed', excluded: null });
    expect(pool.state('a').models.map(({ model }) => model)).toEqual(madeUp);
    expect(servedBy(await chat(pool.client))).toBe('a');
  });

  it('connection faults count for the whole endpoint, over all its models', async () => {
    await using pool = await pair([]);
    await chat(pool.client, { model: 'gpt-5-mini' });
    await pool.servers.a.refuse();
    for (const model of ['gpt-5', 'gpt-5-mini', 'gpt-5', 'gpt-5-mini', 'gpt-5']) await chat(pool.client, { model });
    expect(pool.state('a')).toMatchObject({ breaker: 'open', models: [] });
    expect(pool.events.of('endpoint-ejected')).toMatchObject([
      { endpoint: 'a', model: undefined, reason: 'connect-failed' },
    ]);
  });

  it('made-up model names do not grow it without bound', async () => {
    await using pool = await pair({ script: [], server: { models: ['gpt-5'] } });
    const results = await many(600, 8, (index) => chat(pool.client, { model: `made-up-${index}` }).then(servedBy));
    expect(results.every((result) => result.status === 'fulfilled' && result.value === 'b')).toBe(true);
    expect(pool.state('a').cooldowns.length).toBeLessThanOrEqual(500);
    expect(servedBy(await chat(pool.client))).toBe('a');
  });
});

describe('half-open', () => {
  it('resetTimeout: no call before, one probe after, and its success closes', async () => {
    await using pool = await pair([500, 500, 500, 500, 500]);
    await eject(pool.stage);
    const { openMs } = pool.events.of('endpoint-ejected')[0]!;
    await pool.clock.advance(openMs - 1);
    expect(servedBy(await chat(pool.client))).toBe('b');
    await pool.clock.advance(1);
    expect(pool.state('a').breaker).toBe('open');
    expect(servedBy(await chat(pool.client))).toBe('a');
    expect(pool.state('a')).toMatchObject({ breaker: 'closed', excluded: null, models: [] });
    expect(pool.events.of('endpoint-restored')).toMatchObject([{ endpoint: 'a', model: 'gpt-5' }]);
  });

  it.each(['server-error', 'connect-failed'])('one probe only, under 50 concurrent calls (%s)', async (how) => {
    await using pool = await pair(how === 'server-error' ? 500 : []);
    const { stage, clock, servers, client } = pool;
    if (how === 'connect-failed') await servers.a.refuse();
    await eject(stage);
    if (how === 'connect-failed') await servers.a.accept();
    await toProbe(clock);
    const probe = gate<Step>();
    const before = servers.a.calls;
    servers.a.script(() => probe.promise);
    const calls = Array.from({ length: 50 }, () => chat(client).then(servedBy));
    const others = await Promise.all(calls.slice(1));
    await servers.a.until((server) => server.calls === before + 1);
    expect(stage.state('a')).toMatchObject({ breaker: 'half-open', excluded: 'ejected after failures' });
    expect(tally(others as string[])).toEqual({ b: 49 });
    // And all that come while it runs.
    expect(await many(20, 5, () => chat(client).then(servedBy))).toEqual(
      Array(20).fill({ status: 'fulfilled', value: 'b' }),
    );
    probe.open('ok');
    expect(await calls[0]).toBe('a');
    expect(stage.state('a').breaker).toBe('closed');
    expect(servers.a.calls).toBe(before + 1);
  });

  it('a probe that fails: open again at once, each time twice as long, up to five minutes', async () => {
    await using pool = await pair(500);
    await eject(pool.stage);
    for (const expected of [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]) {
      await toProbe(pool.clock, expected === 10_000 ? 5_000 : expected);
      const before = pool.servers.a.calls;
      pool.events.clear();
      // The caller notices nothing: the failed probe goes on elsewhere.
      expect(servedBy(await chat(pool.client))).toBe('b');
      expect(pool.servers.a.calls).toBe(before + 1);
      expect(pool.state('a').breaker).toBe('open');
      const { openMs } = pool.events.of('endpoint-ejected')[0]!;
      expect(openMs).toBeGreaterThan(expected * 0.9 - 1);
      expect(openMs).toBeLessThanOrEqual(expected);
      expect(servedBy(await chat(pool.client))).toBe('b');
      expect(pool.servers.a.calls).toBe(before + 1);
    }
  });

  it('the doubling is forgotten after one resetTimeout closed, and not before', async () => {
    await using pool = await pair([...Array(6).fill(500), 'ok', ...Array(5).fill(500), 'ok', ...Array(5).fill(500)]);
    await eject(pool.stage);
    await toProbe(pool.clock);
    await chat(pool.client); // the probe fails: 10 s
    await toProbe(pool.clock, 10_000);
    await chat(pool.client); // restored
    pool.events.clear();
    // Slow start lets hardly anything through to it, unless it is the only one.
    const alone = pool.client.balancer.pin('a');
    for (let call = 0; call < 5; call++) await chat(alone, {}, { maxRetries: 0 }).catch(() => undefined);
    expect(pool.events.of('endpoint-ejected')[0]!.openMs).toBeGreaterThan(18_000);
    await toProbe(pool.clock, 20_000);
    await chat(alone); // restored again
    pool.events.clear();
    await pool.clock.advance(5_000);
    for (let call = 0; call < 5; call++) await chat(alone, {}, { maxRetries: 0 }).catch(() => undefined);
    expect(pool.events.of('endpoint-ejected')[0]!.openMs).toBeLessThanOrEqual(5_000);
  });

  it('resetTimeout as given', async () => {
    await using pool = await pair([500, 500, 500, 500, 500], { resetTimeout: 60_000 });
    await eject(pool.stage);
    await pool.clock.advance(53_999);
    expect(servedBy(await chat(pool.client))).toBe('b');
    await pool.clock.advance(6_001);
    expect(servedBy(await chat(pool.client))).toBe('a');
  });

  it.each<[what: string, step: Step]>([
    ['a bad call', 400],
    ['a rate limit', { status: 429, retryAfterMs: 0 }],
    ['a conflict', 409],
  ])('%s as the probe proves nothing: still out, and the next call may probe', async (_, step) => {
    await using pool = await pair([500, 500, 500, 500, 500, step, 'ok']);
    await eject(pool.stage);
    await toProbe(pool.clock);
    await chat(pool.client, {}, { maxRetries: 0 }).catch(() => undefined);
    expect(pool.servers.a.calls).toBe(6);
    expect(pool.state('a').breaker).toBe('open');
    expect(pool.events.of('endpoint-restored')).toEqual([]);
    expect(pool.events.of('endpoint-ejected')).toHaveLength(1);
    expect(servedBy(await chat(pool.client))).toBe('a');
    expect(pool.state('a').breaker).toBe('closed');
  });

  it.each(['before the headers', 'in the body', 'before the content of a stream'])(
    'an abort %s as the probe proves nothing',
    async (where) => {
      const script: Record<string, Step> = {
        'before the headers': 'black-hole',
        'in the body': 'stall-body',
        'before the content of a stream': { stream: 10, stallAfter: 0 },
      };
      await using pool = await pair([500, 500, 500, 500, 500, script[where]!, 'ok']);
      await eject(pool.stage);
      await toProbe(pool.clock);
      const controller = new AbortController();
      const { signal } = controller;
      const call = where.includes('stream')
        ? chatStream(pool.client, {}, { signal })
        : chat(pool.client, {}, { signal });
      const failed = failure(call);
      await pool.servers.a.until(({ calls }) => calls === 6);
      if (where !== 'before the headers')
        await vi.waitFor(() => expect(pool.servers.a.requests.at(-1)?.status).toBe(200));
      expect(pool.state('a').breaker).toBe('half-open');
      controller.abort();
      expect(await failed).toBeInstanceOf(OpenAI.APIUserAbortError);
      await pool.servers.a.until(({ inFlight }) => inFlight === 0);
      expect(pool.state('a')).toMatchObject({ breaker: 'open', inFlight: 0 });
      expect(servedBy(await chat(pool.client))).toBe('a');
      expect(pool.state('a').breaker).toBe('closed');
    },
  );

  it('a probe that hangs: open again after its patience, another probe later', async () => {
    await using pool = await pair([500, 500, 500, 500, 500, 'black-hole', 'ok']);
    await eject(pool.stage);
    await toProbe(pool.clock);
    const controller = new AbortController();
    const hung = failure(chat(pool.client, {}, { signal: controller.signal }));
    await pool.servers.a.until(({ calls }) => calls === 6);
    await pool.clock.advance(29_999);
    expect(pool.state('a').breaker).toBe('half-open');
    expect(servedBy(await chat(pool.client))).toBe('b');
    await pool.clock.advance(1);
    expect(pool.state('a').breaker).toBe('open');
    expect(servedBy(await chat(pool.client))).toBe('b');
    await pool.clock.advance(10_000);
    expect(servedBy(await chat(pool.client))).toBe('a');
    expect(pool.state('a').breaker).toBe('closed');
    controller.abort();
    await hung;
    expect(pool.state('a').breaker).toBe('closed');
  });

  it('a stream as the probe proves itself with its first content, however long it goes on', async () => {
    await using pool = await pair([500, 500, 500, 500, 500, { stream: 4, stallAfter: 2 }]);
    await eject(pool.stage);
    await toProbe(pool.clock);
    const stream = await chatStream(pool.client);
    expect(pool.state('a')).toMatchObject({ breaker: 'closed', inFlight: 1 });
    expect(servedBy(await chat(pool.client.balancer.pin('a')))).toBe('a');
    for await (const { choices } of stream) if (choices[0]?.delta.content === 'a-1 ') break;
  });

  it('a probe stream that fails before its first content goes on elsewhere', async () => {
    await using pool = await pair([500, 500, 500, 500, 500, { stream: 4, cutAfter: 0 }]);
    await eject(pool.stage);
    await toProbe(pool.clock);
    const { text, error } = await read(await chatStream(pool.client));
    expect({ text, error }).toEqual({ text: 'Hello from b.', error: undefined });
    expect(pool.servers.a.calls).toBe(6);
    expect(pool.state('a').breaker).toBe('open');
  });

  it('a slow probe that answers after all closes', async () => {
    const slow = gate<Step>();
    await using pool = await pair((request) => (request.number <= 5 ? 500 : slow.promise));
    await eject(pool.stage);
    await toProbe(pool.clock);
    const probe = chat(pool.client).then(servedBy);
    await pool.servers.a.until(({ calls }) => calls === 6);
    await pool.clock.advance(30_000);
    expect(pool.state('a').breaker).toBe('open');
    slow.open('ok');
    expect(await probe).toBe('a');
    expect(pool.state('a').breaker).toBe('closed');
  });

  it.each([500, 'ok'] as const)('results from before the ejection (%s) move nothing after it', async (step) => {
    const late = gate<Step>();
    await using pool = await pair(({ number }) => (number <= 8 ? late.promise : number <= 13 ? 500 : 'ok'));
    const old = many(8, 8, () => chat(pool.client));
    await pool.servers.a.until(({ calls }) => calls === 8);
    await eject(pool.stage);
    if (step === 500) {
      // It is well again, and then hears of eight failures of old.
      await toProbe(pool.clock);
      expect(servedBy(await chat(pool.client))).toBe('a');
    }
    late.open(step);
    expect((await old).map(({ status }) => status)).toEqual(Array(8).fill('fulfilled'));
    expect(pool.state('a')).toMatchObject({ breaker: step === 500 ? 'closed' : 'open', inFlight: 0 });
  });

  it('streams that run when it opens go on to their end', async () => {
    await using pool = await pair((request) => (request.number === 1 ? { stream: 6, gap: 30 } : 500));
    const stream = await chatStream(pool.client);
    await eject(pool.stage);
    expect(pool.state('a').inFlight).toBe(1);
    expect(await read(stream)).toMatchObject({ error: undefined, text: 'a-0 a-1 a-2 a-3 a-4 a-5 ' });
    expect(pool.state('a')).toMatchObject({ breaker: 'open', inFlight: 0 });
  });
});

describe('slow start', () => {
  const options = { strategy: 'round-robin' } as const;
  const shareOf = async (pool: { client: LoadBalancedOpenAI }, calls: number) => {
    const results = await many(calls, 1, () => chat(pool.client).then(servedBy));
    return results.filter((result) => result.status === 'fulfilled' && result.value === 'a').length / calls;
  };

  it('a tenth of its share at first, all of it after ten seconds and twenty successes', async () => {
    await using pool = await pair([500, 500, 500, 500, 500], {}, options);
    await eject(pool.stage);
    await toProbe(pool.clock);
    while (pool.state('a').breaker !== 'closed') await chat(pool.client);
    // The clock stands still: the first instant after the recovery. The fair share would be a half.
    const atFirst = await shareOf(pool, 300);
    expect(atFirst).toBeGreaterThan(0.005);
    expect(atFirst).toBeLessThan(0.12);
    await pool.clock.advance(5_000);
    const inTheMiddle = await shareOf(pool, 100);
    expect(inTheMiddle).toBeGreaterThan(atFirst);
    expect(inTheMiddle).toBeLessThan(0.45);
    await pool.clock.advance(5_000);
    expect(pool.state('a').successes).toBeGreaterThan(20);
    expect(await shareOf(pool, 100)).toBe(0.5);
  });

  it('time alone is not enough: it has to succeed', async () => {
    await using pool = await pair([500, 500, 500, 500, 500], {}, options);
    await eject(pool.stage);
    await toProbe(pool.clock);
    while (pool.state('a').breaker !== 'closed') await chat(pool.client);
    await pool.clock.advance(60_000);
    expect(await shareOf(pool, 20)).toBeLessThan(0.35);
    // With its successes the share grows to the whole.
    await shareOf(pool, 200);
    expect(await shareOf(pool, 100)).toBe(0.5);
  });

  it('an endpoint that is added begins at a tenth of its share, too; those of the start do not', async () => {
    const clock = manualClock();
    await using stage = await openStage({ b: [], a: [] }, { ...options, clock });
    await using fresh = await openStage({ a: [] });
    const { client } = stage;
    expect(await shareOf({ client }, 100)).toBe(0.5);
    await client.balancer.drain('a');
    client.balancer.add({ name: 'a2', baseURL: fresh.servers.a.url, apiKey: fresh.keys.a });
    expect(await shareOf({ client }, 300)).toBeLessThan(0.12);
    await clock.advance(10_000);
    await shareOf({ client }, 200);
    expect(await shareOf({ client }, 100)).toBe(0.5);
  });

  it('false: an endpoint that is back has its whole share at once', async () => {
    await using pool = await pair([500, 500, 500, 500, 500], {}, { ...options, slowStart: false });
    await eject(pool.stage);
    await toProbe(pool.clock);
    while (pool.state('a').breaker !== 'closed') await chat(pool.client);
    expect(await shareOf(pool, 100)).toBe(0.5);
  });

  it('one endpoint alone gets everything at once', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [500, 500, 500, 500, 500] }, { clock, panic: false });
    for (let call = 0; call < 5; call++) await failure(chat(stage.client, {}, { maxRetries: 0 }));
    await toProbe(clock);
    for (let call = 0; call < 20; call++) await chat(stage.client);
    expect(stage.servers.a.calls).toBe(25);
  });
});

describe('sharing', () => {
  it('clients of the same endpoints share one breaker, those with other breaker options have another', async () => {
    await using stage = await openStage({ a: 500, b: [] });
    for (let call = 0; call < 5; call++) await chat(stage.client);
    const fresh = new LoadBalancedOpenAI(stage.options);
    expect(fresh.balancer.snapshot().endpoints[0]).toMatchObject({ breaker: 'open', failures: 5 });
    expect(servedBy(await chat(fresh))).toBe('b');
    expect(stage.servers.a.calls).toBe(5);
    const stricter = new LoadBalancedOpenAI({ ...stage.options, breaker: { consecutiveFailures: 2 } });
    expect(stricter.balancer.snapshot().endpoints[0]).toMatchObject({ breaker: 'closed', failures: 0 });
    const apart = new LoadBalancedOpenAI({ ...stage.options, shareState: false });
    expect(apart.balancer.snapshot().endpoints[0]).toMatchObject({ breaker: 'closed' });
  });

  it('withOptions and pin share it', async () => {
    await using stage = await openStage({ a: 500, b: [] });
    const clone = stage.client.withOptions({ timeout: 5_000 });
    for (let call = 0; call < 5; call++) await chat(call % 2 ? clone : stage.client);
    expect(clone.balancer.snapshot().endpoints[0]).toMatchObject({ breaker: 'open' });
    expect(stage.client.balancer.pin('b').balancer.snapshot().endpoints[0]).toMatchObject({ breaker: 'open' });
  });
});
