// The promise: a plain call that hangs is rescued by a second attempt, an endpoint gone silent is left alone, extra attempts
// are bounded by a budget, and when everybody is out the pool lets through what the endpoints can bear.
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { attemptsOf, NoEndpointAvailableError } from '../../src/index.ts';
import { type FaultServer, manualClock, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, FULL, failure, gate, many, read, servedBy } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';

describe('rescue: a plain call that hangs', () => {
  it('gets a second attempt after half of its timeout, as long as nothing is known; the first answer wins', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: 'black-hole', b: [] }, { clock, timeout: 100_000 });
    const call = chat(stage.client);
    call.catch(() => undefined);
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(49_999);
    expect(stage.servers.b.calls).toBe(0);
    await clock.advance(1);
    const answer = await call;
    expect(servedBy(answer)).toBe('b');
    expect(attemptsOf(answer)).toMatchObject([
      { endpoint: 'a', verdict: 'abandoned', billed: 'maybe' },
      { endpoint: 'b', verdict: 'ok' },
    ]);
    await stage.servers.a.until(({ requests }) => requests[0]?.aborted === true);
    expect(stage.state('a')).toMatchObject({ inFlight: 0, breaker: 'closed' });
    // It was paid for.
    expect(stage.client.balancer.snapshot().retryBudget).toBe(99);
    expect(clock.pending).toBe(0);
  });

  it('the first attempt may still win, and the second is given up', async () => {
    const clock = manualClock();
    const first = gate<Step>();
    await using stage = await openStage({ a: () => first.promise, b: 'black-hole' }, { clock, timeout: 100_000 });
    const call = chat(stage.client);
    call.catch(() => undefined);
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(50_000);
    await stage.servers.b.until(({ calls }) => calls === 1);
    first.open('ok');
    const answer = await call;
    expect(servedBy(answer)).toBe('a');
    expect(attemptsOf(answer).map(({ endpoint, verdict }) => [endpoint, verdict])).toEqual([
      ['b', 'abandoned'],
      ['a', 'ok'],
    ]);
    await stage.servers.b.until(({ requests }) => requests[0]?.aborted === true);
    expect(stage.state('b')).toMatchObject({ inFlight: 0, failures: 0, excluded: null });
  });

  it('the first attempt’s headers are no answer yet: when its body fails, the second is still there', async () => {
    const clock = manualClock();
    const [first, second] = [gate<Step>(), gate<Step>()];
    await using stage = await openStage(
      { a: () => first.promise, b: () => second.promise },
      { clock, timeout: 100_000 },
    );
    const call = chat(stage.client);
    call.catch(() => undefined);
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(50_000);
    await stage.servers.b.until(({ calls }) => calls === 1);
    first.open('truncated-json');
    await vi.waitFor(() => expect(stage.events.of('attempt-end')).toMatchObject([{ verdict: 'bad-reply' }]));
    second.open('ok');
    expect(servedBy(await call)).toBe('b');
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 1]);
    expect(clock.pending).toBe(0);
  });

  it('after twenty answers: three times the slowest of a hundred, 20 s at the least', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: [...Array(20).fill('ok'), 'black-hole'], b: [] },
      { clock, timeout: 100_000 },
    );
    for (let call = 0; call < 20; call++) expect(servedBy(await chat(stage.client))).toBe('a');
    const call = chat(stage.client).then(servedBy);
    await stage.servers.a.until(({ calls }) => calls === 21);
    await clock.advance(19_999);
    expect(stage.servers.b.calls).toBe(0);
    await clock.advance(1);
    expect(await call).toBe('b');
  });

  it('rescue.after and rescue.factor as given', async () => {
    const clock = manualClock();
    const slow = gate<Step>();
    await using stage = await openStage(
      { a: ({ number }) => (number <= 20 ? slow.promise : 'black-hole'), b: [] },
      { clock, timeout: 1_000_000, rescue: { after: 100, factor: 5 } },
    );
    // Twenty answers of 8 s each.
    const usual = many(20, 20, () => chat(stage.client));
    await stage.servers.a.until(({ calls }) => calls === 20);
    await clock.advance(8_000);
    slow.open('ok');
    await usual;
    const call = chat(stage.client).then(servedBy);
    await stage.servers.a.until(({ calls }) => calls === 21);
    // 8 s are remembered to within a fifth.
    await clock.advance(39_000);
    expect(stage.servers.b.calls).toBe(0);
    await clock.advance(10_000);
    expect(await call).toBe('b');
  });

  it('a body that stalls is rescued as well', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: 'stall-body', b: [] }, { clock, timeout: 100_000 });
    const call = chat(stage.client).then(servedBy);
    await vi.waitFor(() => expect(stage.servers.a.requests[0]?.status).toBe(200));
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    await clock.advance(100_000 - 1);
    expect(await call).toBe('b');
  });

  it('once per call', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: 'black-hole', b: 'black-hole', c: [] },
      { clock, timeout: 100_000, maxAttempts: 10 },
    );
    const failed = failure(chat(stage.client));
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(50_000);
    await stage.servers.b.until(({ calls }) => calls === 1);
    await clock.advance(50_000);
    expect(await failed).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(stage.servers.c.calls).toBe(0);
  });

  it.each<[what: string, options: object]>([
    ['rescue: false', { rescue: false }],
    ['failover: false', { failover: false }],
    ['an empty retry budget', { retryBudget: { ratio: 0, minPerSecond: 0 } }],
    ['maxAttempts: 1', { maxAttempts: 1 }],
  ])('not with %s', async (_, options) => {
    const clock = manualClock();
    await using stage = await openStage({ a: 'black-hole', b: [] }, { clock, timeout: 100_000, ...options });
    const failed = failure(chat(stage.client));
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(100_000);
    expect(await failed).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(stage.servers.b.calls).toBe(0);
  });

  it('not when pinned, and never for what would exist twice', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: 'black-hole', b: [] }, { clock, timeout: 100_000 });
    const { client } = stage;
    const file = () => new File(['{}'], 'x.jsonl');
    const failed = [
      failure(chat(client.balancer.pin('a'))),
      failure(client.files.create({ file: file(), purpose: 'batch' })),
      failure(client.responses.create({ model: 'gpt-5', input: 'x', background: true })),
    ];
    await stage.servers.a.until(({ calls }) => calls === 3);
    await clock.advance(100_000);
    for (const error of await Promise.all(failed)) expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(stage.servers.b.calls).toBe(0);
  });
});

