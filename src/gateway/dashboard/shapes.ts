/** What the admin API answers, as far as the dashboard shows it. Written out, because the browser's code imports nothing of the gateway; a test holds the two together. */

/** Half took less, nineteen of twenty took less, in ms. */
export interface Quantiles {
  readonly p50: number | null;
  readonly p95: number | null;
}

/** Where something was configured. What the file or the environment names is changed there. */
export type Source = 'file' | 'store' | 'environment' | (string & {});

/** A rate-limit window. */
export interface Window {
  readonly limit: number;
  readonly left: number;
  readonly fullInMs: number;
}

/** The live state of an endpoint. */
export interface EndpointState {
  readonly name: string;
  readonly type: string;
  readonly baseURL: string;
  readonly weight: number;
  readonly priority: number;
  readonly breaker: 'closed' | 'open' | 'half-open';
  readonly models: readonly { readonly model: string; readonly breaker: string }[];
  readonly inFlight: number;
  readonly attempts: number;
  readonly successes: number;
  readonly failures: number;
  readonly excluded: string | null;
  readonly cooldowns: readonly { readonly model: string | null; readonly reason: string; readonly msLeft: number }[];
  readonly latency: Quantiles & { readonly timeToFirstToken: Quantiles };
  readonly headroom: readonly {
    readonly model: string;
    readonly left: number;
    readonly requests: Window | null;
    readonly tokens: Window | null;
  }[];
  readonly drained: boolean;
}

/** One second of the gateway's life. */
export interface Second {
  /** Seconds since 1970. */
  readonly t: number;
  readonly calls: number;
  /** By the gateway's or an endpoint's fault. */
  readonly failed: number;
  /** Failed by the caller's own. */
  readonly callerErrors: number;
  readonly ttft: Quantiles;
  readonly ms: Quantiles;
  readonly byEndpoint: Readonly<Record<string, number>>;
}

/** `GET /admin/live`. */
export interface Live {
  readonly now: number;
  readonly since: number;
  readonly running: number;
  readonly endpoints: readonly (EndpointState & { readonly source?: Source })[];
  readonly waiting: number;
  readonly retryBudget: number | null;
  readonly seconds: readonly Second[];
  readonly store?: { readonly is: string; readonly reason?: string; readonly lost?: number };
  readonly version?: string;
}

/** An endpoint of a group. */
export interface Member {
  readonly endpoint: string;
  readonly model?: string | undefined;
  readonly weight?: number | undefined;
  readonly priority?: number | undefined;
}

/** A strategy as a file names it. */
export type StrategyName = string | { readonly priority: string };

/** A group of `GET /admin/groups`; further fields are its own options. */
export interface Group {
  readonly name: string;
  readonly source: Source;
  readonly strategy?: StrategyName | undefined;
  readonly endpoints: readonly Member[];
  readonly fallback: readonly string[];
  readonly [option: string]: unknown;
}

/** An endpoint of `GET /admin/endpoints`; further fields are options of it. */
export interface EndpointConfig {
  readonly name: string;
  readonly source: Source;
  readonly type: string;
  readonly baseURL?: string | undefined;
  readonly key?: { readonly from: string; readonly hint?: string | undefined } | undefined;
  readonly models?: readonly string[] | undefined;
  readonly modelMap?: Readonly<Record<string, unknown>> | undefined;
  readonly weight?: number | undefined;
  readonly priority?: number | undefined;
  readonly limits?: Readonly<Record<string, number | undefined>> | undefined;
  /** Why it takes no part. */
  readonly skipped?: string | undefined;
  readonly state?: EndpointState | null | undefined;
  readonly [option: string]: unknown;
}

/** What a client key may use. */
export interface KeyLimits {
  readonly requestsPerMinute?: number | undefined;
  readonly tokensPerMinute?: number | undefined;
  readonly budget?: number | { readonly amount: number; readonly per: 'day' | 'month' } | undefined;
}

/** A client key of `GET /admin/keys`. */
export interface ClientKey {
  readonly id: string;
  readonly name: string;
  readonly source: Source;
  readonly groups?: readonly string[] | null | undefined;
  readonly limits?: KeyLimits | undefined;
  readonly expiresAt?: number | string | null | undefined;
  readonly createdAt?: number | string | null | undefined;
  readonly usage?: {
    readonly calls: number;
    readonly tokensIn: number;
    readonly tokensOut: number;
    readonly cost: number;
  };
}

/** What is wrong with a value, and where it stands. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}
