/**
 * Facts on their way to others, bundled: the first goes at once, those that come right after it go together. What the store did not
 * take is told once it is back, as far as it holds then.
 */
import type { Clock } from '../clock.ts';
import { type Fact, MOST_FACTS } from './sync-message.ts';

/** The shortest time between two lots, in ms: nobody notices it, and a burst becomes few messages. */
const APART = 10;
/** Facts that wait; beyond them the oldest is given up. */
const WAITING = 2_000;
/** After so long that something works again is no news, and it may have failed anew, in ms. */
const NEWS = 60_000;

/** What facts of one kind differ in. */
const ABOUT = {
  ...{ cooldown: 'scope', disproved: 'operation', ejected: 'model', restored: 'model' },
  ...{ load: 'is', here: 'is' },
} as const satisfies Record<Fact['is'], string>;

/** A fact that was to be told some time ago, as it is now; `undefined` = it holds no more, or is told again anyway. */
function aged(fact: Fact, by: number): Fact | undefined {
  switch (fact.is) {
    case 'cooldown':
      return fact.ms > by ? { ...fact, ms: fact.ms - by } : undefined;
    case 'ejected':
      return fact.ms > by ? { ...fact, ms: fact.ms - by, failingFor: fact.failingFor + by } : undefined;
    case 'disproved':
      return { ...fact, age: fact.age + by };
    case 'restored':
      return by < NEWS ? fact : undefined;
    default:
      return undefined;
  }
}

/** Two facts about the same: the later one counts. */
function keyOf(fact: Fact): string {
  const about = ABOUT[fact.is];
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
  /** What the store did not take, and when that was. */
  readonly #untold = new Map<string, { readonly fact: Fact; readonly at: number }>();
  readonly #clock: Clock;
  readonly #send: (facts: readonly Fact[]) => Promise<boolean>;
  #sentAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  /** @param send given up to 200 facts at a time; resolves to whether they were taken. */
  constructor(clock: Clock, send: (facts: readonly Fact[]) => Promise<boolean>) {
    this.#clock = clock;
    this.#send = send;
  }

  /** One more fact. Returns at once. */
  put(fact: Fact): void {
    const key = keyOf(fact);
    this.#untold.delete(key);
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
    for (let from = 0; from < facts.length; from += MOST_FACTS)
      void this.#tell(facts.slice(from, from + MOST_FACTS), this.#sentAt);
  }

  async #tell(facts: readonly Fact[], at: number): Promise<void> {
    if (await this.#send(facts)) return;
    for (const fact of facts) {
      const key = keyOf(fact);
      if (this.#waiting.has(key) || !aged(fact, 0)) continue;
      this.#untold.set(key, { fact, at });
      if (this.#untold.size > WAITING) this.#untold.delete(this.#untold.keys().next().value as string);
    }
  }

  /** Tells what the store did not take, as far as it still holds. @returns that */
  tellAgain(): Fact[] {
    const untold = [...this.#untold.values()];
    this.#untold.clear();
    const now = this.#clock.now();
    const facts = untold.flatMap(({ fact, at }) => aged(fact, now - at) ?? []);
    for (const fact of facts) this.put(fact);
    return facts;
  }
}
