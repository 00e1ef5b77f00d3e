// Rows 29 to 31: a 429 with a hint, without one, and with one that makes no sense.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { attemptsOf, NoEndpointAvailableError } from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chat, failure, gate, many, servedBy } from '../support/calls.ts';
import { scenario } from '../support/scenario.ts';
import { openStage } from '../support/stage.ts';
import { saying, textOf } from './error-text.ts';
import { row } from './row.ts';

const MINUTE = 60_000;

row(29, '429 with a valid retry-after', 'fails over, neutral; the model is left alone there exactly that long', () => {
  it('the next endpoint answers at once, and nothing counts against the first', async () => {
    await scenario()
      .endpoints({ a: [{ status: 429, retryAfter: 7 }], b: [] })
      .call('gpt-5')
      .expect(
        {
          served: 'b',
          verdicts: ['rate-limited', 'ok'],
          calls: { a: 1, b: 1 },
          breakers: { a: 'closed' },
          withinMs: 100,
        },
        ({ state, events }) => {
          expect(state('a')).toMatchObject({ failures: 0, models: [] });
          expect(events.of('call-waiting')).toEqual([]);
        },
      );
  });

  it.each([
    ['retry-after', { retryAfter: 7 }, 7_000],
    ['retry-after-ms', { retryAfterMs: 1_250 }, 1_250],
  ])('%s: to the millisecond, and for that model alone', async (_, hint, ms) => {
    const clock = manualClock();
    await using stage = await openStage({ a: [{ status: 429, ...hint }], b: [] }, { clock });
    await chat(stage.client);
    expect(stage.state('a').cooldowns).toEqual([{ model: 'gpt-5', reason: '429', msLeft: ms }]);
    expect(servedBy(await chat(stage.client, { model: 'gpt-5-mini' }))).toBe('a');
    await clock.advance(ms - 1);
    expect(servedBy(await chat(stage.client))).toBe('b');
    await clock.advance(1);
    expect(servedBy(await chat(stage.client))).toBe('a');
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([3, 2]);
  });

  it('everybody limited: the call waits for the earliest, at most a tenth longer', async () => {
    const clock = manualClock();
    const both = { a: [{ status: 429, retryAfter: 30 }], b: [{ status: 429, retryAfter: 8 }] };
    await using stage = await openStage(both, { clock });
    const call = chat(stage.client);
    expect(await stage.events.until('call-waiting')).toMatchObject({ ms: 8_000 });
    await clock.advance(7_999);
    expect(stage.servers.b.calls).toBe(1);
    await clock.advance(801);
    expect(attemptsOf(await call).map(({ endpoint }) => endpoint)).toEqual(['a', 'b', 'b']);
  });

  it('everybody limited for too long: the RateLimitError as it came, later the shortest wait, at once', async () => {
    const clock = manualClock();
    const both = { a: [{ status: 429, retryAfter: 300 }], b: [{ status: 429, retryAfter: 200 }] };
    await using stage = await openStage(both, { clock });
    const first = await failure<InstanceType<typeof OpenAI.RateLimitError>>(chat(stage.client));
    expect(first).toBeInstanceOf(OpenAI.RateLimitError);
    expect(first).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(first.headers.get('retry-after')).toBe('200');
    await clock.advance(50_000);
    const later = await failure<NoEndpointAvailableError>(chat(stage.client));
    expect(later).toBeInstanceOf(NoEndpointAvailableError);
    expect(later).toMatchObject({ status: 429, retryAfterMs: 150_000 });
    expect(later.headers.get('retry-after')).toBe('150');
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 1]);
    for (const error of [first, later])
      for (const key of Object.values(stage.keys)) expect(textOf(error)).not.toContain(key);
  });
});

row(30, '429 without a hint', 'fails over, neutral; left alone for 1 s doubling to 60 s', () => {
  it('1 s doubling to 60 s, and from 1 s again after a success', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [{ status: 429, times: 8 }, 'ok', 429], b: [] }, { clock });
    const seen: (number | undefined)[] = [];
    for (let turn = 0; turn < 10; turn++) {
      const [first] = attemptsOf(await chat(stage.client));
      seen.push(first?.retryAfterMs);
      await clock.advance(first?.retryAfterMs ?? 0);
    }
    expect(seen).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, undefined, 1_000]);
    expect(stage.state('a')).toMatchObject({ failures: 0, breaker: 'closed' });
  });

  it('twenty refused at the same time are one refusal', async () => {
    const clock = manualClock();
    const together = gate<Step>();
    await using stage = await openStage({ a: () => together.promise, b: [] }, { clock });
    const all = many(20, 20, () => chat(stage.client));
    await stage.servers.a.until(({ calls }) => calls === 20);
    together.open(429);
    const results = await all;
    expect(results.every(({ status }) => status === 'fulfilled')).toBe(true);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([20, 20]);
    expect(stage.state('a').cooldowns).toEqual([{ model: 'gpt-5', reason: '429', msLeft: 1_000 }]);
  });

  it('alone: waits and goes again like the SDK; without retries its RateLimitError at once', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [429, 429, 'ok', 429] }, { clock });
    const call = chat(stage.client);
    const waits: number[] = [];
    for (let turn = 1; turn <= 2; turn++) {
      waits.push((await stage.events.until('call-waiting')).ms);
      stage.events.clear();
      await clock.advance(2_200);
    }
    expect(servedBy(await call)).toBe('a');
    expect(waits).toEqual([1_000, 2_000]);
    await scenario()
      .endpoints({ a: 429 })
      .options({ maxRetries: 0 })
      .call('gpt-5')
      .expect(
        { error: { name: 'RateLimitError', status: 429, code: 'rate_limit_exceeded' }, calls: { a: 1 }, withinMs: 100 },
        saying('Rate limit reached'),
      );
  });
});

