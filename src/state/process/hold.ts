/** Questions that wait until the one who leads knows what the others know. Mostly it does, and nothing waits. */
import type { Clock } from '../../clock.ts';

/** Holds up what comes too early. */
export class Hold {
  #waiting: (() => void)[] | undefined;

  /** @param ms the longest wait; 0 for none at all */
  constructor(clock: Clock, ms: number) {
    if (ms === 0) return;
    this.#waiting = [];
    clock.after(ms, () => this.release(), false);
  }

  get over(): boolean {
    return this.#waiting === undefined;
  }

  /** Runs it now, or when the time has come. @param failed what to do when it throws */
  when(run: () => void, failed: () => void): void {
    const safely = () => {
      try {
        run();
      } catch {
        failed();
      }
    };
    if (this.#waiting) this.#waiting.push(safely);
    else safely();
  }

  /** The time has come. */
  release(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const run of waiting) run();
  }

  /** The time will never come: others ask elsewhere. */
  drop(): void {
    this.#waiting?.splice(0);
  }
}
