/** The set of endpoints: who may take a call now, and who does. Steps 1 and 2 of a call; never I/O. */
import type { Call } from '../call/call.ts';
import type { Clock } from '../clock.ts';
import { defaults } from '../config/defaults.ts';
import type { SlowStartSettings } from '../config/settings.ts';
import { type Endpoint, healthKey } from '../endpoint/endpoint.ts';
import type { Latency } from '../endpoint/latency.ts';
import type { Registry } from '../endpoint/registry.ts';
import type { PickNote, Strategy } from '../strategy/strategy.ts';
import { CallFacts } from './call-facts.ts';
import type { ChoiceNote } from './choice-note.ts';
import { Comebacks } from './comebacks.ts';
import { type Refusal, refusals, type Tried } from './eligibility.ts';
import { isKept, Kinds } from './kinds.ts';
import { Members } from './members.ts';
import { type Open, roomyOf } from './open.ts';
import { Roster } from './roster.ts';
import { Tiers } from './tiers.ts';
import { type TimeKind, UsualTimes } from './usual-times.ts';

/** Up to so many endpoints are asked for room before the pick, more of them after it. */
const FEW = 16;
/** Combinations of operation and model remembered. */
const LIMIT = 500;

/** The endpoints of one balancing client and its clones. */
export class Pool {
  readonly strategy: Strategy;
  /** How often an endpoint was added or drained: pools that were equal are so as long as this is. */
  changes = 0;
  /** Who belongs to it, and who did. */
  readonly roster: Roster;
  readonly #eligible = new Map<string, Open>();
  readonly #members = new Members();
  readonly #usual: UsualTimes;
  readonly #tiers: Tiers;
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #strategyFailed: (error: unknown) => void;
  readonly #comebacks: Comebacks;
  /** What a model's calls take at the slowest of its endpoints, one in a hundred, in ms; `undefined` before enough is known. */
  readonly slowest = (model: string, kind: TimeKind) => this.#usual.slowest(model, kind, this.endpoints);
  readonly #kinds = new Kinds();
  constructor(
    endpoints: readonly Endpoint[],
    parts: {
      strategy: Strategy;
      registry: Registry;
      clock: Clock;
      strategyFailed: (error: unknown) => void;
      slowStart?: SlowStartSettings | false;
    },
  ) {
    this.roster = new Roster(endpoints);
    this.strategy = parts.strategy;
    this.#tiers = new Tiers(parts.strategy, parts.strategyFailed);
    this.#usual = new UsualTimes(parts.clock);
    this.#registry = parts.registry;
    this.#clock = parts.clock;
    this.#strategyFailed = parts.strategyFailed;
    this.#comebacks = new Comebacks(parts.slowStart ?? defaults.slowStart, parts.clock);
  }

  /** Every endpoint, those drained last included, in the user's order. */
  get endpoints(): readonly Endpoint[] {
    return this.roster.endpoints;
  }

  /** The endpoint with this name. */
  named(name: string): Endpoint | undefined {
    return this.endpoints.find((endpoint) => endpoint.name === name);
  }

  /** Takes in one more endpoint. */
  add(endpoint: Endpoint): void {
    this.roster.add(endpoint);
    this.#comebacks.joined(endpoint);
    this.changes += 1;
    this.#eligible.clear();
  }

  /** Gives an endpoint no new calls. */
  drain(endpoint: Endpoint): void {
    endpoint.drained = true;
    this.changes += 1;
    this.#comebacks.left(endpoint);
    this.#eligible.clear();
  }

  /** What a model's calls take here, by those of its endpoints that are about as fast as the fastest; `undefined` before enough is known. */
  usual(model: string, kind: TimeKind): Latency | undefined {
    return this.#usual.of(model, kind, this.endpoints);
  }

