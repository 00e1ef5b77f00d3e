// Time and chance of a simulation. Where the manual clock is turned by a test, this one turns itself: it jumps from one
// event to the next. Why not the manual clock: that one looks through all its timers for the next one, and here there are thousands.
import type { Clock } from '../../src/clock.ts';
import { seeded } from './chance.ts';

interface Timer {
  readonly due: number;
  /** Among equals, the one set first runs first. */
  readonly order: number;
  run: (() => void) | undefined;
}

const NEW_YEAR_2026 = 1_767_225_600_000;

const before = (a: Timer, b: Timer) => a.due < b.due || (a.due === b.due && a.order < b.order);

/** A clock that runs by itself. */
export class VirtualClock implements Clock {
  readonly random: () => number;
  /** A binary heap, the earliest first. A cancelled timer stays in it, without what it was to run. */
  readonly #heap: Timer[] = [];
  #now = 0;
  #order = 0;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  // Bound, since a clock's functions may be taken off it.
  readonly now = (): number => this.#now;
  readonly date = (): number => NEW_YEAR_2026 + this.#now;

  readonly after = (ms: number, run: () => void): (() => void) => {
    this.#order += 1;
    const timer: Timer = { due: this.#now + (ms > 0 ? ms : 0), order: this.#order, run };
    this.#push(timer);
    return () => {
      timer.run = undefined;
    };
  };

  /** Runs what comes due, one by one and with everything it woke up settled in between, until `over()`, or nothing is left. */
  async run(over: () => boolean): Promise<void> {
    for (let timer = this.#pop(); timer; timer = this.#pop()) {
      if (!timer.run) continue;
      this.#now = timer.due;
      timer.run();
      await settled();
      if (over()) return;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Timer;
      if (!before(timer, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
      const below = heap[child] as Timer;
      if (!before(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

/** Resolves when every promise that could settle without time passing has settled. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
