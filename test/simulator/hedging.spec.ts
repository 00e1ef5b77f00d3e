// What hedging promises with one configuration for all, a budget of 10 %: by medians of three seeds (FULL=1: five) at the full length of a
// run. Times to the first token are multiples of what an oracle needs at its slowest call in a hundred while all is well.
import { describe, expect, it } from 'vitest';
import { type Cell, cell, TESTED } from './compare.ts';
import { contender } from './contenders.ts';
import { type ScenarioName, scenarios } from './scenarios.ts';

const play = (strategy: string, name: ScenarioName, clients: number): Promise<Cell> =>
  cell(contender(strategy), scenarios[name], { ...TESTED, clients });

describe('hedging', { timeout: 240_000 }, () => {
  it.each<[ScenarioName, number, number]>([
    ['black-hole', 1, 1.25],
    ['black-hole', 50, 1.25],
    ['healthy-0.6', 1, 1],
    ['healthy-0.6', 50, 1],
    ['slow', 1, 1.05],
    ['slow', 50, 1.15],
    ['fast-500s', 1, 1],
  ])('%s, %d clients: p99 at most %f, and few more attempts', async (name, clients, bound) => {
    const { p99, wasted, success } = await play('least-latency+hedge', name, clients);
    expect(p99).toBeLessThanOrEqual(bound);
    expect(wasted).toBeLessThanOrEqual(0.07);
    expect(success).toBe(1);
  });

  it('does for round robin in a black hole what a strategy by latency does', async () => {
    const { p99, wasted, success } = await play('round-robin+hedge', 'black-hole', 1);
    expect(p99).toBeLessThanOrEqual(1.15);
    expect(wasted).toBeLessThanOrEqual(0.07);
    expect(success).toBe(1);
  });
});

describe('without hedging', { timeout: 240_000 }, () => {
  it('round robin sees a black hole by the calls that wait there: few are lost in it before it is left alone', async () => {
    const { p99, toBad, success } = await play('round-robin', 'black-hole', 1);
    expect(p99).toBeLessThanOrEqual(1.5);
    expect(toBad).toBeLessThanOrEqual(0.009);
    expect(success).toBe(1);
  });
});
