/**
 * The pools of a gateway: one for each group, and one for each service beside them. Each is a client of its own, so that it has
 * its own strategy and options; what is known of an endpoint belongs to its identity, which all of them share: one breaker, one
 * cooldown, one headroom. Whose an id is they tell each other through a store.
 */
import type { EndpointOptions } from '../../config/endpoint-options.ts';
import { LoadBalancedOpenAI } from '../../load-balanced-openai.ts';
import type { EventName, Observer } from '../../observe/events.ts';
import { memoryStore } from '../../state/memory-store.ts';
import type { SharedStore } from '../../state/shared-store.ts';
import { strategyNamed } from '../../strategy/named.ts';
import type { Strategy } from '../../strategy/strategy.ts';
import type { GatewayEndpoint, GatewaySettings, Group, LibraryOptions } from '../config/settings.ts';
import { type MessageWay, messageWays } from './message-ways.ts';

/** A pool and who is in it. */
export interface GatewayPool {
  readonly client: LoadBalancedOpenAI;
  /** The pool's names of its own members, in the user's order; those of fallback groups come without a place. */
  readonly members: readonly string[];
  /** How it takes calls of the Messages API, in the order in which that is tried. */
  readonly messages: readonly MessageWay[];
}

/** What is put around every pool. */
export interface PoolSurroundings {
  readonly observer: Observer;
  /** Another one, of a tracer. */
  readonly tracer?: Observer | undefined;
  /** The events that it hears: of others none is made for it. */
  readonly hears: readonly EventName[];
  readonly logger: NonNullable<LibraryOptions['logger']>;
  readonly logLevel: NonNullable<LibraryOptions['logLevel']>;
  /** Whose an id is, for all pools and the configurations after this one. */
  readonly ids: SharedStore;
}

/** An endpoint that stands in one pool several times has a number behind its name. */
const NUMBERED = /\.\.\d+$/;

/** The endpoint behind a pool's name for a member. */
export const endpointNamed = (member: string): string =>
  member.includes('..') ? member.replace(NUMBERED, '') : member;

/** A store in which owners are endpoints, whatever a pool calls them. */
export function sharedIds(store: SharedStore = memoryStore()): SharedStore {
  return { ...store, set: (key, value, ttl) => store.set(key, endpointNamed(value), ttl) };
}

/** The groups that a call of this one may come to, itself first. */
function within(group: Group, groups: ReadonlyMap<string, Group>): Group[] {
  const found = new Set([group]);
  for (const each of found) for (const name of each.fallback) found.add(groups.get(name) as Group);
  return [...found];
}

/** Each group's calls by its own strategy. */
function strategyOf(groups: readonly Group[], otherwise: LibraryOptions['strategy']): LibraryOptions['strategy'] {
  const wanted = groups.map(({ options }) => options.strategy ?? otherwise ?? 'round-robin');
  const [first] = wanted;
  if (wanted.every((one) => JSON.stringify(one) === JSON.stringify(first))) return first;
  const byModel = new Map(groups.map(({ name }, index): [string, Strategy] => [name, strategyNamed(wanted[index])]));
  const main = byModel.get(groups[0]?.name as string) as Strategy;
  return {
    name: main.name ?? 'by group',
    pick: (candidates, call) => (byModel.get(call.model ?? '') ?? main).pick(candidates, call),
  };
}

function members(groups: readonly Group[], endpoints: ReadonlyMap<string, GatewayEndpoint>): EndpointOptions[] {
  const counts = new Map<string, number>();
  return groups.flatMap((group) =>
    group.members.map(({ endpoint, model, weight, priority }): EndpointOptions => {
      const count = (counts.get(endpoint) ?? 0) + 1;
      counts.set(endpoint, count);
      const { priority: _, ...options } = (endpoints.get(endpoint) as GatewayEndpoint).options;
      return {
        ...options,
        name: count === 1 ? endpoint : `${endpoint}..${count}`,
        models: [group.name],
        modelMap: { [group.name]: model },
        ...(weight !== undefined && { weight }),
        ...(priority !== undefined && { priority }),
      };
    }),
  );
}

