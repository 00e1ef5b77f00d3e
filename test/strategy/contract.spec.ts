// Every strategy of ours keeps the contract of strategies, which users hold their own to.
import { describe, expect, it } from 'vitest';
import { headroom } from '../../src/strategy/headroom.ts';
import { leastBusy } from '../../src/strategy/least-busy.ts';
import { leastLatency } from '../../src/strategy/least-latency.ts';
import { priority } from '../../src/strategy/priority.ts';
import { promptCache } from '../../src/strategy/prompt-cache.ts';
import { random } from '../../src/strategy/random.ts';
import { roundRobin } from '../../src/strategy/round-robin.ts';
import type { Strategy } from '../../src/strategy/strategy.ts';
import { manualClock, strategyContract } from '../../src/testing/index.ts';
import { CALL, candidate } from '../support/candidates.ts';

const STRATEGIES: Record<string, () => Strategy> = {
  'round-robin': roundRobin,
  random: () => random(manualClock({ seed: 5 }).random),
  'random, by the clock of the machine': () => random(),
  'least-busy': () => leastBusy(manualClock({ seed: 7 }).random),
  'least-busy, by the clock of the machine': () => leastBusy(),
  'least-latency': () => leastLatency(manualClock({ seed: 9 }).random),
  headroom: () => headroom(manualClock({ seed: 9 }).random),
  'prompt-cache': () => promptCache(),
  priority: () => priority(),
  'priority(prompt-cache)': () => priority(promptCache()),
  'priority(random)': () => priority(random(manualClock({ seed: 6 }).random)),
  'priority(least-busy)': () => priority(leastBusy(manualClock({ seed: 8 }).random)),
};

for (const [name, make] of Object.entries(STRATEGIES)) {
  describe(`${name}: what every strategy promises`, () => {
    for (const { promise, check } of strategyContract(make)) it(promise, check);

    it('has a name that says what it is', () => {
      expect(make().name).toMatch(/^[a-z-]+(\([a-z-]+\))?$/);
    });

    it('keeps nothing of sets that are gone: ever new ones cost no memory to speak of', () => {
      const strategy = make();
      const before = process.memoryUsage().heapUsed;
      for (let i = 0; i < 3_000; i++)
        strategy.pick(
          ['a', 'b', 'c'].map((each) => candidate(`${each}${i}`)),
          CALL,
        );
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(50e6);
    });
  });
}
