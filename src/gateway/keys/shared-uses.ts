/**
 * What client keys use at several gateways, counted together. Each gateway lets calls in by what it knows, and tells the others soon
 * after; so a limit or a budget is exceeded by no more than what is used between two tellings, and no call waits.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { KeyStanding, KeyUse, SharedByGateways } from '../store/gateway-store.ts';

/** Told so long after a use, in ms; a key that was not used for a while is told of at once. */
const SOON = 50;
const QUIET = 1_000;
/** After a failure, in ms. */
const AGAIN_AFTER = 500;
/** Keys told of as one. */
const PIECE = 500;

/** What is used: of a limit, or money in a day. */
export type Amounts = Pick<KeyUse, 'calls' | 'tokens' | 'cost'>;

/** Hears what a key has left. @param since what was used here while that was asked. */
export type Heard = (standing: KeyStanding, since: Amounts, use: KeyUse) => void;

interface Waiting {
  readonly use: KeyUse;
  readonly heard: Heard;
}

interface Sent {
  readonly id: string;
  readonly piece: readonly (readonly [string, Waiting])[];
}

/** Uses on their way. */
export class SharedUses {
  readonly #shared: SharedByGateways;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  readonly #toldAt = new Map<string, number>();
  #sent: Sent | undefined;
  #isSending = false;
  #timer: (() => void) | undefined;

  constructor(shared: SharedByGateways, clock: Clock) {
    this.#shared = shared;
    this.#clock = clock;
  }

  /** That much was used. */
  add(use: KeyUse, heard: Heard): void {
    const id = JSON.stringify([use.id, use.day]);
    const before = this.#waiting.get(id)?.use;
    const sum = before
      ? { ...use, calls: before.calls + use.calls, tokens: before.tokens + use.tokens, cost: before.cost + use.cost }
      : use;
    this.#waiting.set(id, { use: sum, heard });
    if (this.#isSending) return;
    const isQuiet = this.#clock.now() - (this.#toldAt.get(id) ?? Number.NEGATIVE_INFINITY) > QUIET;
    if (isQuiet && !this.#sent) this.#arm(0);
    else if (!this.#timer) this.#arm(SOON);
  }

  #arm(ms: number): void {
    this.#timer?.();
    this.#timer = this.#clock.after(
      ms,
      () => {
        this.#timer = undefined;
        void this.tell();
      },
      false,
    );
  }

  #next(): Sent | undefined {
    const piece = [...this.#waiting].slice(0, PIECE);
    for (const [id] of piece) this.#waiting.delete(id);
    return piece.length === 0 ? undefined : { id: randomUUID(), piece };
  }

  /** Tells now. Never rejects. */
  async tell(): Promise<void> {
    if (this.#isSending) return;
    this.#sent ??= this.#next();
    if (!this.#sent) return;
    this.#isSending = true;
    const { id, piece } = this.#sent;
    let again = SOON;
    try {
      const standings = await this.#shared.tally(
        id,
        piece.map(([, { use }]) => use),
      );
      this.#sent = undefined;
      const now = this.#clock.now();
      for (const [at, [key, { use, heard }]] of piece.entries()) {
        this.#toldAt.delete(key);
        this.#toldAt.set(key, now);
        heard(standings[at] as KeyStanding, this.#since(use), use);
      }
      for (const [key] of this.#toldAt) if (this.#toldAt.size > 2 * PIECE) this.#toldAt.delete(key);
    } catch {
      // The store tells of that itself.
      again = AGAIN_AFTER;
    }
    this.#isSending = false;
    if (this.#sent || this.#waiting.size > 0) this.#arm(again);
  }

  /** What was used under these limits and not told yet. */
  #since({ id, month }: KeyUse): Amounts {
    const sum = { calls: 0, tokens: 0, cost: 0 };
    for (const { use } of this.#waiting.values()) {
      if (use.id !== id || use.month !== month) continue;
      sum.calls += use.calls;
      sum.tokens += use.tokens;
      sum.cost += use.cost;
    }
    return sum;
  }

  /** Tells what is left to tell, as far as that can be done now. */
  async close(): Promise<void> {
    for (let last = -1; this.#waiting.size !== last && (this.#sent || this.#waiting.size > 0); ) {
      last = this.#waiting.size;
      await this.tell();
    }
    this.#timer?.();
  }
}
