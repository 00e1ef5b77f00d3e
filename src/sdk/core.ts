/** What a balancing client and its clones share: the pool, its dispatcher and what goes with it; wired together here. */
import { Affinity } from '../affinity/affinity.ts';
import { Conversations } from '../affinity/conversations.ts';
import { ListPositions } from '../affinity/list-positions.ts';
import { Roll } from '../call/roll.ts';
import { systemClock } from '../clock.ts';
import { secretHeaders, secretParameters } from '../config/headers.ts';
import type { LoadBalancedOpenAIOptions } from '../config/options.ts';
import type { EndpointSettings, Settings } from '../config/settings.ts';
import type { Underway } from '../dispatch/dispatch-parts.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { HedgeBudget } from '../dispatch/hedge-budget.ts';
import { RetryBudget } from '../dispatch/retry-budget.ts';
import { Throttle } from '../dispatch/throttle.ts';
import { WaitingRoom } from '../dispatch/waiting-room.ts';
import { Endpoint } from '../endpoint/endpoint.ts';
import { QuotaGroups } from '../endpoint/quota-groups.ts';
import {
  fingerprintOf,
  fleetOf,
  guarded,
  identityOf,
  newRegistry,
  processRegistry,
  type Registry,
  sharedValue,
  stateOf,
  watch,
} from '../endpoint/registry.ts';
import { type Emitter, emitter } from '../observe/emitter.ts';
import { type Logger, PoolLog } from '../observe/pool-log.ts';
import { Pool } from '../pool/pool.ts';
import { sharedFastFetch } from '../transport/shared-fast-fetch.ts';
import { type Share, share } from './share.ts';
import { SharedReads } from './shared-reads.ts';
import { Surroundings } from './surroundings.ts';

/** The parts that clones share. */
export interface Core {
  readonly settings: Settings;
  /** Tells by itself which pool it is, and nothing else of it. */
  readonly mark: symbol;
  /** What the first client was built from, for endpoints added later. */
  readonly input: LoadBalancedOpenAIOptions;
  readonly pool: Pool;
  readonly dispatcher: Dispatcher;
  readonly affinity: Affinity;
  readonly conversations: Conversations;
  readonly positions: ListPositions;
  readonly events: Emitter;
  readonly log: PoolLog;
  readonly budget: RetryBudget;
  readonly surroundings: Surroundings;
  /** Reads that look for an id's owner. */
  readonly reads: SharedReads;
  /** What endpoints send with that have no `fetch` of their own: the global one at construction, as the SDK keeps it, or the fast one. */
  readonly fetch: typeof globalThis.fetch;
  /** Takes no more calls; resolves when the running ones are over and what others shall know is told. */
  readonly close: () => Promise<void>;
  /** What it shares with other processes; `undefined` without a store. */
  readonly share: Share | undefined;
  /** Builds an endpoint on the live state of its identity. @param index its place in the list. */
  readonly endpointOf: (settings: EndpointSettings, index: number) => Endpoint;
}

function identity(registry: Registry, settings: Settings, endpoint: EndpointSettings): string {
  const credential = endpoint.client ?? endpoint.credential;
  // Some vendors are told who is asking by a header or a query parameter of their own.
  const { defaultHeaders, defaultQuery } = endpoint.options;
  const headers = [...secretHeaders(defaultHeaders), ...secretParameters(defaultQuery)];
  return identityOf(registry, { baseURL: endpoint.baseURL, credential, headers, breaker: settings.breaker });
}

/** Named strategies keep their place for all equal pools; a value of the user's keeps its own. */
function isNamed(strategy: LoadBalancedOpenAIOptions['strategy']): boolean {
  if (typeof strategy !== 'object') return true;
  return 'priority' in strategy && typeof strategy.priority === 'string';
}

/** Why a function of its own: what equal pools share outlives the client that made it, and may hold nothing of that client. */
function newRoom(registry: Registry, { clock, waitingRoom }: Settings): WaitingRoom {
  const maxWait = waitingRoom ? waitingRoom.maxWait : 0;
  return new WaitingRoom({ clock, maxWait, watch: (look) => watch(registry, look) });
}

