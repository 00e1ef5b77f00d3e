/** Where the endpoints of all pools on one store are: by name, as others know them, and by their live state. */
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

/** One endpoint of one pool. */
export interface Place {
  readonly name: string;
  readonly address: string;
  readonly state: EndpointState;
  readonly member: WeakRef<Member>;
}

/** The places of all members; nobody of them is kept alive by that. */
export class Places {
  #members = new Set<WeakRef<Member>>();
  #built = '';
  #changes = 0;
  #byName = new Map<string, Place[]>();
  #byState = new Map<object, Place[]>();

  /** One more pool. */
  add(member: Member): void {
    this.#members.add(new WeakRef(member));
    this.#changes += 1;
  }

  /** One less. */
  remove(member: Member): void {
    for (const each of this.#members) if (each.deref() === member) this.#members.delete(each);
    this.#changes += 1;
  }

  /** The pools. */
  get members(): Member[] {
    return [...this.#members].flatMap((each) => each.deref() ?? []);
  }

  /** All that are called so. */
  named(name: string): readonly Place[] {
    this.#build();
    return this.#byName.get(name) ?? [];
  }

  /** All with this state. */
  of(state: object): readonly Place[] {
    this.#build();
    return this.#byState.get(state) ?? [];
  }

  /** The states there are. */
  get states(): EndpointState[] {
    this.#build();
    return [...this.#byState.keys()] as EndpointState[];
  }

  /** One place for each name and address. */
  get all(): Place[] {
    this.#build();
    const found = new Map<string, Place>();
    for (const places of this.#byName.values())
      for (const place of places) found.set(`${place.name} ${place.address}`, place);
    return [...found.values()];
  }

  #build(): void {
    let now = `${this.#changes}`;
    for (const each of this.#members) {
      const member = each.deref();
      if (member) now += ` ${member.changes}`;
      else this.#members.delete(each);
    }
    now += ` ${this.#members.size}`;
    if (now === this.#built) return;
    this.#built = now;
    [this.#byName, this.#byState] = [new Map(), new Map()];
    for (const member of this.#members)
      for (const { name, state, settings } of member.deref()?.endpoints ?? []) {
        const place = { name, address: addressOf(settings.baseURL).address, state, member };
        this.#byName.set(name, [...(this.#byName.get(name) ?? []), place]);
        this.#byState.set(state, [...(this.#byState.get(state) ?? []), place]);
      }
  }
}
