/**
 * What is kept in the store for processes that start later, one record for each endpoint: read once at the start, in the
 * background, and again after the store was away; written when something is learnt here, and again every few minutes.
 */
import type { Clock } from '../clock.ts';
import { isEverybodys } from '../endpoint/hearsay.ts';
import type { GuardedStore } from '../state/guarded-store.ts';
import { KEPT_FOR, type KeptFact, keep, kept, keyOfEndpoint } from './kept-facts.ts';
import type { Place } from './places.ts';
import { type Foreign, isForeign } from './sync-message.ts';

/** Nobody waits for what is read in the background, in ms. */
const READ_WITHIN = 2_000;
/** Read at one time. */
const LANES = 16;
/** Records written at one time, and the shortest time between two such lots, in ms: a large pool must not flood a store. */
const LOT = 50;
const APART = 100;

/** What records are made of, and who is told what they say. */
export interface RecordParts {
  readonly guard: GuardedStore;
  readonly clock: Clock;
  /** The places of this process, one for each name and address. */
  readonly places: () => readonly Place[];
  /** Ejections that may be told, with the ms that are left. */
  readonly ejections: (place: Place) => readonly KeptFact[];
  readonly learn: (fact: KeptFact) => void;
  /** The endpoint of that name is somewhere else for others. */
  readonly conflict: (place: Place, address: string) => void;
  readonly foreign: (found: Foreign) => void;
  /** Whether others mean another endpoint by that name. */
  readonly disputed: (name: string) => boolean;
}

/** The records of one store. */
export class Records {
  readonly #parts: RecordParts;
  readonly #due = new Map<string, Place>();
  #cancelWriting: (() => void) | undefined;
  #cancelRefresh: (() => void) | undefined;

  constructor(parts: RecordParts) {
    this.#parts = parts;
  }

  /** Reads what others learnt of these places, in the background. */
  async read(places: readonly Place[]): Promise<void> {
    const left = [...places];
    const lane = async () => {
      for (let place = left.pop(); place; place = left.pop()) await this.#read(place);
    };
    await Promise.all(Array.from({ length: Math.min(LANES, left.length) }, lane));
    this.#refreshLater();
  }

  async #read(place: Place): Promise<void> {
    const { guard, clock, learn, conflict, foreign } = this.#parts;
    const { name, address } = place;
    const text = await guard.read(keyOfEndpoint(name), READ_WITHIN, false);
    const found = text === undefined ? undefined : kept(text, name, clock.date());
    if (found && isForeign(found)) foreign(found);
    else if (found && found.address !== address) conflict(place, found.address);
    else {
      for (const fact of found?.facts ?? []) learn(fact);
      this.write(place);
    }
  }

  /** Something was learnt there. */
  write(place: Place): void {
    this.#due.set(`${place.name} ${place.address}`, place);
    this.#cancelWriting ??= this.#parts.clock.after(0, () => this.#pump(), false);
  }

  #pump(): void {
    this.#cancelWriting = undefined;
    let left = LOT;
    for (const [key, place] of this.#due) {
      if (left === 0) break;
      left -= 1;
      this.#due.delete(key);
      this.#write(place);
    }
    // Also when nothing is left: what is learnt within the next moment goes together.
    if (left < LOT) this.#cancelWriting = this.#parts.clock.after(APART, () => this.#pump(), false);
  }

  #write(place: Place): void {
    const { guard, clock, ejections, disputed } = this.#parts;
    const { name, address, state } = place;
    if (disputed(name)) return;
    const cooldowns = state.cooldowns.list().flatMap((cooldown): KeptFact[] => {
      const { scope, until } = cooldown;
      if (scope === 'figures' || !isEverybodys(cooldown)) return [];
      const { key, reason, pause } = cooldown;
      return [
        { is: 'cooldown', endpoint: name, address, scope, key, reason, pause, inRow: 0, ms: until - clock.now() },
      ];
    });
    guard.write(
      keyOfEndpoint(name),
      keep({ address, facts: [...cooldowns, ...ejections(place)] }, clock.date()),
      KEPT_FOR,
    );
  }

  #refreshLater(): void {
    this.#cancelRefresh?.();
    this.#cancelRefresh = this.#parts.clock.after(KEPT_FOR / 3, () => this.#refresh(), false);
  }

  #refresh(): void {
    const places = this.#parts.places();
    // Without anybody left a timer would only keep the store.
    if (places.length > 0) void this.read(places);
  }

  /** Leaves the store alone; what is due is handed over first. */
  stop(): void {
    for (const place of this.#due.values()) this.#write(place);
    this.#due.clear();
    this.#cancelWriting?.();
    this.#cancelRefresh?.();
    this.#cancelWriting = undefined;
    this.#cancelRefresh = undefined;
  }
}
