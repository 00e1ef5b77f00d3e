/**
 * A clock that stands still until it is told to move: time and chance of a test, handed to the client as its `clock`.
 * Why timers run one by one with everything they woke up settled in between: as with real time, a timer that is set by
 * another timer's callback still fires in the right place.
 */
import type { Clock } from '../index.ts';
import { checkFields, count, duration, isObject, show } from './check.ts';

/** A clock turned by hand. */
export interface ManualClock extends Clock {
  /** Moves time forward, runs the timers that come due, in order, and lets promises settle after each. @throws what a timer throws */
  advance(ms: number): Promise<void>;
  /** Moves the wall clock alone, either way, as an NTP step or daylight saving does. Runs nothing. */
  jump(ms: number): void;
  /** Timers not yet due. */
  readonly pending: number;
  /** Ms until the next timer is due; undefined when there is none. */
  readonly next: number | undefined;
}

/** What a manual clock begins with. */
export interface ManualClockOptions {
  /** Seed of `random()`, whose numbers are always the same for the same seed. @default 1 */
  seed?: number;
  /** The wall clock at the start, in ms since 1970. @default 2026-01-01T00:00:00Z */
  date?: number;
}

interface Timer {
  readonly due: number;
  readonly run: () => void;
}

/** Beyond so many timers in one `advance`, somebody sets a timer of 0 ms over and over. */
const TOO_MANY = 1_000_000;
const NEW_YEAR_2026 = 1_767_225_600_000;

/** Taken before a test can replace it by fake timers. */
const { setImmediate: afterPromises } = globalThis;

/**
 * A clock for tests: `now()` starts at 0 and moves only by `advance`.
 * @throws TypeError when an option or a duration is wrong
 * @example const clock = manualClock(); … await clock.advance(30_000);
 */
export function manualClock(options: ManualClockOptions = {}): ManualClock {
  checkOptions(options);
  let now = 0;
  let wall = options.date ?? NEW_YEAR_2026;
  const random = seeded(options.seed ?? 1);
  const timers = new Set<Timer>();
  const first = () => {
    let earliest: Timer | undefined;
    for (const timer of timers) if (!earliest || timer.due < earliest.due) earliest = timer;
    return earliest;
  };
  return {
    now: () => now,
    date: () => wall + now,
    random,
    after(ms, run) {
      const timer = { due: now + (ms > 0 ? ms : 0), run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      if (duration(ms)) throw new TypeError(`advance: expected ${duration(ms)}, got ${show(ms)}`);
      const end = now + ms;
      await settle();
      for (let ran = 0; ran < TOO_MANY; ran++) {
        const timer = first();
        if (!timer || timer.due > end) {
          now = end;
          return settle();
        }
        timers.delete(timer);
        now = Math.max(now, timer.due);
        timer.run();
        await settle();
      }
      throw new Error(`advance: ${TOO_MANY} timers ran within ${ms} ms and more are due`);
    },
    jump(ms) {
      if (!Number.isFinite(ms)) throw new TypeError(`jump: expected a number of ms, got ${show(ms)}`);
      wall += ms;
    },
    get pending() {
      return timers.size;
    },
    get next() {
      const timer = first();
      return timer && timer.due - now;
    },
  };
}

function checkOptions(options: unknown): void {
  if (!isObject(options)) throw new TypeError(`manualClock: expected an object of options, got ${show(options)}`);
  checkFields(options, { seed: count, date: duration }, 'options');
}

/** Resolves when every promise that could settle without time passing has settled. */
function settle(): Promise<void> {
  return new Promise((resolve) => afterPromises(() => resolve()));
}

/** Mulberry32: small, fast, good enough for jitter and shuffles. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
