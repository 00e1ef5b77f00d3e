// How late this process itself is, so that a deadline over real sockets can be asserted as "50 ms + our own lag".

/** A control timer that runs beside what is measured. */
export interface Lag {
  /** Ms by which the control timer has been late so far, summed up: an upper bound for what the machine added. */
  total(): number;
  /** The longest single delay so far, in ms. */
  worst(): number;
  /** Stops the control timer and returns the total. */
  stop(): number;
}

const EVERY = 5;

/** Starts a control timer. */
export function lag(): Lag {
  let due = performance.now() + EVERY;
  let total = 0;
  let worst = 0;
  let timer: NodeJS.Timeout;
  const note = () => {
    const late = Math.max(0, performance.now() - due);
    total += late;
    worst = Math.max(worst, late);
  };
  const tick = () => {
    note();
    arm();
  };
  const arm = () => {
    due = performance.now() + EVERY;
    timer = setTimeout(tick, EVERY);
    timer.unref();
  };
  // A stall that is not over yet counts as well.
  const now = () => Math.max(0, performance.now() - due);
  arm();
  return {
    total: () => total + now(),
    worst: () => Math.max(worst, now()),
    stop() {
      clearTimeout(timer);
      return total + now();
    },
  };
}

/** What `timed` saw: the outcome, how long it took, and how much of that was this process's own lag. */
export interface Timed<T> {
  readonly value: T | undefined;
  readonly error: unknown;
  readonly ms: number;
  readonly lag: number;
}

/** Runs `work` beside a control timer; never throws. @example expect(r.ms).toBeLessThan(1_000 + 50 + r.lag) */
export async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const control = lag();
  const from = performance.now();
  const outcome = await Promise.resolve()
    .then(work)
    .then(
      (value) => ({ value, error: undefined }),
      (error: unknown) => ({ value: undefined, error }),
    );
  return { ...outcome, ms: performance.now() - from, lag: control.stop() };
}
