// What a circuit breaker may do, told from outside: one model per scope (an endpoint, or one model on it), fed with what was
// announced and how attempts ended. When a failure counts, and whose it was, is decided elsewhere and maybe later; here only:
// nobody goes while it is open, one probe at a time, no transition that is not legal, no opening without failures.

/** Who may go, as the model was told when an attempt began. */
export interface Leave {
  /** Sent although the breaker was not closed, because nobody else is left. */
  readonly forced: boolean;
}

/** How an attempt ended, as far as breakers care: `maybe` = a failure that may be found to be the call's own. */
export type Told = 'success' | 'maybe' | 'neutral';

/** A probe has this long, in ms, before another may go. */
const PATIENCE = 30_000;
const LONGEST_OPEN = 300_000;

const must = (holds: boolean, what: string) => {
  if (!holds) throw new Error(`invariant 10: ${what}`);
};

/** The model of one breaker. */
export class BreakerModel {
  state: 'closed' | 'open' = 'closed';
  /** The end of the open time; undefined when it is not known. */
  #until: number | undefined = 0;
  #probe: { readonly leave: Leave; readonly at: number } | undefined;
  /** Probes given up whose ejection is still to be announced. */
  #unannounced = 0;
  #failures = 0;
  readonly #name: string;
  readonly #resetTimeout: number;
  readonly #needed: number;

  /** @param needed the fewest failures after which it may open. */
  constructor(name: string, resetTimeout: number, needed: number) {
    this.#name = name;
    this.#resetTimeout = resetTimeout;
    this.#needed = needed;
  }

  /** An attempt begins. */
  begins(leave: Leave, now: number): void {
    if (this.state === 'closed') return;
    this.#giveUp(now);
    const due = this.#until === undefined || this.#until <= now;
    const free = this.#probe === undefined;
    if (leave.forced) {
      // While a verdict is out nobody can tell whether this one was taken for the probe.
      if (due && free && this.#until !== undefined) this.#probe = { leave, at: now };
      if (due) this.#until = undefined;
      return;
    }
    must(due, `${this.#name}: an attempt while it is open for another ${(this.#until ?? 0) - now} ms`);
    must(free, `${this.#name}: a second probe while the first one runs`);
    this.#probe = { leave, at: now };
  }

  /** An attempt ended. */
  ends(leave: Leave, told: Told, now: number): void {
    if (told === 'maybe') this.#failures += 1;
    this.#giveUp(now);
    if (this.#probe?.leave !== leave) return;
    this.#probe = undefined;
    // Free again at once, open again, or well: what follows is announced.
    this.#until = told === 'neutral' && this.#until !== undefined ? now : undefined;
  }

  /** It announced that it opened. */
  ejected(openMs: number, now: number): void {
    const longest = Math.max(LONGEST_OPEN, this.#resetTimeout);
    must(openMs <= longest && openMs >= 0.9 * this.#resetTimeout, `${this.#name}: open for ${openMs} ms`);
    this.#giveUp(now);
    if (this.#unannounced > 0) {
      this.#unannounced -= 1;
      return;
    }
    if (this.state === 'closed') {
      must(this.#failures >= this.#needed, `${this.#name}: opened after ${this.#failures} failures`);
      this.#until = now + openMs;
    } else {
      must(this.#until === undefined, `${this.#name}: opened again without a probe that failed`);
      this.#until = this.#probe ? undefined : now + openMs;
    }
    this.state = 'open';
    this.#failures = 0;
  }

  /** It announced that it closed. */
  restored(): void {
    must(this.state === 'open', `${this.#name}: restored while closed`);
    this.state = 'closed';
    this.#until = 0;
    this.#probe = undefined;
    this.#failures = 0;
    this.#unannounced = 0;
  }

  /** Looks at it between two things that happen. @param shown its state in the snapshot */
  look(shown: string, now: number): void {
    this.#giveUp(now);
    must((shown === 'closed') === (this.state === 'closed'), `${this.#name}: shown as ${shown}, is ${this.state}`);
    if (this.state === 'closed' || this.#until === undefined) return;
    must(shown === (this.#probe ? 'half-open' : 'open'), `${this.#name}: shown as ${shown}, probe ${this.#probe?.at}`);
  }

  /** A probe that has had its time is given up by whoever looks; for how long it is open then is announced later. */
  #giveUp(now: number): void {
    if (this.#probe === undefined || now - this.#probe.at < Math.max(PATIENCE, this.#resetTimeout)) return;
    this.#until = undefined;
    this.#probe = undefined;
    this.#unannounced += 1;
  }
}