/** All pools of one configuration. */
export class GatewayPools {
  readonly groups: ReadonlyMap<string, GatewayPool | undefined>;
  /** For calls that no group is for: OpenAI's models, files and all else. */
  readonly openai: GatewayPool | undefined;
  /** For models that only endpoints of Anthropic's can know; `undefined` = there is none. */
  readonly anthropic: GatewayPool | undefined;
  readonly #around: PoolSurroundings;
  readonly #clients: LoadBalancedOpenAI[] = [];

  constructor(settings: GatewaySettings, around: PoolSurroundings) {
    this.#around = around;
    const { endpoints, options } = settings;
    const byName = new Map(endpoints.map((each) => [each.name, each]));
    const groups = new Map(settings.groups.map((group) => [group.name, group]));
    this.groups = new Map(
      settings.groups.map((group) => [group.name, this.#groupPool(group, groups, byName, options)]),
    );
    const isAnthropic = ({ type }: GatewayEndpoint) => type === 'anthropic';
    const names = (pattern: string) => pattern.startsWith('claude');
    const both = endpoints.some(isAnthropic);
    this.openai = this.#pool(
      endpoints.filter((each) => !isAnthropic(each) || each.names.length > 0),
      options,
    );
    this.anthropic = both
      ? this.#pool(
          endpoints.filter((each) => isAnthropic(each) || each.names.some(names)),
          options,
        )
      : undefined;
    this.#drain(settings.drained);
  }

  /** Before the first call: nothing runs on them that would have to end. */
  #drain(names: readonly string[]): void {
    if (names.length === 0) return;
    for (const { balancer } of this.#clients)
      for (const { name } of balancer.snapshot().endpoints)
        if (names.includes(endpointNamed(name))) void balancer.drain(name);
  }

  #client(endpoints: readonly EndpointOptions[], options: LibraryOptions): LoadBalancedOpenAI {
    const { observer, tracer, hears, logger, logLevel, ids: store } = this.#around;
    const { home, ...affinity } = options.affinity ?? {};
    const kept = endpoints.some(({ name }) => name === home) ? options.affinity : affinity;
    const given = { ...options, ...(options.affinity && { affinity: kept }) } as LibraryOptions;
    const observers = [...(options.observers ?? []), ...(tracer ? [tracer] : [])];
    const client = new LoadBalancedOpenAI({ ...given, endpoints, observers, logger, logLevel, store });
    for (const name of hears) client.balancer.on(name, observer);
    this.#clients.push(client);
    return client;
  }

  #poolOf(list: readonly EndpointOptions[], names: number, options: LibraryOptions): GatewayPool {
    const client = this.#client(list, options);
    const messages = messageWays(client, list, (some) => this.#client(some, options));
    return { client, members: list.slice(0, names).map(({ name }) => name as string), messages };
  }

  #pool(endpoints: readonly GatewayEndpoint[], options: LibraryOptions): GatewayPool | undefined {
    if (endpoints.length === 0) return undefined;
    const list = endpoints.map((each) => each.options);
    return this.#poolOf(list, list.length, options);
  }

  #groupPool(
    group: Group,
    groups: ReadonlyMap<string, Group>,
    endpoints: ReadonlyMap<string, GatewayEndpoint>,
    options: LibraryOptions,
  ): GatewayPool | undefined {
    const chain = within(group, groups);
    const list = members(chain, endpoints);
    if (list.length === 0) return undefined;
    // Names of models and endpoints that stand beside the groups mean nothing inside of one.
    const {
      modelMaps: _maps,
      fallbacks: _others,
      pinnedModels: _pins,
      affinity: { home: _home, ...affinity } = {},
      ...rest
    } = options;
    const falls = chain
      .filter(({ fallback }) => fallback.length > 0)
      .map(({ name, fallback }) => [name, fallback] as const);
    return this.#poolOf(list, group.members.length, {
      ...rest,
      ...group.options,
      affinity,
      strategy: strategyOf(chain, options.strategy),
      ...(falls.length > 0 && { fallbacks: Object.fromEntries(falls) }),
    });
  }

  /** Every client, for the state of all endpoints. */
  get clients(): readonly LoadBalancedOpenAI[] {
    return this.#clients;
  }

  /** Takes no new calls; resolves when the running ones are over. */
  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}
