// Many runs made comparable: each figure is the median over the seeds, each time a multiple of what the oracle needs on the
// same seed while everything is well.
import { type Contender, contender } from './contenders.ts';
import { type Measured, type Run, simulate } from './run.ts';
import { type Scenario, scenarios } from './scenarios.ts';

/** What a comparison is made with. */
export interface Setting extends Pick<Run, 'clients' | 'ms' | 'stream'> {
  readonly seeds: number;
}

/** A contender in a scenario: medians over the seeds. */
export interface Cell {
  /** Times to the first token, as multiples of the oracle's p99 when all is well. */
  readonly p99: number;
  readonly p999: number;
  readonly success: number;
  readonly wasted: number;
  readonly wastedInAll: number;
  readonly toBad: number;
}

/** The settings of the published figures. */
export const FULL = { seeds: 5, ms: 400_000 } as const;

/** What the tests take: all seeds with FULL=1. Every seed is the same each time. */
export const TESTED = { ...FULL, seeds: process.env.FULL ? FULL.seeds : 3 } as const;

/** The middle one; of an even number, the worse of the two. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The oracle waits for as long as it takes. */
const UNCUT = { attemptTimeout: 'auto', rescue: false } as const;

const bases = new Map<string, Promise<number>>();

/** What the oracle needs when all is well, in ms. Every cell of a seed is measured against it. */
function base(run: Omit<Run, 'scenario' | 'options'>): Promise<number> {
  const key = JSON.stringify(run);
  const scenario = scenarios['healthy-0.6'];
  const found = bases.get(key) ?? simulate({ ...run, scenario, ...contender('oracle', UNCUT) }).then(({ p99 }) => p99);
  bases.set(key, found);
  return found;
}

/** Runs a contender in a scenario on all seeds. @param each told of every run */
export async function cell(
  { options }: Contender,
  scenario: Scenario,
  { seeds, ...setting }: Setting,
  each: (measured: Measured, seed: number) => void = () => undefined,
): Promise<Cell> {
  const runs: (Measured & { base: number })[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const measured = await simulate({ ...setting, seed, scenario, options });
    each(measured, seed);
    runs.push({ ...measured, base: await base({ ...setting, seed }) });
  }
  return {
    p99: median(runs.map((run) => run.p99 / run.base)),
    p999: median(runs.map((run) => run.p999 / run.base)),
    // The smaller half of what succeeded is the worse one.
    success: -median(runs.map((run) => -run.success)),
    wasted: median(runs.map((run) => run.wasted)),
    wastedInAll: median(runs.map((run) => run.wastedInAll)),
    toBad: median(runs.map((run) => run.toBad)),
  };
}
