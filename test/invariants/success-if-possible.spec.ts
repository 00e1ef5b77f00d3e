// If an endpoint is well, every call succeeds, whatever its neighbours do, as long as attempts are left to reach it.
import { describe, expect, it } from 'vitest';
import { random } from '../../src/strategy/random.ts';
import { manualClock } from '../../src/testing/index.ts';
import { fc, runs } from '../support/property.ts';
import { ANSWERS } from './world/commands.ts';
import type { Answer, Word } from './world/upstream.ts';
import { openWorld, settle } from './world/world.ts';

/** What a sick endpoint does with a request: an answer after a while, or a body that breaks. */
type Sick = { after: number; answer: Answer; next?: Word | undefined };

const sick: fc.Arbitrary<Sick> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      after: fc.constantFrom(0, 5, 900),
      answer: fc.constantFrom<Answer>(...ANSWERS.faults, ...ANSWERS.pauses, ...ANSWERS.refusals),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ after: fc.constantFrom(0, 200), answer: fc.constant<Answer>({ is: 'begin' }) },
      next: fc.constantFrom<Word>('cut', 'stop', 'error', 'garbage'),
    }),
  },
);

const plan = fc.record({
  /** The healthy endpoint's place in the list, and what it takes. */
  well: fc.nat(2),
  latency: fc.constantFrom(0, 20, 3_000),
  /** One of them may also say nothing, ever. Not both: a call that hangs is rescued once. */
  sick: fc.tuple(
    fc.array(fc.oneof({ weight: 11, arbitrary: sick }, { weight: 1, arbitrary: fc.constant('hang' as const) }), {
      ...{ minLength: 1, maxLength: 6 },
    }),
    fc.array(sick, { minLength: 1, maxLength: 6 }),
  ),
  calls: fc.array(
    fc.record({
      kind: fc.constantFrom('chat' as const, 'stream' as const),
      pause: fc.constantFrom(0, 0, 50, 4_000, 40_000),
      maxRetries: fc.constantFrom(0, 2),
    }),
    { minLength: 1, maxLength: 25 },
  ),
  strategy: fc.constantFrom('round-robin' as const, 'priority' as const, 'random' as const),
});

describe('invariant 1: success if possible', () => {
  it('one of three endpoints is well: no call is lost, whatever the other two do', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ well, latency, sick: [one, other], calls, strategy }) => {
        const clock = manualClock();
        const picks = strategy === 'random' ? random(clock.random) : strategy;
        const world = openWorld(['a', 'b', 'c'], { strategy: picks, clock, timeout: 600_000 });
        const { upstream } = world;
        const good = ['a', 'b', 'c'][well]!;
        const scripts = new Map<string, readonly (Sick | 'hang')[]>(
          ['a', 'b', 'c'].filter((name) => name !== good).map((name, index) => [name, index === 0 ? one : other]),
        );
        const met = new Map<string, number>();
        upstream.arrived = (asked) => {
          const script = scripts.get(asked.endpoint);
          if (!script) return void clock.after(latency, () => asked.phase === 'head' && asked.answer({ is: 'ok' }));
          const turn = met.get(asked.endpoint) ?? 0;
          met.set(asked.endpoint, turn + 1);
          const step = script[turn % script.length] as Sick | 'hang';
          if (step === 'hang') return;
          clock.after(step.after, () => {
            if (asked.phase !== 'head') return;
            asked.answer(step.answer);
            if (step.next) asked.say(step.next);
          });
        };
        for (const { kind, pause, maxRetries } of calls) {
          await world.call({ kind, model: 'gpt-5', maxRetries });
          await clock.advance(pause);
          await settle();
        }
        await clock.advance(600_000);
        await settle();
        expect(world.made.map(({ error }) => error)).toEqual(world.made.map(() => undefined));
      }),
      runs(40),
    );
  });
});
