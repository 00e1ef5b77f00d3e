// The wall clock decides nothing: the same history with steps of `Date.now()` in it, by hours and days, is the same history.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { manualClock } from '../../src/testing/index.ts';
import { fc, runs } from '../support/property.ts';
import { ANSWERS } from './world/commands.ts';
import type { Answer } from './world/upstream.ts';
import { type Asking, openWorld, settle } from './world/world.ts';

const DATE = 'Sat, 21 Nov 2026 10:00:00 GMT';
/** Hints in every form, dates among them: those are read against the server's own date. */
const DATED: Answer[] = ['Sat, 21 Nov 2026 10:00:07 GMT', 'Sat, 21 Nov 2026 09:00:00 GMT'].map((retryAfter) => {
  return { is: 'status', status: 429, headers: { date: DATE, 'retry-after': retryAfter } };
});

type Act =
  | { do: 'call'; kind: Asking['kind']; maxRetries: number }
  | { do: 'answer'; index: number; answer: Answer }
  | { do: 'wait'; ms: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    do: fc.constant('call' as const),
    kind: fc.constantFrom<Asking['kind']>('chat', 'stream'),
    maxRetries: fc.constantFrom(0, 2),
  }),
  fc.record({
    ...{ do: fc.constant('answer' as const), index: fc.nat(4) },
    answer: fc.constantFrom<Answer>(
      ...ANSWERS.good,
      ...ANSWERS.faults,
      ...ANSWERS.pauses,
      ...ANSWERS.refusals,
      ...DATED,
    ),
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 400, 5_000, 31_000) }),
);

/** Plays the acts, with a step of the wall clock before each, and tells all that was decided, and when. */
async function play(acts: readonly Act[], steps: readonly number[]) {
  const clock = manualClock();
  const [real, offset] = [Date.now.bind(Date), { ms: 0 }];
  vi.spyOn(Date, 'now').mockImplementation(() => real() + offset.ms);
  const told: string[] = [];
  const world = openWorld(['a', 'b', 'c'], { clock, breaker: { consecutiveFailures: 2 } }, ({ at: _, ...event }) => {
    told.push(`${clock.now()} ${JSON.stringify({ ...event, callId: undefined })}`);
  });
  for (const [index, each] of acts.entries()) {
    clock.jump(steps[index % steps.length] as number);
    offset.ms += steps[index % steps.length] as number;
    if (each.do === 'call') await world.call({ ...each, model: 'gpt-5' });
    else if (each.do === 'wait') await clock.advance(each.ms);
    else {
      const pending = world.pending('head');
      pending[each.index % Math.max(1, pending.length)]?.answer(each.answer);
    }
    await settle();
  }
  await clock.advance(120_000);
  vi.restoreAllMocks();
  const states = world.snapshot().endpoints;
  return { told, states, ends: world.made.map(({ settledAt, error }) => [settledAt, error === undefined]) };
}

describe('invariant 19: time-shift', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('no step of the wall clock changes a decision', { timeout: 60_000 }, async () => {
    const step = fc.integer({ min: -90_000_000, max: 90_000_000 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { minLength: 5, maxLength: 60 }),
        fc.array(step, { minLength: 1, maxLength: 5 }),
        async (acts, steps) => {
          expect(await play(acts, steps)).toEqual(await play(acts, [0]));
        },
      ),
      runs(30),
    );
  });
});
