/**
 * Whether a store works, as far as its answers show. One that failed is left alone and asked again every few seconds, by one
 * operation of the kind that failed: that it can be read says nothing about writing. While only writing fails, reads go on.
 */
import { plain } from '../call/describe.ts';
import type { Clock } from '../clock.ts';

/** What an operation does. */
export type StoreKind = 'read' | 'write';

/** Something to tell those who use the store. */
export type StoreNews =
  | { readonly is: 'degraded'; readonly reason: string }
  | { readonly is: 'recovered'; readonly lost: number }
  | { readonly is: 'behind' };

/** How long a store that failed is left alone, in ms. */
const PAUSE = 5_000;
/** A store's error may be of any length. */
const LONGEST = 200;

type State = { readonly is: 'well' } | { readonly is: 'degraded'; readonly by: StoreKind; probeAt: number };

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
  #state: State = { is: 'well' };
  #lost = 0;

  constructor(clock: Clock, tell: (news: StoreNews) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** What failed last, while the store is not well. */
  get degradedBy(): StoreKind | undefined {
    return this.#state.is === 'well' ? undefined : this.#state.by;
  }

  /** Ms until the store is asked again. */
  get pause(): number {
    return this.#state.is === 'well' ? 0 : Math.max(0, this.#state.probeAt - this.#clock.now());
  }

  /** May an operation go out? Who is told `'probe'` decides by its outcome whether the store is well again. */
  ask(kind: StoreKind): 'yes' | 'probe' | 'no' {
    const state = this.#state;
    if (state.is === 'well' || (kind === 'read' && state.by === 'write')) return 'yes';
    if (state.by !== kind || this.pause > 0) return 'no';
    state.probeAt = this.#clock.now() + PAUSE;
    return 'probe';
  }

  /** An operation was answered as it should. */
  worked(asked: 'yes' | 'probe'): void {
    if (asked !== 'probe' || this.#state.is === 'well') return;
    this.#state = { is: 'well' };
    const lost = this.#lost;
    this.#lost = 0;
    this.#tell({ is: 'recovered', lost });
  }

  /** An operation was not. */
  failed(kind: StoreKind, error: unknown): void {
    const before = this.#state;
    const by = before.is === 'degraded' && before.by === 'read' ? 'read' : kind;
    this.#state = { is: 'degraded', by, probeAt: this.#clock.now() + PAUSE };
    if (before.is === 'well') this.#tell({ is: 'degraded', reason: reasonOf(kind, error) });
  }

  /** Facts were given up before they could be written. */
  lost(count: number): void {
    if (this.#state.is === 'well') this.#tell({ is: 'behind' });
    else this.#lost += count;
  }

  /** The next operation may go out at once: there will be no later chance. */
  hurry(): void {
    if (this.#state.is === 'degraded') this.#state.probeAt = this.#clock.now();
  }
}
