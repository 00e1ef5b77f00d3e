/** What an endpoint usually takes: a log-linear histogram of durations that forgets. As large as its times differ, about 10 ns a record. */

/** Four buckets per doubling, from 1 ms to about a day. */
const PER_DOUBLING = 4;
const BUCKETS = 104;
const ROUNDING = 1e-9;
/** Beyond this many samples all counts are halved, so that the last few hundred weigh most. */
const FORGET_AT = 1_000;
/** A quantile of fewer samples than this is a guess. */
const ENOUGH = 20;

/** Where each bucket ends, in ms. */
const ENDS = Float64Array.from({ length: BUCKETS }, (_, index) => 2 ** (index / PER_DOUBLING));

/** A histogram of durations in ms. */
export class Latency {
  /** From the quickest bucket that was ever needed to the slowest. */
  readonly #counts: number[] = [];
  /** The number of the quickest. */
  #first = 0;
  #total = 0;

  /** True once there are 20 samples, from which a quantile may be believed. */
  get learned(): boolean {
    return this.#total >= ENOUGH;
  }

  /** Takes all that another one knows. Why it is asked: it may be of the package's other copy, whose fields are its own. */
  add(other: Latency): void {
    other.tell((bucket, times) => this.#count(bucket, times));
  }

  /** Tells how often each bucket was needed that was. */
  tell(hear: (bucket: number, times: number) => void): void {
    for (const [index, times] of this.#counts.entries()) if (times > 0) hear(this.#first + index, times);
  }

  #count(bucket: number, times: number): void {
    const counts = this.#counts;
    if (counts.length === 0) this.#first = bucket;
    for (; this.#first > bucket; this.#first -= 1) counts.unshift(0);
    const index = bucket - this.#first;
    while (counts.length <= index) counts.push(0);
    counts[index] = (counts[index] as number) + times;
    this.#total += times;
  }

  /** Takes one duration in ms. */
  record(ms: number): void {
    // What `quantile` gave belongs to its own bucket, however the logarithm is rounded.
    const bucket = Math.min(BUCKETS - 1, Math.ceil(Math.max(0, Math.log2(ms) * PER_DOUBLING - ROUNDING)));
    this.#count(bucket, 1);
    if (this.#total < FORGET_AT) return;
    this.#total = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      this.#counts[index] = (this.#counts[index] as number) >> 1;
      this.#total += this.#counts[index] as number;
    }
  }

  /** Takes a duration that was cut short. It would have been longer: it may raise what is known, never lower it. */
  recordCut(ms: number): void {
    // Measured as coarsely as it is kept: the bucket of the slowest in a hundred counts as that long.
    if (ms * 2 ** (1 / PER_DOUBLING) >= this.quantile(0.99)) this.record(ms);
  }

  /** The q-quantile in ms as far as it can be told, inside its bucket by how many came before; 0 without samples. */
  about(q: number): number {
    const wanted = q * this.#total;
    let before = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      const count = this.#counts[index] as number;
      if (count > 0 && before + count >= wanted)
        return 2 ** ((this.#first + index - 1 + (wanted - before) / count) / PER_DOUBLING);
      before += count;
    }
    return 0;
  }

  /** The q-quantile in ms, rounded up to its bucket (at most 19 %); 0 without samples. */
  quantile(q: number): number {
    if (this.#total === 0) return 0;
    // From above: mostly the slowest few are asked for.
    let slower = this.#total - Math.ceil(q * this.#total);
    let index = this.#counts.length - 1;
    for (; index > 0 && (this.#counts[index] as number) <= slower; index--) slower -= this.#counts[index] as number;
    return ENDS[this.#first + index] as number;
  }
}
