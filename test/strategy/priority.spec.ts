// Priority groups: the smallest number gets every call, the others are spares.
import { describe, expect, it, vi } from 'vitest';
import { priority } from '../../src/strategy/priority.ts';
import { roundRobin } from '../../src/strategy/round-robin.ts';
import { CALL, candidate, countPicks } from '../support/candidates.ts';

const pool = (...priorities: number[]) => priorities.map((each, index) => candidate(`e${index}`, { priority: each }));

describe('priority', () => {
  it.each<[string, number[], number[]]>([
    ['list order', [0, 1, 2], [6, 0, 0]],
    ['the smallest number, wherever it stands', [5, 3, 4], [0, 6, 0]],
    ['negative numbers', [0, -1, -1], [0, 3, 3]],
    ['a group', [1, 1, 2], [3, 3, 0]],
    ['one group', [4, 4, 4], [2, 2, 2]],
  ])('serves by %s', (_, priorities, counts) => {
    expect([...countPicks(priority(), pool(...priorities), 6).values()]).toEqual(counts);
  });

  it('serves a group by weight', () => {
    const candidates = [
      candidate('a', { weight: 1 }),
      candidate('b', { weight: 3 }),
      candidate('spare', { weight: 100, priority: 1 }),
    ];
    expect([...countPicks(priority(), candidates, 400).values()]).toEqual([100, 300, 0]);
  });

  it('goes to the spares when the first are out, and back', () => {
    const strategy = priority();
    const all = pool(1, 1, 2, 2);
    expect(strategy.pick(all.slice(2), CALL).name).toBe('e2');
    expect(strategy.pick(all.slice(2), CALL).name).toBe('e3');
    expect(strategy.pick(all, CALL).name).toBe('e0');
    expect(strategy.pick([all[3]!, all[1]!], CALL).name).toBe('e1');
  });

  it('inside another one is refused', () => {
    expect(() => priority(priority())).toThrow('a priority inside a priority has no meaning');
    expect(() => priority({ name: 'priority(mine)', pick: (candidates) => candidates[0]! })).not.toThrow();
  });

  it('says who is in the first group', () => {
    const all = pool(1, 0, 0);
    expect(priority().tier!(all).map(({ name }) => name)).toEqual(['e1', 'e2']);
  });

  it('asks the inner strategy only when there is a choice, always with the same array for the same candidates', () => {
    const pick = vi.fn((candidates: readonly unknown[]) => candidates[0] as never);
    const strategy = priority({ name: 'mine', pick });
    const one = pool(0, 1);
    strategy.pick(one, CALL);
    expect(pick).not.toHaveBeenCalled();
    const all = pool(0, 0, 1);
    strategy.pick(all, CALL);
    strategy.pick(all, CALL);
    expect(pick).toHaveBeenCalledTimes(2);
    expect(pick.mock.calls[0]![0]).toEqual([all[0], all[1]]);
    expect(pick.mock.calls[1]![0]).toBe(pick.mock.calls[0]![0]);
  });

  it('is named after what it is around', () => {
    expect(priority().name).toBe('priority(round-robin)');
    expect(priority({ pick: (candidates) => candidates[0]! }).name).toBe('priority(custom)');
  });

  it('shares no place between two of them', () => {
    const [first, second] = [priority(roundRobin()), priority()];
    const candidates = pool(0, 0);
    first.pick(candidates, CALL);
    expect(second.pick(candidates, CALL).name).toBe('e0');
    expect(priority().pick(candidates, CALL).name).toBe('e0');
  });
});
