// Rows 57 to 60: nobody can take the call, or somebody can only now and then.
import { expect, it } from 'vitest';
import { attemptsOf, NoEndpointAvailableError } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { chat, FULL, failure, many, servedBy } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';
import { row } from './row.ts';

const quick = { consecutiveFailures: 1 } as const;
type Refused = NoEndpointAvailableError & { cause: Error };

row(57, 'all endpoints down', 'the real error, then NoEndpointAvailableError within 5 ms', () => {
  const down = async (panic: false | { k: number } = false) => {
    const clock = manualClock();
    const stage = await openStage({ a: [], b: [] }, { clock, panic, breaker: quick, maxRetries: 0 });
    await Promise.all([stage.servers.a.refuse(), stage.servers.b.refuse()]);
    return Object.assign(stage, { clock });
  };

  it('the first call asks everybody once and throws the connection’s error', async () => {
    await using stage = await down();
    const error = await failure(chat(stage.client));
    expect([
      error.constructor.name,
      attemptsOf(error).map(({ endpoint, verdict }) => `${endpoint} ${verdict}`),
    ]).toEqual(['APIConnectionError', ['a connect-failed', 'b connect-failed']]);
    expect([stage.state('a').breaker, stage.state('b').breaker]).toEqual(['open', 'open']);
  });

  it('later ones fail within 5 ms, nothing is sent: why each is out, when to come back, the cause, and no key', async () => {
    await using stage = await down();
    await failure(chat(stage.client));
    const times: number[] = [];
    let error = new Error() as Refused;
    for (let call = 0; call < 100; call++) {
      const from = performance.now();
      error = await failure<Refused>(chat(stage.client));
      times.push(performance.now() - from);
    }
    expect(times.sort((a, b) => a - b)[50]).toBeLessThan(5);
    expect(error).toBeInstanceOf(NoEndpointAvailableError);
    const reason = expect.stringMatching(/^ejected after failures, for [45] s$/);
    expect(error).toMatchObject({
      status: 503,
      endpoints: [
        { name: 'a', reason },
        { name: 'b', reason },
      ],
    });
    expect(error.cause.constructor.name).toBe('APIConnectionError');
    expect([error.retryAfterMs! > 4_000, error.retryAfterMs! <= 5_000]).toEqual([true, true]);
    expect([error.message.includes(stage.keys.a), stage.state('a').attempts]).toEqual([false, 1]);
  });

  it('up again, they serve again once their open time is over', async () => {
    await using stage = await down();
    await failure(chat(stage.client));
    await Promise.all([stage.servers.a.accept(), stage.servers.b.accept()]);
    await stage.clock.advance(5_000);
    for (const _ of [1, 2, 3]) expect((await chat(stage.client)).object).toBe('chat.completion');
    expect(stage.state('a')).toMatchObject({ breaker: 'closed', excluded: null, inFlight: 0 });
  });
});

row(58, 'all endpoints rate-limited', 'waits for the earliest within bounds, else fails at once', () => {
  const limited = (retryAfter: number) => [{ status: 429, retryAfter }];

  it('within the deadline and maxWait: the call waits for the earliest and is served', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: limited(8), b: limited(3) }, { clock });
    const call = chat(stage.client);
    expect(await stage.events.until('call-waiting')).toMatchObject({ ms: 3_000 });
    await clock.advance(2_999);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 1]);
    await clock.advance(302);
    expect(servedBy(await call)).toBe('b');
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 2]);
    expect(stage.state('a')).toMatchObject({
      failures: 0,
      breaker: 'closed',
      cooldowns: [{ model: 'gpt-5', reason: '429' }],
    });
  });

  it.each<[why: string, seconds: number, options: object]>([
    ['beyond maxWait', 120, {}],
    ['beyond the deadline', 30, { timeout: 20_000 }],
    ['with maxRetries: 0', 3, { maxRetries: 0 }],
    ['with the waiting room closed', 3, { waitingRoom: false }],
  ])(
    '%s: the SDK’s error to the call that met it; later ones learn the earliest end, nothing is sent',
    async (_, seconds, options) => {
      const clock = manualClock();
      await using stage = await openStage({ a: limited(seconds + 5), b: limited(seconds) }, { clock, ...options });
      expect((await failure(chat(stage.client))).constructor.name).toBe('RateLimitError');
      const error = await failure<Refused>(chat(stage.client));
      expect(error).toMatchObject({ status: 429, retryAfterMs: seconds * 1_000, cause: { status: 429 } });
      expect([error.constructor.name, error.headers.get('retry-after')]).toEqual([
        'NoEndpointAvailableError',
        `${seconds}`,
      ]);
      expect([stage.servers.a.calls, stage.servers.b.calls, clock.pending]).toEqual([1, 1, 0]);
    },
  );

  it('the waiting room holds no more than maxWaiting: whoever comes then fails at once', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: limited(3) }, { clock, waitingRoom: { maxWaiting: 5, maxWait: 60_000 } });
    const first = chat(stage.client);
    await stage.events.until('call-waiting');
    const calls = many(20, 20, () => chat(stage.client));
    await clock.advance(0);
    expect(stage.client.balancer.snapshot().waiting).toBe(5);
    await clock.advance(3_300);
    const ended = await calls;
    const turnedAway = ended.filter(
      (end) => end.status === 'rejected' && end.reason instanceof NoEndpointAvailableError,
    );
    expect([(await first).object, turnedAway.length, stage.servers.a.calls]).toEqual(['chat.completion', 16, 6]);
    expect(stage.client.balancer.snapshot().waiting).toBe(0);
  });
});

