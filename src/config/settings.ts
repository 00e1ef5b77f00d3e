/** The options after `resolveSettings`: complete, checked, nothing left to guess. What the rest of the library reads. */
import type { ClientOptions, OpenAI } from 'openai';
import type { AzureClientOptions } from 'openai/azure';
import type { ModelMap } from '../call/model-map.ts';
import type { FailoverReason } from '../call/outcome.ts';
import type { Hedging } from '../call/steering.ts';
import type { Clock } from '../clock.ts';
import type { Observer } from '../observe/events.ts';
import type { SharedStore } from '../state/shared-store.ts';
import type { Strategy } from '../strategy/strategy.ts';
import type { EndpointType } from './endpoint-options.ts';
import type { ModelLists } from './fallback-options.ts';
import type { ClassifyHook } from './options.ts';

/** Breaker settings with every default filled in. Times in ms. */
export interface BreakerSettings {
  readonly errorThresholdPercentage: number;
  readonly resetTimeout: number;
  readonly resetTimeoutFactor: number;
  readonly maxResetTimeout: number;
  /** Share, 0 to 1. */
  readonly resetTimeoutJitter: number;
  readonly volumeThreshold: number;
  readonly rollingCountTimeout: number;
  readonly rollingCountBuckets: number;
  readonly consecutiveFailures: number;
  readonly maxEjectedPercentage: number;
  /** The user's function, unguarded: whoever calls it must survive a throw. */
  readonly errorFilter?: ((error: unknown) => boolean) | undefined;
}

/** How an endpoint comes to its full share. Time in ms. */
export interface SlowStartSettings {
  readonly initialPercentage: number;
  readonly duration: number;
  readonly successes: number;
}

/** The lists of other models, by why they are asked: nobody can serve the model, or it refused the call. */
export type Fallbacks = Readonly<Record<'unserved' | 'content-filter' | 'context-length', ModelLists>>;

/** Rate limits that the user named. */
export interface LimitSettings {
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  readonly maxConcurrent?: number | undefined;
}

/** One endpoint, ready to be built. */
export interface EndpointSettings {
  readonly name: string;
  readonly type: EndpointType;
  /** The client the user brought; then `options` is empty. */
  readonly client: OpenAI | undefined;
  /** Complete options of the endpoint's own SDK client, with inheritance and isolation done. */
  readonly options: ClientOptions | AzureClientOptions;
  /** True when nothing the environment holds for another vendor may reach it, `OPENAI_CUSTOM_HEADERS` above all. */
  readonly isolated: boolean;
  /** Where it is, credentials included if the user wrote some; empty when only the SDK knows (provider, certificate). */
  readonly baseURL: string;
  /** What it authenticates with, for telling endpoints apart: text, function or object; `null` for none. Never shown. */
  readonly credential: unknown;
  /** The type's map with the endpoint's own entries laid over it. */
  readonly modelMap: ModelMap;
  /** Public names it serves; `undefined` = all. */
  readonly models: readonly string[] | undefined;
  /** Operations it is used for; `undefined` = all. */
  readonly operations: ReadonlySet<string> | undefined;
  readonly weight: number;
  readonly priority: number | undefined;
  readonly tags: readonly string[];
  readonly limits: LimitSettings | undefined;
  /** Endpoints of one group draw on one quota. */
  readonly quotaGroup: string | undefined;
  /** Bound of its attempts in ms, when the endpoint itself names one. */
  readonly timeout: number | undefined;
}

/** The library's own options, complete. Times in ms. */
export interface PoolSettings {
  readonly strategy: Strategy;
  /** `undefined` = max(3, maxRetries + 1). */
  readonly maxAttempts: number | undefined;
  readonly failover: boolean;
  readonly attemptTimeout: 'auto' | number;
  readonly streamIdleTimeout: number;
  readonly rescue: { readonly after: number; readonly factor: number } | false;
  readonly hedge: Hedging | false;
  readonly breaker: BreakerSettings | false;
  readonly slowStart: SlowStartSettings | false;
  readonly retryBudget: { readonly ratio: number; readonly minPerSecond: number } | false;
  readonly waitingRoom: { readonly maxWaiting: number; readonly maxWait: number } | false;
  readonly panic: { readonly k: number } | false;
  /** `home` is an endpoint's name; empty without a pool. */
  readonly affinity: {
    readonly home: string;
    readonly spread: boolean;
    readonly cache: 'auto' | false;
    readonly storeTimeout: number;
  };
  readonly lists: { readonly strict: boolean };
  /** `true`: `model$2` and `model$name` pin an endpoint. */
  readonly pinnedModels: boolean;
  readonly failoverOn: readonly FailoverReason[];
  /** Other models by why they are asked; `undefined` = none at all. */
  readonly fallbacks: Fallbacks | undefined;
  readonly classify: ClassifyHook | undefined;
  readonly maxResponseBytes: number;
  readonly transport: 'standard' | 'fast';
  readonly shareState: boolean;
  readonly store: SharedStore | undefined;
  readonly observers: Observer[];
  readonly clock: Clock;
}

/** Everything a client is built from. */
export interface Settings extends PoolSettings {
  /** Empty = no pool: a plain SDK client. */
  readonly endpoints: EndpointSettings[];
  /** The SDK's own options of the client, values untouched; the very object passed in when nothing in it is ours. */
  readonly client: ClientOptions;
}
