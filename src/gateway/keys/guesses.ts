/** Wrong keys, by where they come from. Kept over changes of the configuration. */
import type { Clock } from '../../clock.ts';
import { Refused, retryAfter } from '../http/api-error.ts';
import { sourceOf } from '../http/connections.ts';
import { Bucket } from './bucket.ts';

/** So many wrong keys a minute may come from one address; then all from there but right ones are told to wait. */
const GUESSES = 100;
/** Addresses remembered. */
const MOST_ADDRESSES = 10_000;

/** The guesses of a gateway. */
export class Guesses {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One more wrong key from there. @throws Refused when there were too many. */
  add(address: string): void {
    const now = this.#clock.now();
    const source = sourceOf(address);
    const bucket = this.#buckets.get(source) ?? new Bucket(GUESSES, now);
    this.#buckets.delete(source);
    this.#buckets.set(source, bucket);
    if (this.#buckets.size > MOST_ADDRESSES) this.#buckets.delete(this.#buckets.keys().next().value as string);
    const wait = bucket.wait(1, now);
    if (wait > 0)
      throw new Refused({
        ...{ status: 429, message: 'Too many wrong keys.', code: 'too_many_wrong_keys', headers: retryAfter(wait) },
      });
    bucket.take(1, now);
  }
}
