/** What the calls of a bench come to. */
import type { CallResult } from './one-call.ts';

/** Times in ms. */
export interface Times {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly most: number;
}

/** What is reported, also as JSON. */
export interface Figures {
  readonly calls: number;
  readonly failed: number;
  readonly seconds: number;
  readonly callsPerSecond: number;
  /** Of the calls that were answered; `null` without any. */
  readonly ms: Times | null;
  /** Until the first piece of content; `null` where nothing was streamed. */
  readonly firstTokenMs: Times | null;
  /** On the average; `null` where nobody says. */
  readonly attemptsPerCall: number | null;
  /** By who served them, the most first; empty where nobody says. */
  readonly endpoints: readonly { readonly endpoint: string; readonly calls: number; readonly p50: number }[];
  /** The most first. */
  readonly errors: readonly { readonly what: string; readonly count: number }[];
}

const upwards = (values: readonly number[]) => [...values].sort((a, b) => a - b);

/** The value that a share of all does not exceed. @param order upwards, and not empty */
const quantile = (order: readonly number[], share: number) =>
  order[Math.max(0, Math.ceil(share * order.length) - 1)] as number;

function timesOf(values: readonly number[]): Times | null {
  if (values.length === 0) return null;
  const order = upwards(values);
  const [p50, p95, p99, most] = [0.5, 0.95, 0.99, 1].map((share) => quantile(order, share)) as [
    number,
    number,
    number,
    number,
  ];
  return { p50, p95, p99, most };
}

/** Counts calls. */
export class Tally {
  readonly #answered: number[] = [];
  readonly #first: number[] = [];
  readonly #byEndpoint = new Map<string, number[]>();
  readonly #errors = new Map<string, number>();
  #attempts = 0;
  #counted = 0;
  failed = 0;

  get calls(): number {
    return this.#answered.length + this.failed;
  }

  /** Adds one. */
  add({ ms, firstMs, problem, endpoint, attempts }: CallResult): void {
    if (attempts !== undefined) {
      this.#attempts += attempts;
      this.#counted += 1;
    }
    if (problem !== undefined) {
      this.failed += 1;
      this.#errors.set(problem, (this.#errors.get(problem) ?? 0) + 1);
      return;
    }
    this.#answered.push(ms);
    if (firstMs !== undefined) this.#first.push(firstMs);
    if (endpoint === undefined) return;
    const times = this.#byEndpoint.get(endpoint);
    if (times) times.push(ms);
    else this.#byEndpoint.set(endpoint, [ms]);
  }

  /** All of it. @param elapsed ms from the first call to the end of the last */
  figures(elapsed: number): Figures {
    const endpoints = [...this.#byEndpoint].map(([endpoint, times]) => ({
      ...{ endpoint, calls: times.length, p50: quantile(upwards(times), 0.5) },
    }));
    const errors = [...this.#errors].map(([what, count]) => ({ what, count }));
    return {
      calls: this.calls,
      failed: this.failed,
      seconds: elapsed / 1_000,
      callsPerSecond: elapsed > 0 ? (this.calls / elapsed) * 1_000 : 0,
      ms: timesOf(this.#answered),
      firstTokenMs: timesOf(this.#first),
      attemptsPerCall: this.#counted === 0 ? null : this.#attempts / this.#counted,
      endpoints: endpoints.sort((a, b) => b.calls - a.calls || (a.endpoint < b.endpoint ? -1 : 1)),
      errors: errors.sort((a, b) => b.count - a.count || (a.what < b.what ? -1 : 1)),
    };
  }
}
