/** Facts on their way to others, bundled: the first goes at once, those that come right after it go together. */
import type { Clock } from '../clock.ts';
import { type Fact, MOST_FACTS } from './sync-message.ts';

/** The shortest time between two lots, in ms: nobody notices it, and a burst becomes few messages. */
const APART = 10;
/** Facts that wait; beyond them the oldest is given up. */
const WAITING = 2_000;

/** Two facts about the same: the later one counts. */
function keyOf(fact: Fact): string {
  const about = { cooldown: 'scope', disproved: 'operation', ejected: 'model', restored: 'model', load: 'is' }[fact.is];
  const { is, endpoint, address, account, ...rest } = fact;
  const fields = rest as Record<string, unknown>;
  // An ejection and a recovery contradict each other.
  const kind = is === 'restored' ? 'ejected' : is;
  return JSON.stringify([
    kind,
    endpoint,
    address,
    account,
    fields[about],
    fields.key,
    is === 'disproved' && fields.model,
  ]);
}

/** What waits to be told. */
export class Outbox {
  readonly #waiting = new Map<string, Fact>();
  readonly #clock: Clock;
  readonly #send: (facts: readonly Fact[]) => void;
  #sentAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  /** @param send given up to 200 facts at a time. */
  constructor(clock: Clock, send: (facts: readonly Fact[]) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** One more fact. Returns at once. */
  put(fact: Fact): void {
    const key = keyOf(fact);
    this.#waiting.delete(key);
    this.#waiting.set(key, fact);
    if (this.#waiting.size > WAITING) this.#waiting.delete(this.#waiting.keys().next().value as string);
    if (this.#cancel) return;
    const ms = this.#sentAt + APART - this.#clock.now();
    const flush = () => this.flush();
    if (ms > 0) this.#cancel = this.#clock.after(ms, flush, false);
    else {
      // A timer would wait for longer in a process that is busy.
      const soon = setImmediate(flush).unref();
      const cancel = () => clearImmediate(soon);
      this.#cancel = cancel;
    }
  }

  /** Tells all of it now. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#sentAt = this.#clock.now();
    const facts = [...this.#waiting.values()];
    this.#waiting.clear();
    for (let from = 0; from < facts.length; from += MOST_FACTS) this.#send(facts.slice(from, from + MOST_FACTS));
  }
}
