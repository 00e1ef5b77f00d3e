/** Which operations an endpoint served lately. Why: a 404 by an endpoint that has the operation is about the call, not about the operation. */
import type { Clock } from '../clock.ts';
import { FewNames } from './few-names.ts';

/** How long a success proves that the endpoint has an operation, in ms. */
const LATELY = 600_000;
/** Operations remembered; more only arise from made-up paths. */
const LIMIT = 200;

/** The operations of one endpoint, with the time of their last success. */
export class ServedLately {
  readonly #at = new FewNames<number>();
  #latest: string | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A call of this operation succeeded. */
  note(operation: string, now = this.#clock.now()): void {
    if (operation !== this.#latest) this.#at.delete(operation);
    this.#latest = operation;
    this.#at.set(operation, now);
    if (this.#at.size <= LIMIT) return;
    const [[oldest] = ['']] = this.#at;
    this.#at.delete(oldest);
  }

  /** True when one did of late. @param within in ms. @default ten minutes */
  has(operation: string, within = LATELY): boolean {
    return this.#clock.now() - (this.#at.get(operation) ?? Number.NEGATIVE_INFINITY) < within;
  }
}
