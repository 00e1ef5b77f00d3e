// What holds under every strategy that spreads, by medians of three seeds (FULL=1: five), at the full length of a run.
import { expect, it } from 'vitest';
import { cell, TESTED } from './compare.ts';
import { contender, usualNames } from './contenders.ts';
import { scenarios } from './scenarios.ts';

it.each(usualNames)('%s: an endpoint that answers 500 at once costs nothing', { timeout: 120_000 }, async (name) => {
  const setting = { ...TESTED, clients: 1 };
  const { success, wasted } = await cell(contender(name), scenarios['fast-500s'], setting);
  expect(success).toBe(1);
  // A hedge is an attempt beyond the one that serves, and paid for on purpose.
  expect(wasted).toBeLessThanOrEqual(name.endsWith('+hedge') ? 0.1 : 0.002);
});

const BY_LOAD = usualNames.filter((name) => ['least-busy', 'least-latency'].includes(name));

it.each(BY_LOAD)(
  '%s: quick failures attract no calls, with nobody to go to instead',
  { timeout: 120_000 },
  async (name) => {
    const setting = { ...TESTED, clients: 1 };
    const { success } = await cell(contender(name, { failover: false }), scenarios['fast-500s'], setting);
    expect(success).toBeGreaterThanOrEqual(0.999);
  },
);
