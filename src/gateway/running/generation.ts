/** A configuration and the calls that began with it: its pools end when it is replaced and the last of them is over. */
import type { Running } from './running.ts';

/** One configuration at work, from its first call to its last. */
export class Generation {
  readonly running: Running;
  #calls = 0;
  #over: (() => void) | undefined;
  #retired: Promise<void> | undefined;

  constructor(running: Running) {
    this.running = running;
  }

  /** A call that began with it. @param over told at its end, whatever that is. */
  hold(call: Promise<void>, over: () => void): Promise<void> {
    this.#calls += 1;
    const ended = () => {
      this.#calls -= 1;
      if (this.#calls === 0) this.#over?.();
      over();
    };
    return call.then(ended, (error: unknown) => {
      ended();
      throw error;
    });
  }

  /** No call begins with it any more. Resolves when the last one is over and its pools are closed. */
  retire(): Promise<void> {
    this.#retired ??= new Promise<void>((resolve) => {
      this.#over = resolve;
      if (this.#calls === 0) resolve();
    }).then(() => this.running.close());
    return this.#retired;
  }
}