describe('attemptTimeout as a number cuts', () => {
  it.each<[what: string, step: Step]>([
    ['before the headers', 'black-hole'],
    ['in the body', 'stall-body'],
  ])('%s', async (_, step) => {
    const clock = manualClock();
    await using stage = await openStage({ a: [step], b: [] }, { clock, attemptTimeout: 5_000 });
    const call = chat(stage.client);
    call.catch(() => undefined);
    await stage.servers.a.until(({ calls }) => calls === 1);
    if (step === 'stall-body') await vi.waitFor(() => expect(stage.servers.a.requests[0]?.status).toBe(200));
    await clock.advance(4_999);
    expect(stage.state('a').inFlight).toBe(1);
    await clock.advance(1);
    expect(stage.state('a').inFlight).toBe(0);
    const answer = await call;
    expect(attemptsOf(answer)).toMatchObject([
      { endpoint: 'a', verdict: 'timed-out', ms: 5_000 },
      { endpoint: 'b', verdict: 'ok' },
    ]);
    // The bound is the user's own: what exceeds it is the endpoint's failure.
    expect(stage.state('a')).toMatchObject({ failures: 1 });
    await stage.servers.a.until(({ requests }) => requests[0]?.aborted === true);
  });

  it('even when nobody else is left', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: ['black-hole', 'ok'] }, { clock, attemptTimeout: 5_000 });
    const call = chat(stage.client).then(attemptsOf);
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(5_000);
    await stage.events.until('call-waiting');
    await clock.advance(1_000);
    expect((await call).map(({ verdict }) => verdict)).toEqual(['timed-out', 'ok']);
  });

  it('an endpoint’s own timeout bounds its attempts', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: { script: 'black-hole', timeout: 2_000 }, b: [] }, { clock });
    const call = chat(stage.client).then(servedBy);
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(2_000);
    expect(await call).toBe('b');
  });
});

