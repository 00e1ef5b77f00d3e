/** A member as the one who leads sees it. */
import type { Frame } from './frame.ts';
import type { Ledger } from './ledger.ts';
import type { Wire } from './wire.ts';

/** A connection that came in, and who it is. */
export interface Guest {
  readonly wire: Wire;
  /** What it listens to. */
  readonly channels: Set<unknown>;
  /** Its name; `undefined` until it has said who it is. */
  id: string | undefined;
  /** Which deputy it is, of all that there were; 0 for none, -1 when it had no time for that. */
  term: number;
  /** The version that it has said to have, as a deputy. */
  knows: number;
  /** The version up to which it was told everything. */
  told: number;
  /** Whether it is an heir of the one who led before, and was not told what is new yet: what it says to have may lack something. */
  learns: boolean;
  /** Its socket among the heirs'; `undefined` while it does not know everything. */
  mark: string | undefined;
}

/** What a deputy is told first: everything later than `since`, and that this was all. Ends when it is a deputy no more. */
export function* lesson(guest: Guest, ledger: Ledger, since: number): Generator<Frame> {
  const { term } = guest;
  for (const record of ledger.records(since)) {
    if (guest.term !== term) return;
    yield record;
  }
  guest.told = ledger.version;
  yield ['K', term];
}
