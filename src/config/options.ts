/**
 * The options as users write them, for editors and compilers. `schema.ts` holds the same at run time; a type test keeps the
 * two equal. Why written out and not inferred from zod: inference loses the comments an editor shows, and the public
 * types would change with zod's.
 */
import type { ClientOptions } from 'openai';
import type { Call } from '../call/call.ts';
import type { ModelMap } from '../call/model-map.ts';
import type { FailoverReason, Outcome, Verdict } from '../call/outcome.ts';
import type { Clock } from '../clock.ts';
import type { Observer } from '../observe/events.ts';
import type { SharedStore } from '../state/shared-store.ts';
import type { StrategyOption } from '../strategy/named.ts';
import type { BreakerOptions, SlowStartOptions } from './breaker-options.ts';
import type { EndpointOptions, EndpointType } from './endpoint-options.ts';
import type { FallbackOptions } from './fallback-options.ts';

/**
 * The last word on what an outcome means. Pure and synchronous; what it returns is laid over the verdict, a `name` with its whole
 * row. `undefined` leaves the verdict as it is, a throw counts as `undefined`; what is no verdict is left out, and logged.
 */
export type ClassifyHook = (outcome: Outcome, call: Call) => Partial<Verdict> | undefined;

/** When a plain call without a byte gets a second attempt elsewhere. */
export interface RescueOptions {
  /** Never earlier than this, in ms. @default 20000 */
  after?: number | undefined;
  /** Multiple of the model's learned slowest-in-a-hundred time. @default 3 */
  factor?: number | undefined;
}

/** When a call that is slow to begin gets a second attempt elsewhere at once, and how many may. */
export interface HedgeOptions {
  /** Hedges per call, over all calls, from 0 to 1. Each is paid from `retryBudget` as well. @default 0.1 */
  budget?: number | undefined;
  /** A call is slow once it waits longer than this share of its model's calls, from 0.5 to 0.999. @default 0.95 */
  quantile?: number | undefined;
  /** Never earlier than this, in ms. @default 50 */
  minDelay?: number | undefined;
}

/** Share of extra attempts allowed over all calls of the pool. */
export interface RetryBudgetOptions {
  /** Extra attempts per call. @default 0.2 */
  ratio?: number | undefined;
  /** Extra attempts per second that are always allowed. @default 10 */
  minPerSecond?: number | undefined;
}

/** Bounds for calls that wait: in order for the next slot while nobody has headroom or everybody cools down, or for a backoff. */
export interface WaitingRoomOptions {
  /** Calls waiting at one time; a call that finds no room fails at once with `NoEndpointAvailableError`. @default 10000 */
  maxWaiting?: number | undefined;
  /** The longest single wait, in ms; a call whose earliest slot lies beyond fails at once. @default 60000 */
  maxWait?: number | undefined;
}

/** What happens when every endpoint is ejected: calls are let through by adaptive throttling. */
export interface PanicOptions {
  /** Refusals begin when requests exceed this multiple of the accepted ones. @default 2 */
  k?: number | undefined;
}

/** Where calls belong: those about objects that only one account knows, and those whose prompt an endpoint has in its cache. */
export interface AffinityOptions {
  /** Name of the endpoint for account objects, and for ids that nobody is found to have. @default the first endpoint */
  home?: string | undefined;
  /** `true` lets the strategy choose where account objects are made. @default false */
  spread?: boolean | undefined;
  /**
   * `'auto'`: the next turn of a conversation goes back to where its last one was served, under every strategy, for 10 min
   * after it. Only when the prompt has about 1,024 tokens or more, and as long as that endpoint carries at most 1.25 of its
   * fair share. `false`: the strategy alone decides. @default 'auto'
   */
  cache?: 'auto' | false | undefined;
  /**
   * How long a call waits for the store, in ms, when it names an id that this process does not know; after that the id counts
   * as unknown, and the endpoints are asked. Nothing else in a call waits for a store. @default 50
   */
  storeTimeout?: number | undefined;
}

/** Lists over the pool: `client.files.list()` and the like show what all endpoints have, as one list. */
export interface ListOptions {
  /**
   * `true`: an endpoint whose part is missing makes the list fail with the SDK's error. `false`: the list goes without that part,
   * and the event `list-partial` names the endpoint; only when all are missing the list fails. @default false
   */
  strict?: boolean | undefined;
}

