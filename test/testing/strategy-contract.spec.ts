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
      "keeps to the weights while calls run, within 1 %: 'e0' got 100.0 % instead of 12.5 %, 'e1' got 0.0 % instead of 25.0 %, 'e2' got 0.0 % instead of 62.5 %",
      "keeps to the weights in a pool of many, within 1 %: 'e0' got 100.0 % instead of 1.7 %, 'e1' got 0.0 % instead of 3.3 %, 'e2' got 0.0 % instead of 5.0 %, and 21 more",
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

  it('finds a hash that leads everybody elsewhere when one endpoint leaves', () => {
    const modulo: Strategy = { pick: (all, { prefix = 0 }) => all[prefix % all.length] as Candidate };
    const said = broken(() => modulo, { weighted: false });
    expect(said.map((text) => text.split(':')[0])).toEqual([
      'moves only what was on the endpoint that left',
      'moves only what was on the endpoint that left, in a pool of many',
    ]);
    expect(said[0]).toMatch(/: 'e0' left, and \d+ of 400 prompts moved that were elsewhere$/);
  });

  it('finds a strategy that takes a share away from others when one leaves', () => {
    // Fair with all four, and to the first alone with any three.
    const turns = roundRobin();
    const unfair: Strategy = {
      pick: (all, call) => (all.length === 4 ? turns.pick(all, call) : (all[0] as Candidate)),
    };
    expect(broken(() => unfair).join('\n')).toContain(
      "takes no share away from the others when one leaves: 'a' left, and 'c' got less than before",
    );
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
