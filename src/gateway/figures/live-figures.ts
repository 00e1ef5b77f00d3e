/**
 * What happened of late, second by second: a ring of ten minutes in a few arrays that never grow. A call costs the end of one a handful
 * of additions; percentiles are worked out when somebody looks.
 */
import type { Clock } from '../../clock.ts';
import type { Fault } from '../usage/whose-fault.ts';
import { bucketOf, buckets, quantile } from './times.ts';

/** Seconds kept. */
export const KEPT = 600;
/** Endpoints told apart in one second; those of a configuration, which are few. */
const MOST_ENDPOINTS = 1_000;
const SECOND = 1_000;
const MOST = 65_535;

/** A call that is over. */
export interface EndedCall {
  readonly ms: number;
  /** Until the first piece of a stream; `undefined` = no stream, or none came. */
  readonly firstMs: number | undefined;
  readonly fault: Fault;
  readonly endpoint: string | undefined;
}

/** Half took less, nineteen of twenty took less, in ms; `null` = there was none. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
}

/** One second. */
export interface LiveSecond {
  /** In s since 1970. */
  readonly t: number;
  readonly calls: number;
  /** By the gateway's or an endpoint's fault. */
  readonly failed: number;
  /** Failed by the caller's own. */
  readonly callerErrors: number;
  /** Time to the first piece of streams. */
  readonly ttft: Percentiles;
  /** Whole calls. */
  readonly ms: Percentiles;
  readonly byEndpoint: Readonly<Record<string, number>>;
}

/** The ring. */
export class LiveFigures {
  readonly #clock: Clock;
  readonly #first: number;
  readonly #seconds = new Float64Array(KEPT);
  readonly #calls = new Uint32Array(KEPT);
  readonly #failed = new Uint32Array(KEPT);
  readonly #callerErrors = new Uint32Array(KEPT);
  readonly #ttft = new Uint16Array(KEPT * buckets);
  readonly #ms = new Uint16Array(KEPT * buckets);
  readonly #endpoints: Map<string, number>[] = Array.from({ length: KEPT }, () => new Map<string, number>());

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#first = this.#now();
  }

  #now(): number {
    return Math.floor(this.#clock.date() / SECOND);
  }

  /** A second begins where another one was, ten minutes ago. */
  #begin(place: number, second: number): void {
    this.#seconds[place] = second;
    this.#calls[place] = 0;
    this.#failed[place] = 0;
    this.#callerErrors[place] = 0;
    this.#ttft.fill(0, place * buckets, (place + 1) * buckets);
    this.#ms.fill(0, place * buckets, (place + 1) * buckets);
    this.#endpoints[place]?.clear();
  }

  /** A call is over. */
  add({ ms, firstMs, fault, endpoint }: EndedCall): void {
    const second = this.#now();
    const place = second % KEPT;
    if (this.#seconds[place] !== second) this.#begin(place, second);
    this.#calls[place] = (this.#calls[place] as number) + 1;
    if (fault === 'ours') this.#failed[place] = (this.#failed[place] as number) + 1;
    if (fault === 'callers') this.#callerErrors[place] = (this.#callerErrors[place] as number) + 1;
    count(this.#ms, place * buckets + bucketOf(ms));
    if (firstMs !== undefined) count(this.#ttft, place * buckets + bucketOf(firstMs));
    if (endpoint === undefined) return;
    const shares = this.#endpoints[place] as Map<string, number>;
    const share = shares.get(endpoint);
    if (share !== undefined || shares.size < MOST_ENDPOINTS) shares.set(endpoint, (share ?? 0) + 1);
  }

  #shown(t: number): LiveSecond {
    const place = t % KEPT;
    const isThere = this.#seconds[place] === t;
    const of = (counts: Uint16Array): Percentiles => {
      const row = counts.subarray(place * buckets, (place + 1) * buckets);
      return isThere ? { p50: quantile(row, 0.5), p95: quantile(row, 0.95) } : { p50: null, p95: null };
    };
    return {
      t,
      calls: isThere ? (this.#calls[place] as number) : 0,
      failed: isThere ? (this.#failed[place] as number) : 0,
      callerErrors: isThere ? (this.#callerErrors[place] as number) : 0,
      ttft: of(this.#ttft),
      ms: of(this.#ms),
      byEndpoint: isThere ? Object.fromEntries(this.#endpoints[place] as Map<string, number>) : {},
    };
  }

  /** Whole seconds after this one, without gaps, the newest last. The one that runs comes when it is over. */
  after(second: number): LiveSecond[] {
    const now = this.#now();
    const from = Math.max(Math.floor(second) + 1, now - KEPT + 1, this.#first);
    return Array.from({ length: Math.max(0, now - from) }, (_, index) => this.#shown(from + index));
  }
}

function count(counts: Uint16Array, place: number): void {
  const before = counts[place] as number;
  if (before < MOST) counts[place] = before + 1;
}
