/** Times by size: each range is a twelfth of a doubling, so that a percentile read from the counts is true to 3 %. */

/** Ranges per doubling. */
const FINENESS = 12;
/** Up to 2^20 ms, which is 17 minutes. */
const DOUBLINGS = 20;

/** How many ranges there are. */
export const buckets = FINENESS * DOUBLINGS;

/** The range of a time in ms; below 1 ms is the first, above the last is the last. */
export function bucketOf(ms: number): number {
  if (!(ms > 1)) return 0;
  return Math.min(buckets - 1, Math.floor(Math.log2(ms) * FINENESS));
}

/** The middle of a range, in ms. */
const middleOf = (bucket: number) => 2 ** ((bucket + 0.5) / FINENESS);

/** The time that a share of all was not above, in ms to 3 digits; `null` = there was none. */
export function quantile(counts: Uint16Array, share: number): number | null {
  let total = 0;
  for (const each of counts) total += each;
  if (total === 0) return null;
  const wanted = Math.ceil(total * share);
  let seen = 0;
  const bucket = counts.findIndex((each) => {
    seen += each;
    return seen >= wanted;
  });
  return Number(middleOf(bucket).toPrecision(3));
}
