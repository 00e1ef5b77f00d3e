/** Endpoints that were deleted a moment ago: whoever takes that back is not asked for their keys again. In memory, and not for long. */
import type { Clock } from '../../clock.ts';
import type { Given } from '../config/settings.ts';

/** Twice the time for which the dashboard offers to undo, in ms. */
const KEPT = 30_000;
/** More than these nobody deletes by hand. */
const MOST = 100;

/** Those of one gateway. */
export class JustDeleted {
  readonly #clock: Clock;
  readonly #options = new Map<string, { readonly options: Given; readonly cancel: () => void }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** It was deleted now. */
  add(name: string, options: Given): void {
    this.forget(name);
    const [oldest] = this.#options.keys();
    if (this.#options.size >= MOST && oldest !== undefined) this.forget(oldest);
    this.#options.set(name, { options, cancel: this.#clock.after(KEPT, () => this.#options.delete(name), false) });
  }

  /** What it was. */
  find(name: string): Given | undefined {
    return this.#options.get(name)?.options;
  }

  /** It is there again. */
  forget(name: string): void {
    this.#options.get(name)?.cancel();
    this.#options.delete(name);
  }
}
