/** Where the endpoints of all pools on one store are: by name, as others know them, and by their live state. */
import { accountOf } from '../endpoint/account.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { EndpointState } from '../endpoint/endpoint-state.ts';
import { addressOf } from '../endpoint/registry.ts';
import type { Fact } from './sync-message.ts';

/** A pool that tells others and hears from them. */
export interface Member {
  /** Its endpoints at the moment. */
  readonly endpoints: readonly Endpoint[];
  /** Grows whenever one is added or drained. */
  readonly changes: number;
  /** Something was learnt from another process. */
  heard(fact: Fact): void;
  /** Something is wrong with what is shared, which its user can mend. */
  complain(reason: string): void;
}

/** One endpoint, as the pools that have it know it. */
export interface Place {
  readonly name: string;
  readonly address: string;
  /** Whose quota it draws on; empty = that cannot be compared. */
  readonly account: string;
  readonly state: EndpointState;
  /** The pools; nobody of them is kept alive by that. */
  readonly members: ReadonlySet<WeakRef<Member>>;
}

/** A text for a place: those with the same one are the same to others. */
export function idOf({ name, address, account }: Pick<Place, 'name' | 'address' | 'account'>): string {
  return `${name} ${address} ${account}`;
}

/** The first of each name and address: others add up what runs on several accounts, so each state counts for one of its own. */
export function firsts(places: readonly Place[]): readonly Place[] {
  const seen = new Set<string>();
  return places.filter(({ name, address }) => seen.size < seen.add(`${name} ${address}`).size);
}

interface Known extends Place {
  readonly members: Set<WeakRef<Member>>;
}

/** A pool, as it was when it was last looked at. */
interface Seen {
  readonly changes: number;
  readonly places: ReadonlySet<Known>;
}

const NEVER_SEEN: Seen = { changes: Number.NaN, places: new Set() };

function add<Key>(map: Map<Key, Known[]>, key: Key, place: Known): void {
  const found = map.get(key);
  if (found) found.push(place);
  else map.set(key, [place]);
}

function remove<Key>(map: Map<Key, Known[]>, key: Key, place: Known): void {
  const left = (map.get(key) ?? []).filter((each) => each !== place);
  if (left.length > 0) map.set(key, left);
  else map.delete(key);
}

/**
 * The places of all members; nobody of them is kept alive by that. Why only who changed is looked through: with a client for
 * each call there are thousands of them, all with the same few endpoints.
 */
export class Places {
  readonly #members = new Map<WeakRef<Member>, Seen>();
  readonly #byName = new Map<string, Known[]>();
  readonly #byState = new Map<object, Known[]>();

  /** One more pool. */
  add(member: Member): void {
    this.#members.set(new WeakRef(member), NEVER_SEEN);
  }

  /** One less. */
  remove(member: Member): void {
    for (const [each, seen] of this.#members) if (each.deref() === member) this.#leave(each, seen);
  }

  /** Whether there are any pools. */
  get some(): boolean {
    for (const each of this.#members.keys()) if (each.deref()) return true;
    return false;
  }

  /** The pools. */
  get members(): Member[] {
    return [...this.#members.keys()].flatMap((each) => each.deref() ?? []);
  }

  /** Tells all of them what is wrong. */
  complain(reason: string): void {
    for (const member of this.members) member.complain(reason);
  }

  /** All that are called so. */
  named(name: string): readonly Place[] {
    this.#look();
    return this.#byName.get(name) ?? [];
  }

  /** All with this state. */
  of(state: object): readonly Place[] {
    this.#look();
    return this.#byState.get(state) ?? [];
  }

  /** The states there are. */
  get states(): EndpointState[] {
    this.#look();
    return [...this.#byState.keys()] as EndpointState[];
  }

  /** One place for each name, address and account. */
  get all(): Place[] {
    this.#look();
    const found = new Map<string, Place>();
    for (const places of this.#byName.values()) for (const place of places) found.set(idOf(place), place);
    return [...found.values()];
  }

  #look(): void {
    for (const [each, seen] of this.#members) {
      const member = each.deref();
      if (!member) this.#leave(each, seen);
      else if (member.changes !== seen.changes) this.#enter(each, seen, member);
    }
  }

  #enter(each: WeakRef<Member>, before: Seen, { endpoints, changes }: Member): void {
    const places = new Set(endpoints.map((endpoint) => this.#placeOf(endpoint)));
    for (const place of places) place.members.add(each);
    this.#members.set(each, { changes, places });
    for (const place of before.places) if (!places.has(place)) this.#without(place, each);
  }

  #leave(each: WeakRef<Member>, { places }: Seen): void {
    this.#members.delete(each);
    for (const place of places) this.#without(place, each);
  }

  #placeOf({ name, state, settings }: Endpoint): Known {
    const { address } = addressOf(settings.baseURL);
    const account = accountOf(settings);
    const id = idOf({ name, address, account });
    const found = this.#byState.get(state)?.find((each) => idOf(each) === id);
    if (found) return found;
    const place: Known = { name, address, account, state, members: new Set() };
    add(this.#byName, name, place);
    add(this.#byState, state, place);
    return place;
  }

  #without(place: Known, each: WeakRef<Member>): void {
    place.members.delete(each);
    if (place.members.size > 0) return;
    remove(this.#byName, place.name, place);
    remove(this.#byState, place.state, place);
  }
}
