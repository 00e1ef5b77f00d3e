// What the rounds say: medians, spreads, ratios round by round, and how sure they are. Pure; the parts of the bench use it.

/** The least, the middle and the most of some values, and the 95 % interval of the middle. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly low: number;
  readonly high: number;
  /** How many values there were. */
  readonly of: number;
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);

/** The middle value; of an even number, the mean of the two in the middle. @throws RangeError without values */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('no values');
  const order = sorted(values);
  const half = order.length >> 1;
  const upper = order[half] as number;
  return order.length % 2 === 1 ? upper : ((order[half - 1] as number) + upper) / 2;
}

/** The value below which that share of all lies. @throws RangeError without values */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('no values');
  const order = sorted(values);
  return order[Math.min(order.length - 1, Math.floor(share * order.length))] as number;
}

/**
 * How many values may be cut off at each end so that what lies between the rest holds the true median in at least 95 of 100
 * cases (sign test). Why not by drawing samples: this needs no chance, and assumes nothing about how the values are spread.
 */
export function cutOff(count: number): number {
  // The chance of k or fewer of `count` values lying below the true median.
  let chance = 0.5 ** count;
  let sum = chance;
  let cut = 0;
  while (2 * sum <= 0.05) {
    cut++;
    chance = (chance * (count - cut + 1)) / cut;
    sum += chance;
  }
  return Math.max(0, cut - 1);
}

/** @throws RangeError without values */
export function spread(values: readonly number[]): Spread {
  const order = sorted(values);
  const cut = cutOff(order.length);
  return {
    min: order[0] as number,
    median: median(order),
    max: order.at(-1) as number,
    low: order[cut] as number,
    high: order[order.length - 1 - cut] as number,
    of: order.length,
  };
}

/** Round by round, how many times the base. @throws RangeError when a round is missing */
export function ratios(values: readonly number[], base: readonly number[]): number[] {
  return paired(values, base, (value, beside) => value / beside);
}

/** Round by round, how much more than the base. @throws RangeError when a round is missing */
export function differences(values: readonly number[], base: readonly number[]): number[] {
  return paired(values, base, (value, beside) => value - beside);
}

function paired(values: readonly number[], base: readonly number[], how: (a: number, b: number) => number): number[] {
  if (values.length !== base.length) throw new RangeError(`${values.length} rounds beside ${base.length}`);
  return values.map((value, round) => how(value, base[round] as number));
}

/** A spread of ratios, divided by the control's median: what two equal clients differ by is no difference. */
export function against(found: Spread, control: number): Spread {
  const { min, median: middle, max, low, high, of } = found;
  return {
    min: min / control,
    median: middle / control,
    max: max / control,
    low: low / control,
    high: high / control,
    of,
  };
}
