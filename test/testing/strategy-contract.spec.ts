// The contract of strategies finds what is wrong with a strategy, and says so.
import { describe, expect, it } from 'vitest';
import type { Candidate, Strategy } from '../../src/index.ts';
import { roundRobin } from '../../src/index.ts';
import { strategyContract } from '../../src/testing/index.ts';

/** The promises that a strategy breaks, with what is said of each. */
function broken(make: () => Strategy, options?: { weighted?: boolean }): string[] {
  return strategyContract(make, options).flatMap(({ promise, check }) => {
    try {
      check();
      return [];
    } catch (error) {
      return [`${promise}: ${(error as Error).message}`];
    }
  });
}

const first: Strategy = { name: 'first', pick: (candidates) => candidates[0] as Candidate };

describe('strategyContract', () => {
  it('has nothing to say of a good strategy', () => {
    expect(broken(roundRobin)).toEqual([]);
  });

  it('asks nothing about shares of a strategy with other aims', () => {
    expect(broken(() => first, { weighted: false })).toEqual([]);
    expect(broken(() => first)).toEqual([
      "shares calls out by weight, within 1 % of all calls: 'a' got 100.0 % instead of 12.5 %, 'b' got 0.0 % instead of 25.0 %, 'c' got 0.0 % instead of 62.5 %",
      "gives nothing to a weight of 0 while another has a share: 'a' got 100.0 % instead of 0.0 %, 'b' got 0.0 % instead of 100.0 %",
      "gives equal parts when nobody has a share: 'a' got 100.0 % instead of 50.0 %, 'b' got 0.0 % instead of 50.0 %",
      "gives the share of one that is out to the others by their weights: 'b' got 100.0 % instead of 25.0 %, 'c' got 0.0 % instead of 75.0 %",
    ]);
  });

  it.each<[string, () => Strategy, string]>([
    [
      'a promise',
      () => ({ pick: (async (all: Candidate[]) => all[0]) as never }),
      'pick() returned a promise, which is none of',
    ],
    [
      'a copy',
      () => ({ pick: ([one]) => ({ ...one }) as Candidate }),
      "an object named 'e0', which is none of the candidates",
    ],
    ['nobody', () => ({ pick: () => undefined as never }), 'pick() returned undefined'],
    ['something else', () => ({ pick: () => ({}) as never }), 'an object without a name'],
  ])('finds an answer that is %s', (_, make, said) => {
    expect(broken(make).join('\n')).toContain(`answers at once, with one of the candidates, the very object: `);
    expect(broken(make).join('\n')).toContain(said);
  });

  it('finds a memory of sets that are gone', () => {
    const remembering = () => {
      let last: Candidate | undefined;
      return { pick: (all: readonly Candidate[]) => (last ??= all[0] as Candidate) };
    };
    expect(broken(remembering).map((text) => text.split(':')[0])).toContain(
      'reads the candidates anew when they come in another array',
    );
    expect(broken(remembering).map((text) => text.split(':')[0])).toContain(
      'never picks one that is not a candidate of this call, in whatever order sets come and go',
    );
  });

  it('finds a strategy that sorts the array it was given', () => {
    const sorting: Strategy = {
      pick: (all) => (all as Candidate[]).sort((a, b) => b.weight - a.weight)[0] as Candidate,
    };
    expect(broken(() => sorting).join('\n')).toContain('changes nothing about what it is given: ');
  });

  it('finds an empty name', () => {
    expect(broken(() => ({ ...first, name: ' ' }), { weighted: false })).toEqual([
      'has a name for snapshots, or none: name is " "',
    ]);
  });

  it('says what it wants instead of a function that makes a strategy', () => {
    expect(() => strategyContract(roundRobin() as never)).toThrow('expected a function that makes a strategy');
    expect(broken(() => ({}) as Strategy)[0]).toContain('an object with pick(candidates, call)');
  });
});