row(59, 'all breakers open', 'a probe per endpoint and open time; with panic about a call a second', () => {
  const outage = { a: { repeat: [500] }, b: { repeat: [500] } } as const;
  const SECONDS = 40;

  /** Ten calls a second. @returns requests that each server counted since all were open */
  async function hammer(panic: false | undefined): Promise<{ a: number; b: number; refused: number }> {
    const clock = manualClock();
    await using stage = await openStage(outage, { clock, breaker: quick, maxRetries: 0, panic });
    await failure(chat(stage.client));
    const before = { a: stage.servers.a.calls, b: stage.servers.b.calls };
    let refused = 0;
    for (let call = 0; call < 10 * SECONDS; call++) {
      await clock.advance(100);
      if ((await failure(chat(stage.client))) instanceof NoEndpointAvailableError) refused += 1;
    }
    return { a: stage.servers.a.calls - before.a, b: stage.servers.b.calls - before.b, refused };
  }

  it('panic: false: each endpoint is asked once per open time, which doubles', async () => {
    // 5 s, 10 s, 20 s, each up to a tenth shorter.
    const { a, b } = await hammer(false);
    expect([a, b]).toEqual([3, 3]);
  });

  it('with panic: about one call a second is let through, everybody else fails at once', async () => {
    const { a, b, refused } = await hammer(undefined);
    expect(a + b).toBeGreaterThan(SECONDS / 2);
    expect(a + b).toBeLessThan(3 * SECONDS);
    expect(refused).toBeGreaterThan(6 * SECONDS);
  });

  it('the first answer closes the endpoint’s breaker', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [500, 'ok'], b: [500] }, { clock, breaker: quick, maxRetries: 0 });
    await failure(chat(stage.client));
    await clock.advance(1_000);
    await chat(stage.client);
    expect(stage.events.of('endpoint-restored').map(({ endpoint }) => endpoint)).toHaveLength(1);
    expect([stage.state('a').breaker, stage.state('b').breaker].sort()).toEqual(['closed', 'open']);
  });
});

row(60, 'an endpoint up for a second, down for a second', 'no call lost; its open time doubles', () => {
  it('beside a healthy one no call is lost, and it is asked less and less', async () => {
    const clock = manualClock();
    const flapping = () => (Math.floor(clock.now() / 1_000) % 2 === 0 ? 'ok' : 503);
    await using stage = await openStage(
      { a: flapping, b: [] },
      { clock, strategy: 'round-robin', breaker: { consecutiveFailures: 2 } },
    );
    const [CALLS, EVERY] = FULL ? [12_000, 25] : [1_200, 50];
    for (let call = 0; call < CALLS; call++) {
      await clock.advance(EVERY);
      // A call that is lost throws, and so ends the test.
      await chat(stage.client);
    }
    const opened = stage.events.of('endpoint-ejected').map(({ openMs }) => openMs);
    // Up to a tenth shorter at random, never beyond five minutes.
    const doubled = opened.map((_, index) => Math.min(5_000 * 2 ** index, 300_000));
    expect(opened.length).toBeGreaterThan(2);
    for (const [index, ms] of opened.entries()) {
      expect(ms).toBeLessThanOrEqual(doubled[index]!);
      expect(ms).toBeGreaterThanOrEqual(0.9 * doubled[index]!);
    }
    expect(stage.state('b')).toMatchObject({ failures: 0, breaker: 'closed' });
    expect(stage.servers.a.requests.filter(({ status }) => status === 503)).toHaveLength(stage.state('a').failures);
  });
});