describe('an endpoint gone silent', () => {
  it('takes no more calls than one at a time, and nothing is cut there', async () => {
    const clock = manualClock();
    const silent = gate<Step>();
    await using stage = await openStage({ a: () => silent.promise, b: [] }, { clock, timeout: 100_000 });
    await clock.advance(1_000);
    // Streams are not rescued: they wait, and are cut after a minute only.
    const waiting = [chatStream(stage.client), chatStream(stage.client)].map((call) => call.then(read));
    await stage.servers.a.until(({ calls }) => calls === 2);
    await clock.advance(49_000);
    expect(stage.state('a').excluded).toBeNull();
    await clock.advance(2_000);
    // Beyond half of the timeout without a byte from anybody there. The next call is its probe.
    const probe = chatStream(stage.client).then(read);
    await stage.servers.a.until(({ calls }) => calls === 3);
    // An answer that lay unread, because the process stood still, would be there in a moment.
    expect(stage.state('a').excluded).toBeNull();
    await clock.advance(50);
    expect(stage.state('a')).toMatchObject({ excluded: 'unresponsive', breaker: 'closed', inFlight: 3 });
    for (let call = 0; call < 5; call++) expect(servedBy(await chat(stage.client))).toBe('b');
    expect(stage.servers.a.calls).toBe(3);
    // A byte to anybody ends it.
    silent.open({ stream: 2 });
    for (const { text } of await Promise.all([...waiting, probe])) expect(text).toBe('a-0 a-1 ');
    expect(stage.state('a')).toMatchObject({ excluded: null, failures: 0, inFlight: 0 });
    expect((await read(await chatStream(stage.client))).text).toBe('a-0 a-1 ');
  });

  it('a long call beside others that are answered is no silence', async () => {
    const clock = manualClock();
    const long = gate<Step>();
    await using stage = await openStage(
      { a: ({ number }) => (number === 1 ? long.promise : 'ok'), b: [] },
      { clock, timeout: 100_000, rescue: false },
    );
    const call = chat(stage.client).then(servedBy);
    await stage.servers.a.until(({ calls }) => calls === 1);
    for (let turn = 0; turn < 5; turn++) {
      await clock.advance(18_000);
      expect(servedBy(await chat(stage.client))).toBe('a');
      expect(stage.state('a').excluded).toBeNull();
    }
    long.open('ok');
    expect(await call).toBe('a');
  });
});

