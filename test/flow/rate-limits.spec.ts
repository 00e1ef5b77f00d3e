// The promise: a 429 moves the call on at once and leaves that endpoint alone for that model exactly as long as it asked for;
// when everybody is limited, a call waits for the earliest if that is worth it, and says when to come back if it is not.
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI, NoEndpointAvailableError } from '../../src/index.ts';
import { manualClock, type StatusStep } from '../../src/testing/index.ts';
import { chat, chatStream, failure, gate, many, read, servedBy } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';

const limited = (hint: Partial<StatusStep> = {}): StatusStep => ({ status: 429, ...hint });
const waiting = ({ client }: { client: LoadBalancedOpenAI }) => client.balancer.snapshot().waiting;

describe('a 429', () => {
  it('moves the call on at once, and the endpoint is left alone exactly as long as it asked for', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [limited({ retryAfterMs: 1_500 })], b: [] }, { clock });
    const { client, servers, events } = stage;
    const answer = await chat(client);
    // The clock stands still: nothing slept.
    expect(attemptsOf(answer)).toMatchObject([
      { endpoint: 'a', verdict: 'rate-limited', status: 429, retryAfterMs: 1_500, billed: 'no' },
      { endpoint: 'b', verdict: 'ok' },
    ]);
    expect(events.of('call-waiting')).toEqual([]);
    expect(events.of('endpoint-cooldown')).toMatchObject([{ endpoint: 'a', model: 'gpt-5', ms: 1_500, reason: '429' }]);
    expect(stage.state('a').cooldowns).toEqual([{ model: 'gpt-5', reason: '429', msLeft: 1_500 }]);
    await clock.advance(1_499);
    expect(servedBy(await chat(client))).toBe('b');
    expect(servers.a.calls).toBe(1);
    await clock.advance(1);
    expect(servedBy(await chat(client))).toBe('a');
    expect(stage.state('a').cooldowns).toEqual([]);
  });

  it('is about one model on one endpoint', async () => {
    const clock = manualClock();
    const script = ({ model }: { model: string | undefined }) =>
      model === 'gpt-5' ? limited({ retryAfter: 60 }) : 'ok';
    await using stage = await openStage({ a: script, b: [] }, { clock });
    expect(servedBy(await chat(stage.client))).toBe('b');
    expect(servedBy(await chat(stage.client, { model: 'gpt-5-mini' }))).toBe('a');
    expect(servedBy(await chat(stage.client))).toBe('b');
    // The same model for another operation is the same quota.
    await stage.client.embeddings.create({ model: 'gpt-5', input: 'x' });
    expect(stage.servers.a.requests.map(({ model }) => model)).toEqual(['gpt-5', 'gpt-5-mini']);
  });

  const date = (ms: number) => new Date(manualClock().date() + ms).toUTCString();
  it.each<[what: string, hint: Partial<StatusStep>, ms: number]>([
    ['retry-after in seconds', { retryAfter: 7 }, 7_000],
    ['retry-after with a fraction', { retryAfter: '1.5' }, 1_500],
    ['retry-after-ms', { retryAfterMs: 250 }, 250],
    ['both: -ms wins', { retryAfter: 30, retryAfterMs: 250 }, 250],
    ['a date, against the server’s own', { retryAfter: date(20_000), headers: { date: date(0) } }, 20_000],
    [
      'a date, by a server whose clock is an hour off',
      { retryAfter: date(3_620_000), headers: { date: date(3_600_000) } },
      20_000,
    ],
    ['ten years: ten minutes', { retryAfter: 315_360_000 }, 600_000],
    ['nothing: a second', {}, 1_000],
    ['negative: nothing', { retryAfter: -5 }, 1_000],
    ['empty: nothing', { retryAfter: '' }, 1_000],
    ['NaN: nothing', { retryAfter: 'NaN' }, 1_000],
    ['no number: nothing', { retryAfter: 'soon' }, 1_000],
    ['an exponent: nothing', { retryAfter: '1e3' }, 1_000],
    ['a date that is past: nothing', { retryAfter: date(-5_000), headers: { date: date(0) } }, 1_000],
    ['a bad -ms beside a good one: the good one', { retryAfterMs: -1, retryAfter: 3 }, 3_000],
    [
      'the reset of the window that is used up',
      {
        headers: {
          'x-ratelimit-remaining-requests': '12',
          'x-ratelimit-reset-requests': '6m0s',
          'x-ratelimit-remaining-tokens': '0',
          'x-ratelimit-reset-tokens': '1m2.5s',
        },
      },
      62_500,
    ],
    [
      'the longer one of two used up windows',
      {
        headers: {
          'x-ratelimit-remaining-requests': '0',
          'x-ratelimit-reset-requests': '120ms',
          'x-ratelimit-remaining-tokens': '0',
          'x-ratelimit-reset-tokens': '2s',
        },
      },
      2_000,
    ],
  ])('hint: %s', async (_, hint, ms) => {
    const clock = manualClock();
    await using stage = await openStage({ a: [limited(hint)], b: [] }, { clock });
    const answer = await chat(stage.client);
    expect(attemptsOf(answer)[0]).toMatchObject({ endpoint: 'a', retryAfterMs: ms });
    await clock.advance(ms - 1);
    expect(servedBy(await chat(stage.client))).toBe('b');
    await clock.advance(1);
    expect(servedBy(await chat(stage.client))).toBe('a');
  });

  it('without a hint again and again: 1 s doubling to 60 s, from 1 s again after a success', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [...Array(8).fill(429), 'ok', 429], b: [] }, { clock });
    const seen: (number | undefined)[] = [];
    for (let round = 0; round < 10; round++) {
      const [first] = attemptsOf(await chat(stage.client));
      seen.push(first?.retryAfterMs);
      await clock.advance(first?.retryAfterMs ?? 0);
    }
    expect(seen).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, undefined, 1_000]);
  });

  it('a later, shorter hint does not shorten a running cooldown', async () => {
    const clock = manualClock();
    const [first, second] = [gate<StatusStep>(), gate<StatusStep>()];
    const script = ({ number }: { number: number }) => [first, second][number - 1]?.promise;
    await using stage = await openStage({ a: script, b: [] }, { clock });
    const calls = Promise.all([chat(stage.client), chat(stage.client)].map((call) => call.then(servedBy)));
    await stage.servers.a.until((server) => server.calls === 2);
    first.open(limited({ retryAfter: 30 }));
    await stage.events.until('endpoint-cooldown');
    second.open(limited({ retryAfter: 1 }));
    expect(await calls).toEqual(['b', 'b']);
    expect(stage.state('a').cooldowns).toMatchObject([{ msLeft: 30_000 }]);
    await clock.advance(29_999);
    expect(servedBy(await chat(stage.client))).toBe('b');
    await clock.advance(1);
    expect(servedBy(await chat(stage.client))).toBe('a');
  });

  it('a step of the wall clock changes nothing', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [limited({ retryAfter: 60 })], b: [] }, { clock });
    await chat(stage.client);
    clock.jump(3_600_000);
    expect(servedBy(await chat(stage.client))).toBe('b');
    clock.jump(-7_200_000);
    await clock.advance(60_000);
    expect(servedBy(await chat(stage.client))).toBe('a');
  });

  it('says nothing about health: fifty of them, and the breaker is closed', async () => {
    await using stage = await openStage({ a: { status: 429, retryAfterMs: 0 }, b: [] });
    await many(50, 4, () => chat(stage.client));
    expect(stage.servers.a.calls).toBeGreaterThan(10);
    expect(stage.state('a')).toMatchObject({ breaker: 'closed', models: [], failures: 0 });
  });

  it('is known to every client of the process on that endpoint', async () => {
    await using stage = await openStage({ a: [limited({ retryAfter: 60 })], b: [] });
    await chat(stage.client);
    expect(servedBy(await chat(new LoadBalancedOpenAI(stage.options)))).toBe('b');
    expect(stage.servers.a.calls).toBe(1);
    // With another key it is another quota.
    const [a, b] = stage.options.endpoints ?? [];
    const other = new LoadBalancedOpenAI({ ...stage.options, endpoints: [{ ...a, apiKey: 'other' } as never, b!] });
    stage.servers.a.script(400);
    expect(await failure(chat(other))).toMatchObject({ status: 400 });
  });

  it('insufficient_quota cools the whole endpoint for ten minutes, and nobody waits for it', async () => {
    const clock = manualClock();
    const broke = { status: 429, code: 'insufficient_quota' } as const;
    await using stage = await openStage({ a: { repeat: [broke] }, b: [] }, { clock });
    expect(attemptsOf(await chat(stage.client))[0]).toMatchObject({ verdict: 'out-of-credit', retryAfterMs: 600_000 });
    expect(servedBy(await chat(stage.client, { model: 'gpt-5-mini' }))).toBe('b');
    await clock.advance(599_999);
    await chat(stage.client);
    expect(stage.servers.a.calls).toBe(1);
    stage.servers.b.script({ repeat: [broke] });
    expect(await failure(chat(stage.client))).toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect(stage.events.of('call-waiting')).toEqual([]);
  });

  it('503 and 529 with retry-after: failure and pause', async () => {
    for (const status of [503, 529]) {
      const clock = manualClock();
      await using stage = await openStage({ a: [{ status, retryAfter: 9 }], b: [] }, { clock });
      await chat(stage.client);
      expect(stage.state('a')).toMatchObject({ failures: 1, cooldowns: [{ model: 'gpt-5', msLeft: 9_000 }] });
      await clock.advance(8_999);
      expect(servedBy(await chat(stage.client))).toBe('b');
      await clock.advance(1);
      expect(servedBy(await chat(stage.client))).toBe('a');
    }
  });
});

