/**
 * What client keys use at several gateways, counted together. Each gateway lets calls in by what it knows, and tells the others soon
 * after; so a limit or a budget is exceeded by no more than what is used between two tellings, and no call waits.
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { KeyStanding, KeyUse, Numbered, SharedByGateways } from '../store/gateway-store.ts';

/** Told so long after a use, in ms; a key that was not used for a while is told of at once. */
const SOON = 50;
const QUIET = 1_000;
/** After a failure, in ms. */
const AGAIN_AFTER = 500;
/** Keys told of as one. */
const PIECE = 500;

/** Keys remembered that were told of. */
const MOST_TOLD = 10_000;
const NOTHING: Amounts = { calls: 0, tokens: 0, cost: 0 };
const limitOf = ({ id, month }: Use) => `${month} ${id}`;

/** What is used: of a limit, or money in a day. */
export type Amounts = Pick<KeyUse, 'calls' | 'tokens' | 'cost'>;

/** Hears what a key has left. @param since what was used here while that was asked. */
export type Heard = (standing: KeyStanding, since: Amounts) => void;

/** A use, as whoever made it knows it. */
export type Use = Omit<KeyUse, 'told'>;

interface Waiting {
  readonly use: Use;
  readonly heard: Heard;
}

interface Sent extends Numbered {
  readonly piece: readonly (readonly [string, Waiting])[];
}

/** Uses on their way. */
export class SharedUses {
  readonly #shared: SharedByGateways;
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  /** When keys were told of last, and what was heard then. */
  readonly #told = new Map<string, { readonly at: number; readonly standing: KeyStanding }>();
  readonly #by = randomUUID();
  #number = 0;
  #sent: Sent | undefined;
  #isSending = false;
  #timer: (() => void) | undefined;

  constructor(shared: SharedByGateways, clock: Clock) {
    this.#shared = shared;
    this.#clock = clock;
  }

  /** That much was used. */
  add(use: Use, heard: Heard): void {
    const id = JSON.stringify([use.id, use.day]);
    const before = this.#waiting.get(id)?.use;
    const sum = before
      ? { ...use, calls: before.calls + use.calls, tokens: before.tokens + use.tokens, cost: before.cost + use.cost }
      : use;
    this.#waiting.set(id, { use: sum, heard });
    if (this.#isSending) return;
    const isQuiet = this.#clock.now() - (this.#told.get(id)?.at ?? Number.NEGATIVE_INFINITY) > QUIET;
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
    if (piece.length === 0) return undefined;
    this.#number += 1;
    return { by: this.#by, number: this.#number, piece };
  }

  #withTold([key, { use }]: Sent['piece'][number]): KeyUse {
    const { day = 0, month = 0 } = this.#told.get(key)?.standing ?? {};
    return { ...use, told: { day, month } };
  }

  /** Tells now. Never rejects. */
  async tell(): Promise<void> {
    if (this.#isSending) return;
    this.#sent ??= this.#next();
    if (!this.#sent) return;
    this.#isSending = true;
    const { piece } = this.#sent;
    let again = SOON;
    try {
      const standings = await this.#shared.tally(
        this.#sent,
        piece.map((one) => this.#withTold(one)),
      );
      this.#sent = undefined;
      this.#hear(piece, standings);
    } catch {
      // The store tells of that itself.
      again = AGAIN_AFTER;
    }
    this.#isSending = false;
    if (this.#sent || this.#waiting.size > 0) this.#arm(again);
  }

  #hear(piece: Sent['piece'], standings: readonly KeyStanding[]): void {
    const at = this.#clock.now();
    const since = this.#since();
    for (const [index, [key, { use, heard }]] of piece.entries()) {
      const standing = standings[index] as KeyStanding;
      this.#told.delete(key);
      this.#told.set(key, { at, standing });
      heard(standing, since.get(limitOf(use)) ?? NOTHING);
    }
    for (const [key] of this.#told) if (this.#told.size > MOST_TOLD) this.#told.delete(key);
  }

  /** What was used and not told yet, by the limits that it counts for. */
  #since(): Map<string, Amounts> {
    const sums = new Map<string, Amounts>();
    for (const { use } of this.#waiting.values()) {
      const { calls, tokens, cost } = sums.get(limitOf(use)) ?? NOTHING;
      sums.set(limitOf(use), { calls: calls + use.calls, tokens: tokens + use.tokens, cost: cost + use.cost });
    }
    return sums;
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
