/**
 * Those who are told everything as well. A change is answered once each of them has said that it has it. Who has said that of all
 * that there is becomes an heir, and is one until it is struck out: before anything is answered that it has not said to know.
 */
import type { Clock } from '../../clock.ts';
import type { Frame } from './frame.ts';
import { type Guest, lesson } from './guest.ts';
import { lives } from './heir.ts';
import type { Ledger } from './ledger.ts';
import type { Place } from './place.ts';
import { Waiting } from './waiting.ts';
import type { Wire } from './wire.ts';

const DEPUTIES = 2;
/** Who says nothing for so long, in ms, is a deputy no more; shorter than members wait for the one who leads. */
const WITHIN = 400;
/** Earlier than every version: what somebody has who is to be told everything. */
const NOTHING = -1;

/** What the deputies need of the one who leads. */
export interface DeputiesParts {
  readonly clock: Clock;
  readonly place: Place;
  readonly ledger: Ledger;
  /** Everybody who may become one. */
  readonly guests: Iterable<Guest>;
  /** Whether the one who leads still does, at this very moment. */
  lawful(): boolean;
}

/** The deputies of the one who leads. */
export class Deputies {
  readonly #parts: DeputiesParts;
  /** The other heirs of the one who led before: they know all it has answered, and are waited for as if they were here. */
  readonly #awaited: Set<string>;
  #all: Guest[] = [];
  readonly #waiting = new Waiting();
  #terms = 0;
  #looking = false;
  #dropped = false;

  constructor(parts: DeputiesParts) {
    this.#parts = parts;
    const { clock, place } = parts;
    this.#awaited = new Set(place.heirs);
    for (const mark of this.#awaited) void lives(place.heir(mark)).then((alive) => alive || this.#forsake(mark));
    const giveUp = () => setImmediate(() => this.#forsake(...this.#awaited));
    if (this.#awaited.size > 0) clock.after(WITHIN, giveUp, false);
  }

  get wires(): Wire[] {
    return this.#all.map(({ wire }) => wire);
  }

  /** Tells them a change. */
  record(record: Frame | undefined): void {
    if (record) for (const { wire } of this.#all) wire.send(record);
  }

  /** Runs it once all of them know this version. */
  when(version: number, run: () => void): void {
    this.#waiting.add({ version, at: this.#parts.clock.now(), run });
    this.#release();
    if (this.#waiting.first) this.#look();
  }

  /** A member has said who it is. @param mark its socket among the heirs' @param version the greatest that it knows, or 0 */
  greeted(guest: Guest, mark: unknown, version: number): void {
    const heir = this.#awaited.delete(mark as string);
    if (heir) {
      guest.mark = mark as string;
      guest.learns = true;
      this.#appoint(guest, version);
    } else if (version > 0 || mark) guest.wire.send(['n']);
    this.#fill();
  }

  /** It has this version. */
  heard(guest: Guest, version: number): void {
    if (!guest.learns) guest.knows = Math.max(guest.knows, version);
    if (guest.term < 0) {
      // It has time again.
      guest.term = 0;
      this.#fill();
    } else this.#release();
  }

  /** It was told everything, and has a socket. */
  ready(guest: Guest, term: unknown, mark: string): void {
    if (guest.term !== term || !this.#all.includes(guest)) return;
    const { place, lawful } = this.#parts;
    guest.learns = false;
    guest.knows = Math.max(guest.knows, guest.told);
    if (guest.mark === undefined && place.name(mark)) guest.mark = mark;
    if (guest.mark !== mark) {
      this.#dismiss(guest);
      this.#goOn();
    }
    // Somebody took over, and does not know of this heir.
    else if (!lawful()) place.strike(mark);
    else {
      guest.wire.send(['e', mark]);
      this.#release();
    }
  }

  /** A member is gone. It may have taken over. */
  gone(guest: Guest): void {
    if (!this.#all.includes(guest)) return;
    this.#remove(guest);
    this.#goOn();
  }

  /** Nobody is answered any more: they ask elsewhere. */
  drop(): void {
    this.#dropped = true;
    this.#all = [];
    this.#waiting.drop();
    this.#awaited.clear();
  }

  #goOn(): void {
    this.#release();
    this.#fill();
  }

  #fill(): void {
    if (this.#dropped || this.#awaited.size > 0) return;
    for (const guest of this.#parts.guests) {
      if (this.#all.length >= DEPUTIES) return;
      if (guest.id !== undefined && guest.term === 0) this.#appoint(guest, NOTHING);
    }
  }

  /** @param since the version up to which it knows everything */
  #appoint(guest: Guest, since: number): void {
    const { ledger } = this.#parts;
    this.#terms += 1;
    guest.term = this.#terms;
    // An heir may lead at any moment, others only when they know everything.
    guest.knows = guest.learns ? since : ledger.version;
    this.#all.push(guest);
    guest.wire.send(['d', since]);
    // What changes meanwhile it is told as well.
    guest.wire.sendAll(lesson(guest, ledger, since));
  }

  #remove(guest: Guest): void {
    this.#all = this.#all.filter((deputy) => deputy !== guest);
    if (guest.mark !== undefined) this.#strike(guest.mark);
    guest.mark = undefined;
    guest.learns = false;
  }

  /** It is no heir any more; but of somebody who has taken over it may be one. */
  #strike(mark: string): void {
    if (this.#parts.lawful()) this.#parts.place.strike(mark);
  }

  #dismiss(guest: Guest): void {
    guest.term = -1;
    guest.wire.send(['n']);
    this.#remove(guest);
  }

  /** These heirs do not come. */
  #forsake(...marks: string[]): void {
    for (const mark of marks) if (this.#awaited.delete(mark)) this.#strike(mark);
    this.#goOn();
  }

  /** What was answered while somebody else had taken over would be known to nobody. */
  #release(): void {
    const { first } = this.#waiting;
    const known = Math.min(...this.#all.map(({ knows }) => knows));
    if (first && this.#awaited.size === 0 && first.version <= known && this.#parts.lawful())
      this.#waiting.release(known);
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    // What came while this process itself had no time is read first.
    this.#parts.clock.after(WITHIN / 4, () => setImmediate(() => this.#dismissLate()), false);
  }

  #dismissLate(): void {
    this.#looking = false;
    const { first } = this.#waiting;
    if (!first) return;
    if (this.#parts.clock.now() - first.at >= WITHIN)
      for (const guest of this.#all.filter(({ knows }) => knows < first.version)) this.#dismiss(guest);
    this.#goOn();
    if (this.#waiting.first) this.#look();
  }
}