describe('everybody limited', () => {
  const both = (a: number, b: number) => ({ a: [limited({ retryAfterMs: a })], b: [limited({ retryAfterMs: b })] });

  it('the call waits for the earliest and then goes there', async () => {
    const clock = manualClock();
    await using stage = await openStage(both(30_000, 5_000), { clock });
    const call = chat(stage.client);
    expect(await stage.events.until('call-waiting')).toMatchObject({ ms: 5_000 });
    expect(waiting(stage)).toBe(1);
    await clock.advance(4_999);
    expect(stage.servers.b.calls).toBe(1);
    await clock.advance(1);
    const answer = await call;
    expect(attemptsOf(answer).map(({ endpoint }) => endpoint)).toEqual(['a', 'b', 'b']);
    expect(waiting(stage)).toBe(0);
    expect(clock.now()).toBe(5_000);
  });

  it('with real time: no wake-up too early costs a retry or a call', async () => {
    for (let round = 0; round < 15; round++) {
      await using stage = await openStage(both(20 + round, 12), { maxRetries: 1 });
      const attempts = attemptsOf(await chat(stage.client));
      expect(attempts.map(({ verdict }) => verdict)).toEqual(['rate-limited', 'rate-limited', 'ok']);
    }
  });

  it('streams wait as well', async () => {
    const clock = manualClock();
    await using stage = await openStage(both(30_000, 5_000), { clock });
    const call = chatStream(stage.client);
    call.catch(() => undefined);
    await stage.events.until('call-waiting');
    await clock.advance(5_500);
    expect((await read(await call)).error).toBeUndefined();
  });

  it('beyond the deadline: RateLimitError for the call that met it, NoEndpointAvailableError for later ones, at once', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: { repeat: [limited({ retryAfterMs: 30_000 })] }, b: { repeat: [limited({ retryAfterMs: 5_000 })] } },
      { clock, timeout: 4_000 },
    );
    const first = await failure(chat(stage.client));
    expect(first).toBeInstanceOf(OpenAI.RateLimitError);
    expect(first).toMatchObject({ status: 429 });
    expect(attemptsOf(first)).toHaveLength(2);
    await clock.advance(1_000);
    const later = await failure(chat(stage.client, {}, { timeout: 3_999 }));
    expect(later).toBeInstanceOf(NoEndpointAvailableError);
    expect(later).toBeInstanceOf(OpenAI.OpenAIError);
    expect(later).toMatchObject({
      name: 'NoEndpointAvailableError',
      status: 429,
      code: 'no_endpoint_available',
      type: 'rate_limit_error',
      retryAfterMs: 4_000,
      endpoints: [
        { name: 'a', reason: 'cooling down (429), for 29 s' },
        { name: 'b', reason: 'cooling down (429), for 4 s' },
      ],
    });
    const { headers, cause, message } = later as unknown as NoEndpointAvailableError & { cause: unknown };
    expect([headers.get('retry-after'), headers.get('retry-after-ms')]).toEqual(['4', '4000']);
    expect(cause).toBeInstanceOf(OpenAI.RateLimitError);
    expect(message).toMatch(
      /^No endpoint can take 'gpt-5' \(chat\): a cooling down \(429\), for 29 s; b .*Try again in 4 s\.$/,
    );
    expect(attemptsOf(later)).toEqual([]);
    expect(stage.servers.a.calls + stage.servers.b.calls).toBe(2);
    expect(stage.events.of('call-waiting')).toEqual([]);
    expect(waiting(stage)).toBe(0);
  });

  it('beyond waitingRoom.maxWait: the same', async () => {
    const clock = manualClock();
    await using stage = await openStage(both(61_000, 60_001), { clock });
    expect(await failure(chat(stage.client))).toBeInstanceOf(OpenAI.RateLimitError);
    expect(await failure(chat(stage.client))).toBeInstanceOf(NoEndpointAvailableError);
    await clock.advance(1);
    const call = chat(stage.client);
    call.catch(() => undefined);
    await stage.events.until('call-waiting');
    await clock.advance(66_000);
    await call;
  });

  it('maxRetries 0 never waits, but still fails over', async () => {
    const clock = manualClock();
    await using stage = await openStage(both(10, 10), { clock, maxRetries: 0 });
    expect(await failure(chat(stage.client))).toBeInstanceOf(OpenAI.RateLimitError);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 1]);
    expect(await failure(chat(stage.client))).toMatchObject({ name: 'NoEndpointAvailableError', retryAfterMs: 10 });
    // Also said for one call only.
    expect(await failure(chat(stage.client, {}, { maxRetries: 0 }))).toMatchObject({ retryAfterMs: 10 });
    expect(stage.events.of('call-waiting')).toEqual([]);
  });

  it('waiting before anything was attempted costs no retry', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: [limited({ retryAfterMs: 2_000 }), limited({ retryAfterMs: 2_000 })] },
      { clock, maxRetries: 1 },
    );
    expect(await failure(chat(stage.client, {}, { maxRetries: 0 }))).toBeInstanceOf(OpenAI.RateLimitError);
    const call = chat(stage.client);
    call.catch(() => undefined);
    // First wait: nothing was attempted. Then a 429, and the one wait its retry pays for.
    for (let turn = 0; turn < 2; turn++) {
      await stage.servers.a.until(({ calls }) => calls === 1 + turn);
      await stage.events.until('call-waiting');
      stage.events.clear();
      await clock.advance(2_200);
    }
    expect(attemptsOf(await call).map(({ verdict }) => verdict)).toEqual(['rate-limited', 'ok']);
  });

  it('a pinned call waits for its endpoint, though others are free', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [limited({ retryAfterMs: 5_000 })], b: [] }, { clock });
    const call = chat(stage.client.balancer.pin('a'));
    call.catch(() => undefined);
    await stage.events.until('call-waiting');
    await clock.advance(5_500);
    expect(attemptsOf(await call).map(({ endpoint }) => endpoint)).toEqual(['a', 'a']);
    expect(stage.servers.b.calls).toBe(0);
  });

  it('fifty calls wait for the same moment, come one after the other, and all get their answer', async () => {
    const clock = manualClock();
    const answers = gate<'ok'>();
    const script = ({ number }: { number: number }) =>
      number === 1 ? limited({ retryAfterMs: 8_000 }) : answers.promise;
    await using stage = await openStage({ a: [limited({ retryAfterMs: 10_000 })], b: script }, { clock });
    const first = chat(stage.client);
    await stage.events.until('call-waiting');
    const calls = [first, ...Array.from({ length: 49 }, () => chat(stage.client))].map((call) => call.then(servedBy));
    const all = Promise.all(calls);
    await clock.advance(0);
    expect(waiting(stage)).toBe(50);
    // The clock stands still: nobody else goes before the first was let in, or a moment passed.
    await clock.advance(8_000);
    await stage.servers.b.until((server) => server.calls === 2);
    expect([waiting(stage), stage.events.of('attempt-start').length]).toEqual([49, 3]);
    await clock.advance(250);
    expect([waiting(stage), stage.events.of('attempt-start').length]).toEqual([47, 5]);
    answers.open('ok');
    expect(new Set(await all)).toEqual(new Set(['b']));
    expect(waiting(stage)).toBe(0);
    expect(clock.now()).toBe(8_250);
  });

  it('a wait that fits the deadline is not prolonged beyond it', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const clock = manualClock({ seed });
      await using stage = await openStage({ a: [limited({ retryAfterMs: 9_500 })] }, { clock, timeout: 10_000 });
      expect(await failure(chat(stage.client, {}, { maxRetries: 0 }))).toBeInstanceOf(OpenAI.RateLimitError);
      const call = chat(stage.client).then(servedBy, String);
      await stage.events.until('call-waiting');
      await clock.advance(9_999);
      expect(await call, `seed ${seed}`).toBe('a');
    }
  });

  it('the waiting room is bounded', async () => {
    const clock = manualClock();
    await using stage = await openStage(both(5_000, 5_000), { clock, waitingRoom: { maxWaiting: 1 } });
    const inside = chat(stage.client).then(servedBy);
    await stage.events.until('call-waiting');
    expect(await failure(chat(stage.client))).toBeInstanceOf(NoEndpointAvailableError);
    await clock.advance(5_500);
    expect(await inside).toBe('a');
  });

  it('waitingRoom: false: nobody waits', async () => {
    const clock = manualClock();
    await using stage = await openStage(both(5, 5), { clock, waitingRoom: false });
    expect(await failure(chat(stage.client))).toBeInstanceOf(OpenAI.RateLimitError);
    expect(await failure(chat(stage.client))).toBeInstanceOf(NoEndpointAvailableError);
  });

  it('everybody limited, one also broken: the status is 429 as long as one rate limit is among the reasons', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: { repeat: [limited({ retryAfter: 60 })] }, b: 401 },
      { clock, maxRetries: 0 },
    );
    expect(await failure(chat(stage.client))).toMatchObject({ status: 401 });
    const later = await failure(chat(stage.client));
    expect(later).toMatchObject({ name: 'NoEndpointAvailableError', status: 429, retryAfterMs: 60_000 });
  });
});
