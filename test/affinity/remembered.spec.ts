// Property: whatever is learnt and asked for in whatever order and time, exactly the ids used last are known, for 30 days each.
import { expect, it } from 'vitest';
import { Affinity } from '../../src/affinity/affinity.ts';
import { manualClock } from '../../src/testing/index.ts';
import { fc, runs } from '../support/property.ts';

const LIMIT = 5;
const KEPT = 30 * 24 * 60 * 60_000;
const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'x'.repeat(513)];

/** The same in the plainest way: a list, the one used last at its end. */
class Model {
  facts: { id: string; owner: string; at: number }[] = [];

  use(id: string, owner: string, now: number): void {
    this.facts = [...this.facts.filter((fact) => fact.id !== id), { id, owner, at: now }];
  }

  learn(ids: readonly string[], owner: string, now: number): void {
    for (const id of ids) if (id.length <= 512) this.use(id, owner, now);
    this.facts = this.facts.filter(({ at }) => now - at < KEPT).slice(-LIMIT);
  }

  ownerOf(id: string, now: number): string | undefined {
    const fact = this.facts.find((each) => each.id === id && now - each.at < KEPT);
    if (fact) this.use(id, fact.owner, now);
    return fact?.owner;
  }
}

const id = fc.constantFrom(...IDS);
const step = fc.oneof(
  fc.record({
    is: fc.constant('learn' as const),
    ids: fc.array(id, { maxLength: 4 }),
    owner: fc.constantFrom('x', 'y'),
  }),
  fc.record({ is: fc.constant('ask' as const), id }),
  fc.record({ is: fc.constant('find' as const), id }),
  fc.record({ is: fc.constant('wait' as const), ms: fc.constantFrom(1, KEPT / 3, KEPT / 2, KEPT - 1, KEPT) }),
);

it('knows what a list would know', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const clock = manualClock();
      const affinity = new Affinity(clock, undefined, LIMIT);
      const model = new Model();
      for (const each of steps) {
        const now = clock.now();
        if (each.is === 'learn') {
          affinity.learn(each.ids, each.owner);
          model.learn(each.ids, each.owner, now);
        } else if (each.is === 'ask') expect(affinity.ownerOf(each.id)).toBe(model.ownerOf(each.id, now));
        else if (each.is === 'find') expect(await affinity.find(each.id)).toBe(model.ownerOf(each.id, now));
        else await clock.advance(each.ms);
      }
      for (const each of IDS) expect(affinity.ownerOf(each)).toBe(model.ownerOf(each, clock.now()));
    }),
    runs(300),
  );
});
