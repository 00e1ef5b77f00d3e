/**
 * Endpoint state by identity, one register per process for the ESM and CJS copies alike.
 * Why: a client built per request must profit from what the last one learned. States used lately are held, older ones weakly.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { BreakerSettings } from '../config/settings.ts';
import { Fleet } from '../state/fleet.ts';
import { GuardedStore } from '../state/guarded-store.ts';
import type { SharedStore } from '../state/shared-store.ts';
import { Answers } from './answers.ts';
import { EndpointState } from './endpoint-state.ts';
import { QuotaOwners } from './quota-owners.ts';

/** Everything the clients of one process share. */
export interface Registry {
  /** Grows whenever any endpoint's exclusion begins or ends; pools compare it before they trust their candidates. */
  version: number;
  /** Makes fingerprints useless outside of this process. */
  readonly salt: Buffer;
  /** Called when an exclusion begins or ends, and when an endpoint has more room than before; whoever waits puts itself here. */
  readonly waiting: Set<() => void>;
  /** Whose quota each endpoint draws on, as far as replies tell. */
  readonly owners: QuotaOwners;
  readonly states: Map<string, WeakRef<EndpointState>>;
  /** The states used last, held strongly. */
  readonly held: Map<string, EndpointState>;
  /** Anything else that equal pools share, such as the round-robin position. */
  readonly shared: Map<string, unknown>;
  /** What is known of each store that clients were given. */
  readonly stores: WeakMap<object, GuardedStore>;
  /** Who shares limits with this process, store by store. */
  readonly fleets: WeakMap<GuardedStore, Fleet>;
  /** What tells other processes over it, by the store's guard. */
  readonly tellers: WeakMap<GuardedStore, object>;
  /** Numbers for credentials that are functions or objects, and the last one given. */
  readonly numbers: WeakMap<object, number>;
  lastNumber: number;
}

const HELD = 1_000;
const KEY = Symbol.for('load-balanced-openai.registry.1');

/** Calls `look` whenever an endpoint may take calls that it could not take before. @returns what ends that. */
export function watch(registry: Registry, look: () => void): () => void {
  registry.waiting.add(look);
  return () => void registry.waiting.delete(look);
}

/** A register of its own, for pools that share nothing. */
export function newRegistry(): Registry {
  return {
    version: 0,
    salt: randomBytes(16),
    waiting: new Set(),
    owners: new QuotaOwners(),
    states: new Map(),
    held: new Map(),
    shared: new Map(),
    stores: new WeakMap(),
    fleets: new WeakMap(),
    tellers: new WeakMap(),
    numbers: new WeakMap(),
    lastNumber: 0,
  };
}

/** The register of this process. */
export function processRegistry(): Registry {
  const holder = globalThis as { [KEY]?: Registry };
  holder[KEY] ??= newRegistry();
  return holder[KEY];
}

/** An address in one spelling, and what of it is secret. */
export function addressOf(baseURL: string): { address: string; secret: string } {
  try {
    const { origin, pathname, username, password } = new URL(baseURL);
    return { address: origin + pathname.replace(/\/+$/, ''), secret: `${username}:${password}` };
  } catch {
    return { address: baseURL, secret: '' };
  }
}

/** A number for a credential that is a function or an object: the same one for as long as it lives. */
function numberOf(registry: Registry, credential: object): number {
  const number = registry.numbers.get(credential) ?? registry.lastNumber + 1;
  registry.lastNumber = Math.max(registry.lastNumber, number);
  registry.numbers.set(credential, number);
  return number;
}

/** What makes two endpoints the same: where they are, whose credential, which breaker. The credential itself is not kept. */
export function identityOf(
  registry: Registry,
  facts: { baseURL: string; credential: unknown; headers?: readonly string[]; breaker: BreakerSettings | false },
): string {
  const { credential } = facts;
  const { address, secret } = addressOf(facts.baseURL);
  const secrets = [secret, ...(facts.headers ?? [])].join(' ');
  const isObject = (typeof credential === 'object' && credential !== null) || typeof credential === 'function';
  const text = isObject ? `#${numberOf(registry, credential)}` : String(credential);
  return fingerprintOf(registry, JSON.stringify([address, secrets, text, facts.breaker]));
}

/** What stands for a text of any length, and is of no use outside of this process. */
export function fingerprintOf({ salt }: Registry, text: string): string {
  return createHash('sha256').update(salt).update(text).digest('base64');
}

/**
 * Forgets states that nobody has any more: each new one looks at the two that were longest not looked at.
 * Why not at all of them: a pool of thousands has every one in use.
 */
function sweep({ states }: Registry): void {
  let looks = 2;
  for (const [identity, state] of states) {
    states.delete(identity);
    if (state.deref()) states.set(identity, state);
    looks -= 1;
    if (looks === 0) return;
  }
}

/** What the states of a registry tell it. */
function ears(registry: Registry) {
  const freed = () => wake(registry);
  const touch = () => {
    registry.version += 1;
    freed();
  };
  return { touch, freed, answers: new Answers(), success: { at: Number.NEGATIVE_INFINITY } };
}

/** The state of the endpoint with this identity, made at its first use. */
export function stateOf(
  registry: Registry,
  identity: string,
  breaker: BreakerSettings | false,
  clock: Clock,
): EndpointState {
  let state = registry.held.get(identity) ?? registry.states.get(identity)?.deref();
  if (!state) {
    const heard = sharedValue(registry, 'ears', () => ears(registry));
    state = new EndpointState(breaker, clock, heard.touch, heard);
    sweep(registry);
    registry.states.set(identity, new WeakRef(state));
  }
  registry.held.delete(identity);
  registry.held.set(identity, state);
  if (registry.held.size > HELD) registry.held.delete(registry.held.keys().next().value as string);
  return state;
}

/** A value shared by all pools with the same `key`, such as a round-robin position. */
export function sharedValue<Value>(registry: Registry, key: string, make: () => Value): Value {
  const found = registry.shared.get(key) as Value | undefined;
  const value = found ?? make();
  registry.shared.delete(key);
  registry.shared.set(key, value);
  if (registry.shared.size > HELD) registry.shared.delete(registry.shared.keys().next().value as string);
  return value;
}

/** A user's store behind its guard: one for all clients with this very store. */
export function guarded(registry: Registry, store: SharedStore, clock: Clock): GuardedStore {
  const guard = registry.stores.get(store) ?? new GuardedStore(store, clock);
  registry.stores.set(store, guard);
  return guard;
}

/** The processes that share limits with this one, over a store. */
export function fleetOf(registry: Registry, store: GuardedStore, clock: Clock): Fleet {
  const fleet = registry.fleets.get(store) ?? new Fleet(store, clock);
  registry.fleets.set(store, fleet);
  return fleet;
}

/** Lets everybody who waits look again. */
export function wake(registry: Registry): void {
  for (const look of registry.waiting) look();
}
