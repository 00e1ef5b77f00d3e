/**
 * Whether a store works, as far as its answers show. What failed is left alone and tried again every few seconds, by one
 * operation of its kind: that it can be read says nothing about writing. While reading works the other kinds fail each for
 * itself: a store that is full still hands messages on. One that cannot be read is left alone altogether.
 */
import { plain } from '../call/describe.ts';
import type { Clock } from '../clock.ts';

/** What an operation does. */
export type StoreKind = 'read' | 'write' | 'publish' | 'subscribe';

/** Something to tell those who use the store. */
export type StoreNews =
  | { readonly is: 'degraded'; readonly reason: string }
  | { readonly is: 'recovered'; readonly lost: number }
  | { readonly is: 'behind' };

/**
 * How long a store that failed is left alone, in ms. Longer than a write may take, so that one tried before the store works
 * again does not fail after it; and short: a client that connects anew every 2 s has everything back within 5 s.
 */
const PAUSE = 2_100;
/** A store's error may be of any length. */
const LONGEST = 200;

/** What a store threw, in short, and without the credentials that an address may hold. */
function reasonOf(kind: StoreKind, error: unknown): string {
  let text: string;
  try {
    text = String((error instanceof Error && error.message) || error);
  } catch {
    text = 'it threw something that has no words';
  }
  // Cut first: the pattern shall not look through a text of any length.
  const safe = text.slice(0, 2 * LONGEST).replace(/\/\/[^/\s@]*@/g, '//');
  return `${kind}: ${plain(safe.slice(0, LONGEST))}`;
}

/** The health of one store. */
export class StoreHealth {
  readonly #clock: Clock;
  readonly #tell: (news: StoreNews) => void;
  /** What fails, and when it may be tried again, in monotonic ms. */
  readonly #probeAt = new Map<StoreKind, number>();
  #lost = 0;

  constructor(clock: Clock, tell: (news: StoreNews) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Whether nothing fails. */
  get well(): boolean {
    return this.#probeAt.size === 0;
  }

  /** What fails at the moment. */
  get failing(): StoreKind[] {
    return [...this.#probeAt.keys()];
  }

  /** Whether operations of this kind fail. */
  fails(kind: StoreKind): boolean {
    return this.#probeAt.has(kind);
  }

  /** Ms until something that fails is tried again, of this kind or of any. */
  pause(kind?: StoreKind): number {
    const at = kind === undefined ? Math.min(...this.#probeAt.values()) : (this.#probeAt.get(kind) ?? 0);
    return this.well ? 0 : Math.max(0, at - this.#clock.now());
  }

  /** May an operation go out? Who is told `'probe'` decides by its outcome whether its kind works again. */
  ask(kind: StoreKind): 'yes' | 'probe' | 'no' {
    if (this.well) return 'yes';
    const of = this.fails('read') ? 'read' : kind;
    if (!this.fails(of)) return 'yes';
    if (of !== kind || this.pause(kind) > 0) return 'no';
    this.#probeAt.set(kind, this.#clock.now() + PAUSE);
    return 'probe';
  }

  /** An operation was answered as it should. @returns whether the store is well again by that. */
  worked(kind: StoreKind, asked: 'yes' | 'probe'): boolean {
    if (asked !== 'probe' || !this.fails(kind)) return false;
    // What could not be asked meanwhile is taken to work as well.
    if (kind === 'read') this.#probeAt.clear();
    else this.#probeAt.delete(kind);
    if (!this.well) return false;
    const lost = this.#lost;
    this.#lost = 0;
    this.#tell({ is: 'recovered', lost });
    return true;
  }

  /** An operation was not. */
  failed(kind: StoreKind, error: unknown): void {
    const { well } = this;
    this.#probeAt.set(kind, this.#clock.now() + PAUSE);
    if (well) this.#tell({ is: 'degraded', reason: reasonOf(kind, error) });
  }

  /** Facts were given up before they could be written. */
  lost(count: number): void {
    if (this.well) this.#tell({ is: 'behind' });
    else this.#lost += count;
  }

  /** The next operation may go out at once: there will be no later chance. */
  hurry(): void {
    for (const kind of this.failing) this.#probeAt.set(kind, this.#clock.now());
  }
}