/** Builds the shared parts. @param logger the client's, looked up at each line. */
export function makeCore(settings: Settings, input: LoadBalancedOpenAIOptions, logger: () => Logger): Core {
  const { clock } = settings;
  // A clock of one's own belongs to a test, whose state must not meet real calls.
  const registry = settings.shareState && clock === systemClock ? processRegistry() : newRegistry();
  const log = new PoolLog(logger, clock);
  const events = emitter(settings.observers, (error) => log.mishap('an event listener threw', error));
  const numbered = settings.endpoints.some(({ priority }) => priority !== undefined);
  const { store } = settings;
  const fleet = store && (() => fleetOf(registry, guarded(registry, store, clock), clock));
  const groups = new QuotaGroups(registry, settings.endpoints, fleet);
  const build = (endpoint: EndpointSettings, index: number, id: string) => {
    const priority = endpoint.priority ?? (numbered ? Number.MAX_SAFE_INTEGER / 2 + index : index);
    const state = stateOf(registry, id, settings.breaker, clock);
    return new Endpoint(endpoint, priority, state, groups.join(endpoint, id, state));
  };
  const endpointOf: Core['endpointOf'] = (endpoint, index) =>
    build(endpoint, index, identity(registry, settings, endpoint));
  const ids = settings.endpoints.map((endpoint) => identity(registry, settings, endpoint));
  const endpoints = settings.endpoints.map((endpoint, index) => build(endpoint, index, ids[index] as string));
  const members = endpoints.map(({ name }, index) => `${name} ${ids[index]}`);
  const keyOf = (facts: unknown) => fingerprintOf(registry, JSON.stringify(facts));
  const poolKey = keyOf([members, settings.retryBudget, settings.panic]);
  const shared = <Value>(what: string, make: () => Value) => sharedValue(registry, `${what} ${poolKey}`, make);
  const { panic, retryBudget } = settings;
  const strategy = isNamed(input.strategy)
    ? shared(`strategy ${settings.strategy.name}`, () => settings.strategy)
    : settings.strategy;
  const strategyFailed = (error: unknown) => log.mishap('the strategy threw', error);
  const { slowStart } = settings;
  const pool = new Pool(endpoints, { strategy, registry, clock, strategyFailed, slowStart });
  const budget = shared('budget', () => new RetryBudget(retryBudget, clock));
  const hedges = shared('hedges', () => new HedgeBudget());
  const throttle = panic ? shared('throttle', () => new Throttle(panic.k, clock)) : undefined;
  // Clients that differ in who serves what stand in different lines.
  const serving = settings.endpoints.map(({ models, operations, tags }) => [
    models,
    operations && [...operations],
    tags,
  ]);
  const room = shared(`room ${keyOf([settings.waitingRoom, serving])}`, () => newRoom(registry, settings));
  const now = {
    closed: false,
    lastError: undefined,
    running: new Roll<Underway>(),
    idle: undefined,
    whenIdle: undefined,
  };
  const dispatcher = new Dispatcher({ clock, settings, events, log, pool, budget, hedges, room, throttle, now });
  const { storeTimeout } = settings.affinity;
  const others = store && share({ store, storeTimeout, registry, pool, events, log, clock });
  const affinity = new Affinity(clock, others?.ids);
  return {
    settings,
    mark: Symbol('pool'),
    input,
    pool,
    dispatcher,
    affinity,
    close: () =>
      dispatcher.close().then(async () => {
        others?.leave();
        await Promise.all([affinity.close(), groups.close()]);
      }),
    share: others,
    conversations: new Conversations(clock),
    positions: new ListPositions(),
    events,
    log,
    budget,
    surroundings: new Surroundings(),
    reads: new SharedReads(clock),
    fetch: settings.transport === 'fast' ? sharedFastFetch() : globalThis.fetch,
    endpointOf,
  };
}