/** The library's own options, beside the SDK's. */
export interface PoolOptions {
  /** The pool. Without it the client is a plain SDK client, unless `OPENAI_API_KEYS` or `SERVICE_ENDPOINTS` make a pool. */
  endpoints?: readonly EndpointOptions[] | undefined;
  /** Who gets the next call: `'round-robin'`, `'random'`, `'least-busy'`, `'least-latency'`, `'headroom'`, `'priority'`, `{ priority: name }`, or a value with `pick()`. @default 'round-robin' */
  strategy?: StrategyOption | undefined;
  /** Attempts of one call over everything. @default max(3, maxRetries + 1) */
  maxAttempts?: number | undefined;
  /** `false` = one endpoint per call. @default true */
  failover?: boolean | undefined;
  /** A number cuts each attempt after so many ms; `'auto'` learns limits for streams and rescues plain calls. @default 'auto' */
  attemptTimeout?: number | 'auto' | undefined;
  /** Longest silence inside a stream after its first content, in ms. @default 300000 */
  streamIdleTimeout?: number | undefined;
  /** Second attempts for plain calls that hang; `false` = none. */
  rescue?: RescueOptions | false | undefined;
  /**
   * Second attempts for calls that are slow to begin; each may be billed. `{}` turns them on with the defaults.
   * Only for calls that can be sent twice. @default false
   */
  hedge?: HedgeOptions | false | undefined;
  /** When failing endpoints are taken out; `false` = never. */
  breaker?: BreakerOptions | false | undefined;
  /** How endpoints that recovered or were added come to their full share; `false` = at once. */
  slowStart?: SlowStartOptions | false | undefined;
  /** Bounds the extra attempts of the pool; `false` = no bound. */
  retryBudget?: RetryBudgetOptions | false | undefined;
  /** Bounds waiting calls; `false` = no call waits in line. */
  waitingRoom?: WaitingRoomOptions | false | undefined;
  /** Throttling while every endpoint is ejected; `false` = such calls fail at once. */
  panic?: PanicOptions | false | undefined;
  /** Where ids and account objects belong. */
  affinity?: AffinityOptions | undefined;
  /** How lists over the pool deal with endpoints that are down. */
  lists?: ListOptions | undefined;
  /** Model maps by endpoint type; an endpoint's own `modelMap` entry wins. */
  modelMaps?: { [Type in EndpointType]?: ModelMap | undefined } | undefined;
  /**
   * `true`: a model may name its endpoint, by position from 1 (`'gpt-5$2'`) or by name (`'gpt-5$azure-eu'`); such a call never fails
   * over, and one that names nobody ends in a `ConfigurationError`. `false`: a `$` is part of the model's name. @default false
   */
  pinnedModels?: boolean | undefined;
  /** Errors of the call itself that shall move to another endpoint. @default [] */
  failoverOn?: readonly FailoverReason[] | undefined;
  /** Other models for a call whose own no endpoint can serve, such as `{ 'gpt-5': ['gpt-5-mini'] }`. @default none */
  fallbacks?: FallbackOptions | undefined;
  /** The last word on what an outcome means. */
  classify?: ClassifyHook | undefined;
  /** Largest JSON reply, in bytes after decompression. @default 268435456 */
  maxResponseBytes?: number | undefined;
  /**
   * `'fast'`: endpoints without a `fetch` of their own send over undici, which the application installs, at less than half of the
   * CPU. Connections are shared by all clients of the process. @default 'standard'
   */
  transport?: 'standard' | 'fast' | undefined;
  /** Shares breakers, cooldowns and load with the other clients of this process. @default true */
  shareState?: boolean | undefined;
  /**
   * What many processes share, so that they act like one client: cooldowns, ejections, recoveries, running calls, and who owns
   * which id, also after a restart. `redisStore()` of `load-balanced-openai/redis`, `memoryStore()` for several clients of
   * this process, or a store of your own. Endpoints are known to others by their names, which tell them apart; what is written
   * are names, addresses without credentials, reasons, times, hashes of ids and parts of those of keys. Calls wait for it only to
   * find the owner of an id (`affinity.storeTimeout`), and a store that fails costs no call.
   * @default none: ids are known to this client and its clones
   */
  store?: SharedStore | undefined;
  /** Hear every event of the pool. @default [] */
  observers?: readonly Observer[] | undefined;
  /** Time and chance; pass another one only in tests. */
  clock?: Clock | undefined;
}

/** Everything the constructor takes: the SDK's client options and the library's own. */
export interface LoadBalancedOpenAIOptions extends ClientOptions, PoolOptions {}
