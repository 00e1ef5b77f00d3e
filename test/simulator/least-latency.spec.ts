// What least-latency promises, by medians of three seeds (FULL=1: five) at the full length of a run. Times to the first token are multiples
// of what an oracle needs at its slowest call in a hundred while everything is well.
import { describe, expect, it } from 'vitest';
import { type Cell, cell, TESTED } from './compare.ts';
import { contender } from './contenders.ts';
import { type ScenarioName, scenarios } from './scenarios.ts';

const play = (name: ScenarioName, clients: number): Promise<Cell> =>
  cell(contender('least-latency'), scenarios[name], { ...TESTED, clients });

describe('least-latency', { timeout: 240_000 }, () => {
  it.each<[ScenarioName, number, number]>([
    ['healthy-0.6', 1, 1.05],
    ['healthy-0.9', 1, 1.05],
    ['healthy-0.6', 50, 1.15],
    ['healthy-0.9', 50, 1.15],
  ])('%s, %d clients: does not herd', async (name, clients, bound) => {
    const { p99, success } = await play(name, clients);
    expect(p99).toBeLessThanOrEqual(bound);
    expect(success).toBe(1);
  });

  it('keeps away from an endpoint that is ten times slower', async () => {
    const { p99, toBad } = await play('slow', 1);
    expect(p99).toBeLessThanOrEqual(1.1);
    expect(toBad).toBeLessThanOrEqual(0.01);
  });

  it('fifty clients that learn it each on its own send it hardly more', async () => {
    const { toBad } = await play('slow', 50);
    expect(toBad).toBeLessThanOrEqual(0.01);
  });

  it('sees a black hole by its silence, without hedging', async () => {
    const { p99, success } = await play('black-hole', 1);
    expect(p99).toBeLessThanOrEqual(1.3);
    expect(success).toBe(1);
  });
});
