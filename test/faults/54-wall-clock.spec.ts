// Row 54: the wall clock is set back or forth while things are timed. No decision may change.
import { afterEach, expect, it, vi } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { type ManualClock, manualClock, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, read } from '../support/calls.ts';
import { fc, runs } from '../support/property.ts';
import { openStage } from '../support/stage.ts';
import { row } from './row.ts';

const HOUR = 3_600_000;
afterEach(() => void vi.restoreAllMocks());

/** What happens in a history of calls: how each ended, on whom, and everything the pool says and announces but the time of day. */
async function history(step: (clock: ManualClock, moment: number) => void): Promise<unknown> {
  const clock = manualClock();
  const steps: Step[] = [
    500,
    503,
    500,
    500,
    500,
    { status: 429, retryAfter: 2 },
    401,
    'html',
    { step: 'ok' },
    'reset',
    503,
  ];
  await using stage = await openStage(
    { a: { repeat: steps }, b: ['ok', 500, { status: 429, retryAfterMs: 700 }, 'ok', 503, 503], c: [503, 'ok', 'ok'] },
    { clock, breaker: { consecutiveFailures: 2 }, timeout: 20_000 },
  );
  const ended: unknown[] = [];
  for (let moment = 0; moment < 30; moment++) {
    step(clock, moment);
    const call = moment % 3 === 0 ? chatStream(stage.client).then(read) : chat(stage.client);
    let over = false;
    const settled = call.then(
      (value) => attemptsOf(value).length,
      (error: Error) => error.constructor.name,
    );
    void settled.finally(() => {
      over = true;
    });
    // Time goes on only for calls that wait, so that it is the same in every history.
    while (!over) {
      if (stage.client.balancer.snapshot().waiting > 0) await clock.advance(clock.next ?? 0);
      else await new Promise((resolve) => setImmediate(resolve));
    }
    ended.push(await settled, clock.now());
    await clock.advance(700);
  }
  const events = stage.events.all.map(({ at: _, ...fact }) => fact);
  return {
    ended,
    events,
    snapshot: stage.client.balancer.snapshot(),
    calls: Object.values(stage.servers).map(({ calls }) => calls),
  };
}

row(54, 'wall clock stepped: an hour, summer time, NTP', 'no decision changes', () => {
  it('whatever steps it makes, calls, attempts, cooldowns, breakers and budgets are the same', async () => {
    const unshared = (fact: unknown) =>
      JSON.stringify(fact, (key, value) => (key === 'baseURL' || key === 'callId' || key === 'ms' ? undefined : value));
    const still = unshared(await history(() => undefined));
    const steps = fc.array(fc.constantFrom(0, HOUR, -HOUR, 30, -30, 86_400_000, -86_400_000), {
      minLength: 30,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (jumps) => {
        expect(unshared(await history((clock, moment) => clock.jump(jumps[moment]!)))).toBe(still);
      }),
      runs(3),
    );
  });

  it.each([
    ['an hour ahead', HOUR],
    ['an hour behind', -HOUR],
    ['years ahead', 1e12],
  ])('a retry-after date means the time after the server’s own date: %s', async (_, offset) => {
    const clock = manualClock();
    const server = Date.UTC(2026, 0, 1);
    const headers = { date: new Date(server).toUTCString(), 'retry-after': new Date(server + 7_000).toUTCString() };
    await using stage = await openStage({ a: [{ status: 429, headers }], b: [] }, { clock });
    clock.jump(offset);
    await chat(stage.client);
    expect(stage.state('a').cooldowns).toEqual([{ model: 'gpt-5', reason: '429', msLeft: 7_000 }]);
    await clock.advance(6_999);
    expect(stage.state('a').cooldowns).toHaveLength(1);
    await clock.advance(1);
    expect(stage.state('a').cooldowns).toEqual([]);
  });

  it('on the machine’s own clock: no false timeout, and none that is missed', async () => {
    const now = Date.now;
    let offset = 0;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + offset);
    await using stage = await openStage(
      { a: [{ step: 'ok', delay: 60 }, { stream: 5, gap: 10 }, 'black-hole'] },
      { maxRetries: 0 },
    );
    const answer = chat(stage.client, {}, { timeout: 5_000 });
    offset = HOUR;
    expect((await answer).object).toBe('chat.completion');
    const stream = await chatStream(stage.client, {}, { timeout: 5_000 });
    offset = -HOUR;
    expect((await read(stream)).error).toBeUndefined();
    const from = performance.now();
    const late = failure(chat(stage.client, {}, { timeout: 100 }));
    offset = -24 * HOUR;
    expect((await late).constructor.name).toBe('APIConnectionTimeoutError');
    expect(performance.now() - from).toBeLessThan(2_000);
  });
});
