/**
 * What every strategy promises, as checks for any test runner: a strategy of your own can be held to the same contract as
 * the ones that come with the library.
 */
import type { Candidate, Strategy } from '../index.ts';
import { keepsHomes } from './moves.ts';
import { CALL, candidate, compare, pick, shares, sharesUnderLoad, weighing } from './shares.ts';

/** One promise of the contract. */
export interface StrategyCheck {
  /** The promise in words: the name for the test. */
  readonly promise: string;
  /** @throws Error that says what the strategy did instead */
  check(): void;
}

/** What differs between strategies. */
export interface StrategyContractOptions {
  /** Shares follow the weights over the whole set; `false` for a strategy with other aims. @default true */
  readonly weighted?: boolean;
}

type Make = () => Strategy;
type Promised = readonly [promise: string, check: (make: Make) => void];

/** Sets of every size up to 12, of mixed weights and priorities, always the same ones. */
function* assortedSets(): Generator<Candidate[]> {
  const weights = [1, 0, 3, 0.5, 1e6, 10, 1e-9, 2];
  for (let size = 1; size <= 12; size++)
    for (let from = 0; from < weights.length; from++)
      yield Array.from({ length: size }, (_, i) =>
        candidate(`e${i}`, {
          weight: weights[(from + i) % weights.length] as number,
          priority: (i * from) % 4,
          inFlight: (i * 7) % 5,
        }),
      );
}

const ALWAYS: readonly Promised[] = [
  [
    'has a name for snapshots, or none',
    (make) => {
      const { name = 'custom' } = make();
      if (typeof name !== 'string' || name.trim() === '') throw new Error(`name is ${JSON.stringify(name)}`);
    },
  ],
  [
    'answers at once, with one of the candidates, the very object',
    (make) => {
      for (const candidates of assortedSets()) {
        const strategy = make();
        for (let i = 0; i < 50; i++) pick(strategy, candidates);
      }
    },
  ],
  [
    'takes the only one there is, even one without a share',
    (make) => {
      const strategy = make();
      const only = [candidate('a', { weight: 0, inFlight: 99 })];
      pick(strategy, only);
      pick(strategy, [...only]);
    },
  ],
  [
    'never picks one that is not a candidate of this call, in whatever order sets come and go',
    (make) => {
      const strategy = make();
      const all = weighing(1, 2, 3, 4, 5);
      // Every subset, forwards and backwards, so that each is followed by a larger and by a smaller one.
      for (let bits = 1; bits < 32; bits++)
        for (const subset of [bits, 32 - bits])
          pick(
            strategy,
            all.filter((_, i) => subset & (1 << i)),
          );
    },
  ],
  [
    'never picks one that is out in a pool of many either',
    (make) => {
      const strategy = make();
      const all = Array.from({ length: 40 }, (_, i) => candidate(`e${i}`, { weight: i % 4 }));
      for (let out = 0; out < all.length; out++) {
        const rest = all.filter((_, i) => i !== out && i % 7 !== out % 7);
        for (let i = 0; i < 30; i++) pick(strategy, rest, { ...CALL, prefix: out * 31 + i });
        pick(strategy, all);
      }
    },
  ],
  ['moves only what was on the endpoint that left', (make) => keepsHomes(make, 7)],
  ['moves only what was on the endpoint that left, in a pool of many', (make) => keepsHomes(make, 30)],
  [
    'changes nothing about what it is given',
    (make) => {
      const candidates = Object.freeze(weighing(1, 2, 3).map((each) => Object.freeze(each)));
      const strategy = make();
      for (let i = 0; i < 20; i++) strategy.pick(candidates, Object.freeze({ ...CALL }));
    },
  ],
  [
    'reads the candidates anew when they come in another array',
    (make) => {
      const strategy = make();
      pick(strategy, [candidate('a'), candidate('b')]);
      pick(strategy, [candidate('c'), candidate('d')]);
    },
  ],
];

const WEIGHTED: readonly Promised[] = [
  [
    'shares calls out by weight, within 1 % of all calls',
    (make) => compare(shares(make(), weighing(1, 2, 5), 100_000), { a: 1 / 8, b: 2 / 8, c: 5 / 8 }, 0.01),
  ],
  ['keeps to the weights while calls run, within 1 %', (make) => sharesUnderLoad(make, [1, 2, 5], 800, 100_000)],
  [
    'keeps to the weights in a pool of many, within 1 %',
    (make) =>
      sharesUnderLoad(
        make,
        Array.from({ length: 24 }, (_, i) => 1 + (i % 4)),
        2_400,
        100_000,
      ),
  ],
  [
    'gives nothing to a weight of 0 while another has a share',
    (make) => compare(shares(make(), weighing(0, 1, 0), 300), { a: 0, b: 1, c: 0 }, 0),
  ],
  [
    'gives equal parts when nobody has a share',
    (make) => compare(shares(make(), weighing(0, 0), 10_000), { a: 0.5, b: 0.5 }, 0.05),
  ],
  [
    'takes no share away from the others when one leaves',
    (make) => {
      const strategy = make();
      const all = weighing(4, 1, 3, 2);
      const before = shares(strategy, all, 50_000);
      for (const left of all) {
        const rest = all.filter((each) => each !== left);
        const after = shares(strategy, rest, 50_000);
        const fewer = rest.filter(({ name }) => (after[name] ?? 0) < (before[name] ?? 0) - 0.01);
        if (fewer.length > 0) throw new Error(`'${left.name}' left, and '${fewer[0]?.name}' got less than before`);
      }
    },
  ],
  [
    'gives the share of one that is out to the others by their weights',
    (make) => {
      const strategy = make();
      const [out, ...rest] = weighing(4, 1, 3);
      shares(strategy, [out as Candidate, ...rest], 1_000);
      compare(shares(strategy, rest, 40_000), { b: 1 / 4, c: 3 / 4 }, 0.02);
    },
  ],
];

/**
 * The contract of strategies, as checks that throw.
 * @param make builds a fresh strategy; called at least once per check.
 * @throws TypeError when `make` is no function
 * @example for (const { promise, check } of strategyContract(() => myStrategy())) test(promise, check);
 */
export function strategyContract(make: Make, { weighted = true }: StrategyContractOptions = {}): StrategyCheck[] {
  if (typeof make !== 'function')
    throw new TypeError('strategyContract: expected a function that makes a strategy, such as () => myStrategy()');
  const checked = () => {
    const strategy = make();
    if (typeof strategy?.pick === 'function') return strategy;
    throw new TypeError('strategyContract: the function must return a strategy, an object with pick(candidates, call)');
  };
  return [...ALWAYS, ...(weighted ? WEIGHTED : [])].map(([promise, check]) => ({
    promise,
    check: () => check(checked),
  }));
}
