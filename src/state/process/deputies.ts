/**
 * Those who know everything as well. A change is answered once each of them has said that it has it: one that takes over says so
 * no more, and one that is killed, or stands still, has what was answered, whatever was on its way to it.
 */
import type { Clock } from '../../clock.ts';
import type { Frame } from './frame.ts';
import type { Guest } from './guest.ts';
import type { Wire } from './wire.ts';

const DEPUTIES = 2;
/** Who says nothing for so long, in ms, is a deputy no more; shorter than members wait for the one who leads. */
const WITHIN = 400;

interface Waiting {
  readonly version: number;
  readonly at: number;
  run(): void;
}

/** The deputies of the one who leads. */
export class Deputies {
  readonly #clock: Clock;
  readonly #lawful: () => boolean;
  #all: Guest[] = [];
  #waiting: Waiting[] = [];
  #looking = false;

  /** @param lawful whether the one who leads still does, at this very moment */
  constructor(clock: Clock, lawful: () => boolean) {
    this.#clock = clock;
    this.#lawful = lawful;
  }

  get wires(): Wire[] {
    return this.#all.map(({ wire }) => wire);
  }

  /** Whether the next one who comes becomes one. */
  get wanted(): boolean {
    return this.#all.length < DEPUTIES;
  }

  /** Tells them a change. */
  record(record: Frame | undefined): void {
    if (record) for (const { wire } of this.#all) wire.send(record);
  }

  /** Runs it once all of them know this version. */
  when(version: number, run: () => void): void {
    this.#waiting.push({ version, at: this.#clock.now(), run });
    this.#release();
    if (this.#waiting.length > 0) this.#look();
  }

  /** One of them has this version. */
  heard(guest: Guest, version: number): void {
    guest.knows = Math.max(guest.knows, version);
    this.#release();
  }

  /** A member is gone. It may have taken over. */
  gone(guest: Guest): void {
    if (!this.#all.includes(guest)) return;
    this.#all = this.#all.filter((deputy) => deputy !== guest);
    if (this.#lawful()) this.#release();
  }

  /** Fills the places that are empty. */
  appoint(guests: Iterable<Guest>, version: number, records: () => Iterator<Frame>): void {
    for (let rank = 1; rank <= DEPUTIES; rank++) {
      if (this.#all.some(({ deputy }) => deputy === rank)) continue;
      const next = [...guests].find(({ id, deputy }) => id !== undefined && deputy === 0);
      if (!next) return;
      next.deputy = rank;
      next.knows = version;
      this.#all.push(next);
      next.wire.send(['d', rank]);
      // What changes meanwhile it is told as well.
      next.wire.sendAll(records());
    }
  }

  /** Nobody is answered any more: they ask elsewhere. */
  drop(): void {
    this.#all = [];
    this.#waiting = [];
  }

  #know(version: number): boolean {
    return this.#all.every(({ knows }) => knows >= version);
  }

  #release(): void {
    for (let first = this.#waiting[0]; first && this.#know(first.version); first = this.#waiting[0]) {
      this.#waiting.shift();
      first.run();
    }
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    // What came while this process itself had no time is read first.
    this.#clock.after(WITHIN / 4, () => setImmediate(() => this.#dismiss()), false);
  }

  #dismiss(): void {
    this.#looking = false;
    const [first] = this.#waiting;
    if (!first) return;
    if (this.#clock.now() - first.at >= WITHIN)
      for (const guest of this.#all.filter(({ knows }) => knows < first.version)) {
        guest.deputy = -1;
        guest.wire.send(['d', 0]);
        this.gone(guest);
      }
    if (this.#waiting.length > 0) this.#look();
  }
}
