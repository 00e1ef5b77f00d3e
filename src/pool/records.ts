/**
 * What is kept in the store for processes that start later, one record for each endpoint: read once at the start, in the
 * background, and again after the store was away; written when something is learnt here, and again every few minutes.
 */
import type { Clock } from '../clock.ts';
import { isEverybodys } from '../endpoint/hearsay.ts';
import type { GuardedStore } from '../state/guarded-store.ts';
import type { Disputes } from './disputes.ts';
import { KEPT_FOR, type KeptFact, keep, kept, keyOfEndpoint } from './kept-facts.ts';
import { idOf, type Place } from './places.ts';
import { isForeign } from './sync-message.ts';

/** Nobody waits for what is read in the background, in ms. */
const READ_WITHIN = 2_000;
/** Read at one time. */
const LANES = 16;
/** Records written at one time, and the shortest time between two such lots, in ms: a large pool must not flood a store. */
const LOT = 50;
const APART = 100;
/** While the store keeps nothing, it is looked at so often whether it does, in ms: who is back reads before it writes. */
const AGAIN = 1_000;
/** Records that wait; beyond them those are given up, the oldest first, whose endpoint nobody here has any more. */
const WAITING = 2_000;

/** What records are made of, and who is told what they say. */
export interface RecordParts {
  readonly guard: GuardedStore;
  readonly clock: Clock;
  /** The places of this process, one for each name, address and account. */
  readonly places: () => readonly Place[];
  /** Ejections that may be told, with the ms that are left. */
  readonly ejections: (place: Place) => readonly KeptFact[];
  readonly learn: (fact: KeptFact) => void;
  /** Told of endpoints that are somewhere else for others, and of other releases. */
  readonly disputes: Pick<Disputes, 'conflict' | 'foreign' | 'about'>;
}

/** A record to be written: that of the endpoint, or with an account that of the account there. */
interface Due {
  readonly place: Place;
  readonly account: string;
  /** Whether it is written also when there is nothing to say any more. */
  readonly learnt: boolean;
}

/** The records of one store. */
export class Records {
  readonly #parts: RecordParts;
  readonly #due = new Map<string, Due>();
  readonly #writing = new Set<Due>();
  /** Something could not be kept: it is read again before anything is. */
  #behind = false;
  /** How many readings are under way: what they find goes into what is written. */
  #reading = 0;
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
    this.#reading += 1;
    await Promise.all(Array.from({ length: Math.min(LANES, left.length) }, lane));
    this.#reading -= 1;
    this.#refreshLater();
  }

  async #read(place: Place): Promise<void> {
    const { guard, clock, learn, disputes } = this.#parts;
    const { name, address } = place;
    for (const account of new Set(['', place.account])) {
      const text = await guard.found(keyOfEndpoint(name, account), READ_WITHIN);
      const found = text === undefined ? undefined : kept(text, name, clock.date(), account);
      if (found && isForeign(found)) return disputes.foreign(found);
      if (found && found.address !== address) return disputes.conflict(place, found.address, 'kept');
      for (const fact of found?.facts ?? []) learn(fact);
    }
    this.write(place);
  }

  /** It is to be written anew. @param learnt what was learnt there. @default nothing: only what there is counts */
  write(place: Place, learnt?: 'pause' | 'ejection'): void {
    const { name, address, account } = place;
    if (learnt !== 'pause' || account === '') this.#due.set(`${name} ${address}`, { place, account: '', learnt: true });
    const before = this.#due.get(idOf(place))?.learnt === true;
    if (learnt !== 'ejection' && account !== '')
      this.#due.set(idOf(place), { place, account, learnt: before || learnt === 'pause' });
    this.#cancelWriting ??= this.#parts.clock.after(0, () => this.#pump(), false);
  }

  #pump(): void {
    this.#cancelWriting = undefined;
    if (this.#due.size > 0 && (this.#reading > 0 || !this.#parts.guard.keeps)) {
      this.#giveUp();
      this.#cancelWriting = this.#parts.clock.after(this.#parts.guard.keeps ? APART : AGAIN, () => this.#pump(), false);
      return;
    }
    if (this.#behind) {
      this.#behind = false;
      void this.read([...new Set([...this.#due.values()].map(({ place }) => place))]);
      return;
    }
    let left = LOT;
    for (const [key, each] of this.#due) {
      if (left === 0) break;
      left -= 1;
      this.#due.delete(key);
      void this.#write(each);
    }
    // Also when nothing is left: what is learnt within the next moment goes together.
    if (left < LOT) this.#cancelWriting = this.#parts.clock.after(APART, () => this.#pump(), false);
  }

  /** With a client for each key, what waits would grow for as long as the store is away. */
  #giveUp(): void {
    if (this.#due.size <= WAITING) return;
    // Finds out who is gone.
    this.#parts.places();
    for (const [key, { place }] of this.#due) {
      if (this.#due.size <= WAITING) return;
      if (place.members.size === 0) this.#due.delete(key);
    }
  }

  async #write(due: Due): Promise<void> {
    const text = this.#text(due);
    if (text === undefined) return;
    this.#writing.add(due);
    const kept = await this.#parts.guard.keep(keyOfEndpoint(due.place.name, due.account), text, KEPT_FOR);
    if (!this.#writing.delete(due) || kept) return;
    // Others may have learnt something meanwhile, and what is written takes its place.
    this.#behind = true;
    const id = due.account === '' ? `${due.place.name} ${due.place.address}` : idOf(due.place);
    this.#due.set(id, this.#due.get(id) ?? due);
    this.#cancelWriting ??= this.#parts.clock.after(0, () => this.#pump(), false);
  }

  /** What is to be kept; `undefined` = nothing. */
  #text({ place, account, learnt }: Due): string | undefined {
    const { clock, ejections, disputes } = this.#parts;
    const { name, address } = place;
    if (disputes.about(name)) return undefined;
    const pauses = account === place.account ? this.#pauses(place) : [];
    const facts = account === '' ? [...pauses, ...ejections(place)] : pauses;
    return learnt || facts.length > 0 ? keep({ address, facts }, clock.date()) : undefined;
  }

  /** What keeps calls of its account away. */
  #pauses({ name: endpoint, address, account, state }: Place): KeptFact[] {
    return state.cooldowns.list().flatMap((cooldown): KeptFact[] => {
      const { scope, key, until, reason, pause } = cooldown;
      if (scope === 'figures' || !isEverybodys(cooldown)) return [];
      const ms = until - this.#parts.clock.now();
      return [{ is: 'cooldown', endpoint, address, account, scope, key, reason, pause, inRow: 0, ms }];
    });
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
    for (const due of new Set([...this.#due.values(), ...this.#writing])) {
      const text = this.#text(due);
      if (text !== undefined) this.#parts.guard.write(keyOfEndpoint(due.place.name, due.account), text, KEPT_FOR);
    }
    this.#due.clear();
    this.#writing.clear();
    this.#behind = false;
    this.#cancelWriting?.();
    this.#cancelRefresh?.();
    this.#cancelWriting = undefined;
    this.#cancelRefresh = undefined;
  }
}
