/**
 * Makes many processes act like one client: what one learns of an endpoint it tells the others over the store, and what they
 * tell changes the endpoint's state here. One for each store and process, whatever number of pools is on it.
 * Why nothing here is ever waited for: calls go by what this process knows; others only make it know more. What is told goes
 * out after the call's own path, bundled; what is heard changes the same state that the process's own calls change.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Cooldown } from '../endpoint/cooldown.ts';
import type { Grounds } from '../endpoint/evidence.ts';
import { isEverybodys } from '../endpoint/hearsay.ts';
import type { Transition } from '../endpoint/live-facts.ts';
import type { Registry } from '../endpoint/registry.ts';
import type { Teller } from '../endpoint/teller.ts';
import type { GuardedStore } from '../state/guarded-store.ts';
import type { StoreNews } from '../state/store-health.ts';
import { CatchUp } from './catch-up.ts';
import { Disputes } from './disputes.ts';
import { Ejections } from './ejections.ts';
import { Gossip } from './gossip.ts';
import { LoadTeller } from './load-teller.ts';
import { Outbox } from './outbox.ts';
import { firsts, type Member, type Place, Places } from './places.ts';
import { Records } from './records.ts';
import { concerns, type Fact, isForeign, read, written } from './sync-message.ts';

/** Where facts are told. */
export const CHANNEL = 'lbo:1:facts';

/** A fact without the name of its endpoint. */
type About<What = Fact> = What extends Fact ? Omit<What, 'endpoint' | 'address' | 'account'> : never;