const wall = manualClock().date();
const date = (ms: number) => new Date(wall + ms).toUTCString();
const hint = (retryAfter: string | undefined, retryAfterMs?: string, serverDate = date(0)): Step => ({
  status: 429,
  headers: { date: serverDate },
  ...(retryAfter !== undefined && { retryAfter }),
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});
/** Without a `date` of the server, which Node would add. */
const undated = (retryAfter: string): Step => ({
  raw: `HTTP/1.1 429 Too Many Requests\r\ncontent-length: 2\r\nretry-after: ${retryAfter}\r\n\r\n{}`,
});

/** How long an endpoint is left alone after such a 429: by what it says, and to the millisecond. */
async function leftAlone(step: Step): Promise<number> {
  const clock = manualClock();
  await using stage = await openStage({ a: [step], b: [] }, { clock });
  expect(attemptsOf(await chat(stage.client)).map(({ verdict }) => verdict)).toEqual(['rate-limited', 'ok']);
  const { cooldowns, failures, breaker } = stage.state('a');
  expect([failures, breaker]).toEqual([0, 'closed']);
  const ms = cooldowns[0]?.msLeft ?? 0;
  if (ms === 0) return 0;
  await clock.advance(ms - 1);
  expect(servedBy(await chat(stage.client))).toBe('b');
  await clock.advance(1);
  expect(servedBy(await chat(stage.client))).toBe('a');
  return ms;
}

async function expectEach(table: Readonly<Record<string, readonly [step: Step, ms: number]>>): Promise<void> {
  const seen: Record<string, number> = {};
  for (const [what, [step]] of Object.entries(table)) seen[what] = await leftAlone(step);
  expect(seen).toEqual(Object.fromEntries(Object.entries(table).map(([what, [, ms]]) => [what, ms])));
}

row(31, '429 with a hint that makes no sense', 'fails over, neutral; no hint at all, or ten minutes at most', () => {
  it('negative, empty, NaN, 1e3, words, two values: as without a hint', async () => {
    const texts = ['-1', '-0.5', '', ' ', 'NaN', 'Infinity', '1e3', '0x10', 'soon', 'in 60 seconds', '1, 2', '1,5'];
    await expectEach(Object.fromEntries(texts.map((text) => [text, [hint(text), 1_000]])));
    await expectEach(Object.fromEntries(texts.map((text) => [`${text} ms`, [hint(undefined, text), 1_000]])));
  });

  it('ten years, in whatever unit: ten minutes', async () => {
    await expectEach({
      seconds: [hint('315360000'), 10 * MINUTE],
      ms: [hint(undefined, '315360000000'), 10 * MINUTE],
      'more digits than a number has': [hint('9'.repeat(400)), 10 * MINUTE],
      'a date': [hint(date(3_650 * 86_400_000)), 10 * MINUTE],
      'ten minutes and a second': [hint('601'), 10 * MINUTE],
      'ten minutes': [hint('600'), 10 * MINUTE],
    });
  });

  it('a date counts from the server’s own clock, be that an hour off, and from ours where it tells none', async () => {
    const hour = 60 * MINUTE;
    await expectEach({
      'in 20 s': [hint(date(20_000)), 20_000],
      'in 20 s, server an hour ahead': [hint(date(hour + 20_000), undefined, date(hour)), 20_000],
      'in 20 s, server an hour behind': [hint(date(20_000 - hour), undefined, date(-hour)), 20_000],
      'in 20 s, the server’s date being none': [hint(date(20_000), undefined, 'yesterday'), 20_000],
      'in 20 s, no date of the server': [undated(date(20_000)), 20_000],
      past: [hint(date(-5_000)), 1_000],
      'past by the server’s clock alone': [hint(date(5_000), undefined, date(10_000)), 1_000],
      now: [hint(date(0)), 1_000],
      'no such day': [hint('Tue, 99 Jan 2036 00:00:00 GMT'), 1_000],
    });
  });

  it('two hints that differ: retry-after-ms, unless that makes no sense', async () => {
    await expectEach({
      'the shorter': [hint('30', '250'), 250],
      'the longer': [hint('1', '2500'), 2_500],
      zero: [hint('30', '0'), 0],
      'nonsense beside seconds': [hint('3', 'NaN'), 3_000],
      'negative beside a date': [hint(date(4_000), '-1'), 4_000],
      'nonsense both': [hint('soon', 'NaN'), 1_000],
    });
  });

  it('alone: nobody waits for ten minutes; the RateLimitError comes as it is, at once', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: { repeat: [hint('315360000')] } }, { clock });
    expect(await failure(chat(stage.client))).toBeInstanceOf(OpenAI.RateLimitError);
    expect(await failure(chat(stage.client))).toMatchObject({ status: 429, retryAfterMs: 10 * MINUTE });
    expect(stage.servers.a.calls).toBe(1);
    expect(clock.now()).toBe(0);
  });
});
