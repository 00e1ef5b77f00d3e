// Strategy names: what they lead to, and what is said about wrong ones.
import { describe, expect, it } from 'vitest';
import { strategyNamed, strategyNames } from '../../src/strategy/named.ts';
import { priority } from '../../src/strategy/priority.ts';
import { roundRobin } from '../../src/strategy/round-robin.ts';
import { CALL, candidate } from '../support/candidates.ts';

describe('strategyNamed', () => {
  it.each<[unknown, string]>([
    ['round-robin', 'round-robin'],
    ['random', 'random'],
    ['least-busy', 'least-busy'],
    ['least-latency', 'least-latency'],
    ['headroom', 'headroom'],
    ['priority', 'priority(round-robin)'],
    [{ priority: 'random' }, 'priority(random)'],
    [{ priority: 'least-busy' }, 'priority(least-busy)'],
    [{ priority: 'round-robin' }, 'priority(round-robin)'],
    [{ priority: { name: 'mine', pick: () => undefined } }, 'priority(mine)'],
  ])('knows %j', (option, name) => {
    expect(strategyNamed(option).name).toBe(name);
  });

  it('hands a value on as it is', () => {
    for (const own of [{ pick: () => undefined }, roundRobin(), priority()]) expect(strategyNamed(own)).toBe(own);
  });

  it('draws chances from where it is told to', () => {
    for (const name of ['random', 'least-busy', 'least-latency', { priority: 'least-busy' }]) {
      const strategy = strategyNamed(name, () => 0.99);
      const pool = ['a', 'b', 'c'].map((each) => candidate(each));
      expect(strategy.pick(pool, CALL).name).toBe('c');
    }
  });

  it('makes a new one each time, so that pools do not share their places by accident', () => {
    for (const name of strategyNames) expect(strategyNamed(name)).not.toBe(strategyNamed(name));
  });

  it.each<[unknown, RegExp]>([
    ['fastest', /unknown strategy "fastest"; known are round-robin, random, .*priority, /],
    ['constructor', /unknown strategy "constructor"/],
    ['', /unknown strategy ""/],
    [undefined, /expected one of round-robin, random, .*priority/],
    [null, /expected one of/],
    [7, /expected one of/],
    [() => undefined, /expected one of/],
    [{}, /expected one of/],
    [{ pick: 'x' }, /expected one of/],
    [{ priority: 'fastest' }, /unknown strategy "fastest"/],
    [{ priority: 'random', weight: 1 }, /expected one of/],
    [{ priority: 'priority' }, /a priority inside a priority/],
    [{ priority: { priority: 'random' } }, /a priority inside a priority/],
    [{ priority: priority() }, /a priority inside a priority/],
  ])('refuses %j', (option, message) => {
    expect(() => strategyNamed(option)).toThrow(message);
  });
});