/** The most requests that arrived within any 10 s. */
function busiest(servers: readonly FaultServer[]): number {
  const times = servers.flatMap(({ requests }) => requests.map(({ at }) => at)).sort((a, b) => a - b);
  let [most, from] = [0, 0];
  for (let to = 0; to < times.length; to++) {
    while (times[to]! - times[from]! > 10_000) from += 1;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

describe('the retry budget, while everything fails and no breaker helps', () => {
  const CALLS = FULL ? 5_000 : 500;
  it.each<[what: string, step: Step, concurrency: number, maxRetries: number]>([
    ['500', 500, 32, 0],
    ['500, all at once', 500, 500, 0],
    ['500, with waits', 500, 250, 2],
    ['dropped connections', 'reset', 32, 0],
    ['web pages', 'html', 32, 0],
  ])('%s: upstream requests ≤ 1.2 × calls + 100', { timeout: 120_000 }, async (_, step, concurrency, maxRetries) => {
    await using stage = await openStage(
      { a: step, b: step, c: step },
      { strategy: 'round-robin', breaker: false, maxRetries },
    );
    const calls = concurrency === 500 ? 500 : CALLS;
    const results = await many(calls, concurrency, () => chat(stage.client));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(busiest(Object.values(stage.servers))).toBeLessThanOrEqual(1.2 * calls + 100);
    expect(stage.events.of('budget-exhausted').length).toBeGreaterThan(0);
    // It is for extra attempts only: every call had its first.
    expect(Object.values(stage.servers).reduce((sum, server) => sum + server.calls, 0)).toBeGreaterThanOrEqual(calls);
  });

  it('retryBudget: false: everybody is tried', async () => {
    await using stage = await openStage(
      { a: 500, b: 500, c: 500 },
      { strategy: 'round-robin', breaker: false, maxRetries: 0, retryBudget: false },
    );
    await many(300, 16, () => chat(stage.client));
    expect(Object.values(stage.servers).map(({ calls }) => calls)).toEqual([300, 300, 300]);
    expect(stage.client.balancer.snapshot().retryBudget).toBeNull();
  });

  it('failing over from a refused connection or a rate limit is free', async () => {
    await using stage = await openStage(
      { a: [], b: { status: 429, retryAfterMs: 0 }, c: [] },
      { breaker: false, retryBudget: { ratio: 0, minPerSecond: 0 } },
    );
    await stage.servers.a.refuse();
    const results = await many(50, 8, () => chat(stage.client));
    expect(results.map((result) => result.status === 'fulfilled' && servedBy(result.value))).toEqual(
      Array(50).fill('c'),
    );
  });
});

describe('everybody ejected', () => {
  const PAIR = { a: 500, b: 500 } as const;
  const options = { breaker: { consecutiveFailures: 1 }, maxRetries: 0 } as const;

  it('a total outage: about one call a second is let through, the others fail within 5 ms', async () => {
    const clock = manualClock();
    await using stage = await openStage(PAIR, {
      clock,
      ...options,
      breaker: { consecutiveFailures: 1, resetTimeout: 3_600_000 },
    });
    await failure(chat(stage.client));
    expect([stage.state('a').breaker, stage.state('b').breaker]).toEqual(['open', 'open']);
    const before = stage.servers.a.calls + stage.servers.b.calls;
    const refused: number[] = [];
    // Twenty calls a second, for twenty seconds.
    for (let call = 0; call < 400; call++) {
      await clock.advance(50);
      const from = performance.now();
      const error = await failure(chat(stage.client));
      if (error instanceof NoEndpointAvailableError) refused.push(performance.now() - from);
      else expect(error).toMatchObject({ status: 500 });
    }
    const through = stage.servers.a.calls + stage.servers.b.calls - before;
    expect(through).toBeGreaterThanOrEqual(10);
    expect(through).toBeLessThanOrEqual(50);
    refused.sort((a, b) => a - b);
    expect(refused[Math.floor(refused.length / 2)]).toBeLessThan(5);
    expect(stage.events.of('panic-entered').length).toBeGreaterThan(0);
  });

  it('its error: 503, when to come back, each endpoint with its reason, the last real error as cause', async () => {
    const clock = manualClock();
    await using stage = await openStage(PAIR, { clock, ...options, panic: false });
    await failure(chat(stage.client));
    const error = await failure<NoEndpointAvailableError & { cause: unknown }>(chat(stage.client));
    expect(error).toBeInstanceOf(NoEndpointAvailableError);
    expect(error).toMatchObject({ status: 503, type: 'server_error', code: 'no_endpoint_available' });
    expect(error.endpoints).toEqual([
      { name: 'a', reason: expect.stringMatching(/^ejected after failures, for [45] s$/) },
      { name: 'b', reason: expect.stringMatching(/^ejected after failures, for [45] s$/) },
    ]);
    expect(error.retryAfterMs).toBeGreaterThan(4_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(5_000);
    expect(error.cause).toBeInstanceOf(OpenAI.InternalServerError);
    expect(stage.events.of('panic-entered')).toEqual([]);
    expect(stage.servers.a.calls + stage.servers.b.calls).toBe(2);
  });

  it('a brownout of half: nearly everything is let through', async () => {
    const clock = manualClock({ seed: 5 });
    const { random } = manualClock({ seed: 11 });
    const half = () => (random() < 0.5 ? 500 : 'ok');
    await using stage = await openStage(
      { a: half, b: half },
      { clock, ...options, failover: false, breaker: { consecutiveFailures: 1, resetTimeout: 3_600_000 } },
    );
    let [answered, refused] = [0, 0];
    for (let call = 0; call < 400; call++) {
      await clock.advance(25);
      await chat(stage.client).then(
        () => {
          answered += 1;
        },
        (error: unknown) => {
          if (error instanceof NoEndpointAvailableError) refused += 1;
        },
      );
    }
    expect(refused).toBeLessThan(80);
    expect(answered).toBeGreaterThan(130);
  });

  it('the first answer brings an endpoint back', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [500, 'ok'], b: [500, 'ok'] }, { clock, ...options });
    await failure(chat(stage.client));
    await clock.advance(1_000);
    await chat(stage.client);
    const states = [stage.state('a').breaker, stage.state('b').breaker].sort();
    expect(states).toEqual(['closed', 'open']);
  });

  it('with retries left a refused call backs off and tries again', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: [500, 'ok'] },
      { clock, breaker: { consecutiveFailures: 1, resetTimeout: 60_000 } },
    );
    const call = chat(stage.client).then(attemptsOf);
    const { ms } = await stage.events.until('call-waiting');
    expect(ms).toBeLessThanOrEqual(500);
    await clock.advance(1_000);
    expect((await call).map(({ verdict }) => verdict)).toEqual(['server-error', 'ok']);
  });
});