  /** The eligible endpoints for a call: the same array for as long as nothing changes. */
  eligible(call: Call): readonly Endpoint[] {
    return roomyOf(this.#open(call), call, this.#clock);
  }

  /** True when one of the eligible endpoints is as wanted. Asks as few of them as it can. */
  some(call: Call, wanted: (endpoint: Endpoint) => boolean): boolean {
    const { list, bounded } = this.#open(call);
    const now = bounded ? this.#clock.now() : 0;
    return list.some((each) => wanted(each) && (!bounded || each.room.hasRoom(call, now)));
  }

  /** Who could take such a call as far as room is not concerned. */
  #open(call: Call): Open {
    const { name: operation, route } = call.operation;
    const key = this.#kinds.keyOf(call);
    const before = this.#eligible.get(key);
    if (before && before.version === this.#registry.version) {
      const { validUntil } = before;
      if (validUntil === Number.POSITIVE_INFINITY || validUntil > this.#clock.now()) return before;
    }
    let validUntil = Number.POSITIVE_INFINITY;
    const list = this.endpoints.filter((endpoint) => {
      if (endpoint.drained || endpoint.unfit(call.model, operation, call.tags)) return false;
      const exclusion = endpoint.state.exclusion(endpoint.healthKey(call.model, operation), route);
      if (exclusion) validUntil = Math.min(validUntil, exclusion.until);
      return !exclusion;
    });
    const bounded = list.some((endpoint) => endpoint.room.binds(call.model));
    const open = { list, version: this.#registry.version, validUntil, bounded, roomy: list };
    if (!isKept(key)) return open;
    if (!before && this.#eligible.size >= LIMIT) this.#eligible.delete(this.#eligible.keys().next().value as string);
    this.#eligible.set(key, open);
    return open;
  }

  /** Notes whose quota an endpoint's reply names. @returns the names of all that were just found to draw on it together. */
  noteOwner({ state, settings }: Endpoint, headers: Headers): string[] {
    const { quotaGroup, baseURL } = settings;
    // What the user says counts more than what replies say.
    if (quotaGroup !== undefined || !this.#registry.owners.note(state, baseURL, headers)) return [];
    return this.endpoints.filter((each) => each.state.quota === state.quota).map(({ name }) => name);
  }

  /** True when two endpoints are known to be keys of one account, which has the objects of both. */
  sameAccount(one: Endpoint, other: Endpoint): boolean {
    return this.#registry.owners.same(one.state, other.state);
  }

  /** Why each endpoint that is not eligible cannot take the call. */
  refusals(call: Call, tried: Tried): Refusal[] {
    return refusals(this.endpoints, call, tried);
  }

  /** The strategy's choice among the eligible endpoints not in `tried`; `undefined` when nobody is left. @param note where it says what it went by. */
  choose(call: Call, tried: Tried, note?: ChoiceNote): Endpoint | undefined {
    const open = this.#open(call);
    const { list, bounded } = open;
    if (!bounded || list.length <= FEW) return this.#among(roomyOf(open, call, this.#clock), call, tried, note);
    const choice = this.#among(list, call, tried, note);
    if (!choice || choice.room.hasRoom(call, this.#clock.now())) return choice;
    return this.#among(this.eligible(call), call, tried, note);
  }

  #among(eligible: readonly Endpoint[], call: Call, tried: Tried, note?: ChoiceNote): Endpoint | undefined {
    const candidates = tried.size === 0 ? eligible : eligible.filter((endpoint) => !tried.has(endpoint));
    note?.begin(candidates);
    if (candidates.length < 2) return candidates[0];
    const choice = this.pick(candidates, call, note);
    const key = healthKey(call.model, call.operation.name);
    if (this.#comebacks.admits(choice, key, candidates, this.#tiers)) return choice;
    // Slow start: the rest of its share goes to those at full strength.
    const strong = candidates.filter((endpoint) => this.#comebacks.share(endpoint, key) === 1);
    return strong.length === 0 ? choice : this.pick(strong, call, note?.again(strong));
  }

  /** Share of the endpoints for this model that would be out for their health with one more, in percent. */
  percentageOut(key: string): number {
    const fit = this.endpoints.filter((each) => !each.drained && each.serves(key));
    const out = fit.filter((each) => each.state.breakers.out(each.keyOf(key))).length;
    return ((out + 1) / Math.max(1, fit.length)) * 100;
  }

  /** The eligible endpoints among which the strategy would pick one, as far as it says. */
  tier(call: Call): readonly Endpoint[] {
    return this.#tiers.of(this.eligible(call));
  }

  /** Whether the endpoint takes its whole share of such calls: it neither recovered nor joined a moment ago. */
  isWhole(endpoint: Endpoint, call: Call): boolean {
    return this.#comebacks.share(endpoint, healthKey(call.model, call.operation.name)) === 1;
  }

  /** Asks the strategy; one that throws or names somebody else costs the call nothing but the choice. A session has its place. */
  pick(candidates: readonly Endpoint[], call: Call, note?: PickNote): Endpoint {
    try {
      if (call.session !== undefined) return this.#tiers.homeOf(call.session, candidates);
      const choice = this.strategy.pick(candidates, new CallFacts(call, this.#clock, note)) as Endpoint;
      if (this.#members.has(choice, candidates)) return choice;
      this.#strategyFailed(new TypeError('pick() did not return one of its candidates'));
    } catch (error) {
      this.#strategyFailed(error);
    }
    return candidates[0] as Endpoint;
  }
}
