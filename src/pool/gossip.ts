/** What another process told, taken into an endpoint's state as far as it can be believed. */
import type { Clock } from '../clock.ts';
import type { EndpointState } from '../endpoint/endpoint-state.ts';
import { hearCooldown, hearDisproved, hearEjected, hearRestored } from '../endpoint/hearsay.ts';
import type { Ejections } from './ejections.ts';
import type { OthersLoad } from './others-load.ts';
import type { Fact } from './sync-message.ts';

/** Two processes that say the same within this time back each other, in ms. */
const TOGETHER = 10_000;
/** Claims remembered for that. */
const LIMIT = 500;

/** Takes in what is heard. */
export class Gossip {
  readonly #claims = new Map<string, { readonly from: string; readonly at: number }>();
  readonly #clock: Clock;
  readonly #ejections: Ejections;
  readonly #load: OthersLoad;

  constructor(clock: Clock, ejections: Ejections, load: OthersLoad) {
    this.#clock = clock;
    this.#ejections = ejections;
    this.#load = load;
  }

  /** One fact about one endpoint. @param from whose. @returns whether somebody should be told that it is news here */
  take(state: EndpointState, fact: Fact, from: string): boolean {
    switch (fact.is) {
      case 'cooldown': {
        const { scope, key, ms, reason, pause, inRow } = fact;
        return hearCooldown(state, { scope, ms, reason, pause }, key, inRow);
      }
      case 'disproved':
        hearDisproved(state, fact.model, fact.operation, fact.age);
        return false;
      case 'ejected': {
        const news = hearEjected(state, { ...fact, backed: this.#isBacked(fact, from) });
        if (news) this.#ejections.note(state, fact.model, fact.ms, fact.failingFor);
        return news;
      }
      case 'restored':
        this.#ejections.note(state, fact.model, 0);
        return hearRestored(state, fact.model);
      case 'load':
        // One with several accounts there tells of each.
        this.#load.note(state, `${from} ${fact.account}`, fact.running, this.#clock.now());
        return false;
      case 'here':
        return false;
    }
  }

  #isBacked({ endpoint, address, model }: Extract<Fact, { is: 'ejected' }>, from: string): boolean {
    const key = JSON.stringify([endpoint, address, model]);
    const now = this.#clock.now();
    const before = this.#claims.get(key);
    this.#claims.delete(key);
    this.#claims.set(key, { from, at: now });
    if (this.#claims.size > LIMIT) this.#claims.delete(this.#claims.keys().next().value as string);
    return before !== undefined && before.from !== from && now - before.at < TOGETHER;
  }
}