/** What one process tells others, and hears from them, over one store. */
export class Sync implements Teller {
  readonly #id = randomBytes(12).toString('base64url');
  readonly #guard: GuardedStore;
  readonly #clock: Clock;
  readonly #places = new Places();
  readonly #disputes: Disputes;
  readonly #ejections: Ejections;
  readonly #gossip: Gossip;
  readonly #outbox: Outbox;
  readonly #load: LoadTeller;
  readonly #records: Records;
  // Held here, since the store holds those who listen weakly.
  readonly #listener = (text: string): void => this.#heard(text);
  readonly #news = ({ is }: StoreNews): void => {
    if (is === 'recovered') this.#catchUp.recovered();
  };
  readonly #catchUp: CatchUp;
  #end: (() => void) | undefined;

  constructor(guard: GuardedStore, clock: Clock) {
    this.#guard = guard;
    this.#clock = clock;
    this.#disputes = new Disputes({
      clock,
      named: (name) => this.#places.named(name),
      complain: (reason) => this.#places.complain(reason),
      say: ({ name, address }, asks) => this.#outbox.put({ endpoint: name, address, account: '', is: 'here', asks }),
      settled: (name) => this.#keep(this.#places.named(name)),
    });
    this.#ejections = new Ejections(clock);
    this.#outbox = new Outbox(clock, (facts) => guard.publish(CHANNEL, written({ from: this.#id, facts })));
    this.#load = new LoadTeller(clock, this.#places, (state, running) => this.#tell(state, { is: 'load', running }));
    this.#gossip = new Gossip(clock, this.#ejections, this.#load.others);
    this.#records = new Records({
      guard,
      clock,
      places: () => this.#places.all,
      ejections: ({ name, address }) =>
        this.#places.named(name).flatMap((each) => (each.address === address ? this.#ejections.of(each) : [])),
      learn: (fact) => this.#learn(fact, ''),
      disputes: this.#disputes,
    });
    this.#catchUp = new CatchUp({
      clock,
      places: () => this.#places.all,
      read: (places) => void this.#records.read(places),
      tellAgain: () => {
        for (const { endpoint, address } of this.#outbox.tellAgain())
          this.#keep(this.#places.named(endpoint).filter((place) => place.address === address));
      },
    });
  }

  /** A pool takes part, for as long as somebody else holds it. @returns what ends that */
  join(member: Member): () => void {
    // Those before may have gone without a word, and what was told since then nobody took in.
    if (!this.#places.some) this.#catchUp.resume();
    this.#places.add(member);
    this.#start();
    this.refresh();
    return () => this.#leave(member);
  }

  /** There may be endpoints that were not there before. */
  refresh(): void {
    for (const state of this.#places.states) state.tellers.add(this);
    this.#catchUp.refresh();
  }

  /** Whether others mean another endpoint by that name. */
  disputed(name: string): boolean {
    return this.#disputes.about(name);
  }

  #start(): void {
    if (this.#end) return;
    this.#guard.users.add(this.#news);
    this.#end = this.#guard.subscribe(CHANNEL, this.#listener);
  }

  #leave(member: Member): void {
    const before = this.#places.states;
    // Others must not count its calls any longer.
    this.#load.leaving(member);
    this.#outbox.flush();
    this.#places.remove(member);
    const left = new Set(this.#places.states);
    for (const state of before) {
      if (left.has(state)) continue;
      state.tellers.remove(this);
      this.#load.forget(state);
    }
    if (this.#places.some) return;
    this.#load.stop();
    this.#records.stop();
    this.#disputes.stop();
    this.#catchUp.stop();
    this.#end?.();
    this.#end = undefined;
    this.#guard.users.remove(this.#news);
  }

  #tell(state: object, about: About): readonly Place[] {
    const places = this.#places.of(state);
    for (const { name: endpoint, address, account } of about.is === 'load' ? firsts(places) : places)
      this.#outbox.put({ endpoint, address, account, ...about } as Fact);
    return places;
  }

  cooled(state: object, { scope, key, until, reason, pause }: Cooldown, inRow: number): void {
    if (scope === 'figures' || !isEverybodys({ scope, reason, pause })) return;
    const ms = until - this.#clock.now();
    this.#keep(this.#tell(state, { is: 'cooldown', scope, key, ms, reason, pause, inRow }), 'pause');
  }

  disproved(state: object, model: string, operation: string, age: number): void {
    this.#keep(this.#tell(state, { is: 'disproved', model, operation, age }), 'pause');
  }

  turned(state: object, { state: is, model, openMs: ms }: Transition, grounds: Grounds): void {
    const kept = this.#ejections.note(state, model, is === 'ejected' && grounds.sure ? ms : 0, grounds.failingFor);
    const places = this.#tell(state, is === 'ejected' ? { is, model, ms, ...grounds } : { is, model });
    if (kept) this.#keep(places, 'ejection');
  }

  loaded(): void {
    this.#load.changed();
  }

  #keep(places: readonly Place[], learnt?: 'pause' | 'ejection'): void {
    for (const place of places) this.#records.write(place, learnt);
  }

  #heard(text: string): void {
    const message = read(text);
    if (!message) return;
    if (isForeign(message)) this.#disputes.foreign(message);
    else if (message.from === this.#id) {
      for (const { is, endpoint } of message.facts) if (is === 'here') this.#disputes.echo(endpoint);
    } else {
      for (const fact of message.facts) this.#learn(fact, message.from);
      this.#load.beat();
    }
  }

  #learn(fact: Fact, from: string): void {
    const { endpoint: name, address, account } = fact;
    const places = this.#places.named(name);
    // Whoever has it later reads what is kept of it.
    if (!places.some((place) => concerns(fact, place.account))) this.#catchUp.missed({ name, address, account });
    for (const place of places) {
      if (place.address !== address)
        this.#disputes.conflict(place, address, fact.is === 'here' && fact.asks ? 'asks' : 'heard');
      else if (concerns(fact, place.account) && this.#gossip.take(place.state, fact, from))
        // Pools of one process share what they know, and each tells its own listeners.
        for (const member of place.members) member.deref()?.heard(fact);
    }
  }
}

/** The one of a store, for all pools of the process. */
export function syncOf(registry: Registry, guard: GuardedStore, clock: Clock): Sync {
  const sync = (registry.tellers.get(guard) as Sync | undefined) ?? new Sync(guard, clock);
  registry.tellers.set(guard, sync);
  return sync;
}
