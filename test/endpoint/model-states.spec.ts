// What the models of one endpoint say about it as a whole.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Breaker } from '../../src/endpoint/breaker.ts';
import { ModelStates } from '../../src/endpoint/model-states.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { breakerSettings } from '../support/parts.ts';

let clock: ManualClock;
let states: ModelStates;
beforeEach(() => {
  clock = manualClock();
  states = new ModelStates(
    () => new Breaker(breakerSettings({ consecutiveFailures: 1 }), clock, () => undefined),
    clock,
  );
});

function tried(...models: string[]): void {
  for (const model of models) states.of(model).triedAt = clock.now();
}
function works(...models: string[]): void {
  tried(...models);
  for (const model of models) states.of(model).succeededAt = clock.now();
}
function fails(...models: string[]): void {
  tried(...models);
  for (const model of models) {
    const { breaker } = states.of(model);
    breaker!.settle(breaker!.admit()!, 'failure');
  }
}
const out = () => states.mostOpenUntil() > clock.now();

describe('the endpoint as a whole', () => {
  it.each<[string, () => void, boolean]>([
    ['nothing was tried', () => undefined, false],
    ['all is well', () => works('a', 'b'), false],
    ['the only model is open', () => fails('a'), true],
    [
      'one of two is open, the other untested',
      () => {
        fails('a');
        tried('b');
      },
      true,
    ],
    [
      'one of two is open, the other works',
      () => {
        fails('a');
        works('b');
      },
      false,
    ],
    [
      'one of three is open',
      () => {
        fails('a');
        tried('b', 'c');
      },
      false,
    ],
    [
      'two of three that worked are open',
      () => {
        works('a', 'b', 'c');
        fails('a', 'b');
      },
      true,
    ],
    [
      'two of four are open, one works',
      () => {
        fails('a', 'b');
        works('c');
        tried('d');
      },
      false,
    ],
    [
      'three of five that worked are open, though others work',
      () => {
        works('a', 'b', 'c', 'd', 'e');
        fails('a', 'b', 'c');
      },
      true,
    ],
    [
      'made-up names that never worked there are open, and another model works',
      () => {
        fails('made-up-1', 'made-up-2', 'made-up-3');
        works('a');
      },
      false,
    ],
    [
      'made-up names are open beside one of two that worked',
      () => {
        works('a', 'b');
        fails('a', 'made-up-1', 'made-up-2');
      },
      false,
    ],
    [
      'made-up names are open beside one that was only tried',
      () => {
        fails('made-up-1', 'made-up-2', 'made-up-3');
        tried('a');
      },
      true,
    ],
    ['all are open', () => fails('a', 'b', 'c'), true],
  ])('when %s, is out: %s', (_, happen, expected) => {
    happen();
    expect(out()).toBe(expected);
  });

  it('forgets models that were tried more than a minute ago, unless they are open', async () => {
    works('old-1', 'old-2', 'old-3');
    fails('sick');
    expect(out()).toBe(false);
    await clock.advance(60_001);
    expect(states.mostOpenUntil()).toBeGreaterThan(0);
  });

  it('is out when one of two is and the other succeeded more than a minute ago', async () => {
    works('other');
    await clock.advance(60_000);
    tried('other');
    fails('sick');
    expect(out()).toBe(true);
  });

  it('comes back with the first of its models', async () => {
    fails('a');
    await clock.advance(1_000);
    fails('b');
    const first = states.of('a').breaker!.opensAt;
    expect(states.mostOpenUntil()).toBe(first);
    expect(first).toBeLessThan(states.of('b').breaker!.opensAt);
  });

  it('never is out without breakers', () => {
    const without = new ModelStates(() => undefined, clock);
    without.of('a').triedAt = 0;
    expect([without.mostOpenUntil(), without.sick()]).toEqual([0, []]);
  });
});

describe('a model', () => {
  it('has one state, made at its first use', () => {
    expect(states.peek('a')).toBeUndefined();
    expect(states.of('a')).toBe(states.of('a'));
    expect(states.peek('a')).toBe(states.of('a'));
  });

  it('works lately for a minute after a success', async () => {
    expect(states.worksLately('a')).toBe(false);
    tried('a');
    expect(states.worksLately('a')).toBe(false);
    works('a');
    await clock.advance(59_999);
    expect(states.worksLately('a')).toBe(true);
    await clock.advance(1);
    expect(states.worksLately('a')).toBe(false);
  });

  it('is listed with its breaker while that is not closed', async () => {
    fails('a');
    works('b');
    expect(states.sick()).toEqual([{ model: 'a', breaker: 'open' }]);
    await clock.advance(5_000);
    states.of('a').breaker!.admit();
    expect(states.sick()).toEqual([{ model: 'a', breaker: 'half-open' }]);
  });

  it('with a made-up name costs bounded memory: beyond 200 the one tried longest ago goes', () => {
    for (let i = 0; i < 500; i++) states.of(`m${i}`);
    expect([states.peek('m299'), states.peek('m300') === undefined]).toEqual([undefined, false]);
  });

  it('made-up names push out each other, not the model in use nor the one that is sick', async () => {
    works('in use');
    fails('sick');
    for (let i = 0; i < 500; i++) {
      await clock.advance(1);
      tried(`made-up-${i}`);
    }
    expect(states.peek('in use')?.succeededAt).toBe(0);
    expect(states.sick()).toEqual([{ model: 'sick', breaker: 'open' }]);
    expect([states.peek('made-up-301'), states.peek('made-up-302') === undefined]).toEqual([undefined, false]);
  });

  it('made-up names that make their server fail push out each other, not a model that works', async () => {
    works('in use');
    for (let i = 0; i < 500; i++) {
      await clock.advance(1);
      fails(`made-up-${i}`);
    }
    expect(states.peek('in use')?.succeededAt).toBe(0);
    expect([states.peek('made-up-300'), states.peek('made-up-301') === undefined]).toEqual([undefined, false]);
  });

  it('of those that worked, the one tried longest ago goes', async () => {
    for (let i = 0; i < 201; i++) {
      works(`m${i}`);
      await clock.advance(1);
      if (i === 100) works('m0');
    }
    expect([states.peek('m0') === undefined, states.peek('m1')]).toEqual([false, undefined]);
  });

  it('that is pushed out leaves no doubt behind', () => {
    const acquit = vi.fn();
    states.of('m').doubts.add({ ms: 0, settled: false, acquit, convict: () => undefined }, 0);
    for (let i = 0; i < 199; i++) states.of(`m${i}`);
    expect(acquit).not.toHaveBeenCalled();
    states.of('one too many');
    expect(acquit).toHaveBeenCalledTimes(1);
  });
});
