/** The one union of events: what observers and `client.balancer.on` hear. Facts only; no event can influence a call. */
import type { Decision } from '../call/decision.ts';
import type { AttemptReport, Beside, FailoverReason, VerdictName } from '../call/outcome.ts';

interface Facts {
  /** When, in ms since 1970. */
  at: number;
}

interface OfCall extends Facts {
  /** The call this belongs to. */
  callId: string;
}

interface OfEndpoint extends Facts {
  /** The call that led to it, when one did. */
  callId?: string;
  /** Name of the endpoint. */
  endpoint: string;
}

interface OfStore extends Facts {
  /** Never there: what becomes of a store is no single call's affair. */
  callId?: never;
}

/**
 * Every event by name with its payload. `elsewhere: true`: another process found it out and told it over the `store`; such an
 * event belongs to no call.
 */
export interface BalancerEvents {
  'call-start': OfCall & { operation: string; model: string | undefined; stream: boolean };
  'call-end': OfCall & {
    operation: string;
    model: string | undefined;
    stream: boolean;
    ok: boolean;
    ms: number;
    firstMs: number | undefined;
    /** The class of the error that the caller got, where he got one. */
    error: string | undefined;
    attempts: readonly AttemptReport[];
    /** Why it went where it went, as `decisionsOf` tells it; worked out when it is read. */
    readonly decisions: readonly Decision[];
  };
  'attempt-start': OfCall & {
    endpoint: string;
    model: string | undefined;
    attempt: number;
    beside: Beside | undefined;
  };
  'attempt-end': OfCall & {
    endpoint: string;
    model: string | undefined;
    verdict: VerdictName;
    status: number | undefined;
    ms: number;
    firstMs: number | undefined;
    attempt: number;
    usage: unknown;
    /** What the reply calls the model that answered, where it is read and says so, such as `gpt-5-2025-08-07`. */
    replyModel: string | undefined;
  };
  'failover-start': OfCall & { endpoint: string; from: string; verdict: VerdictName };
  'fallback-start': OfCall & { model: string; from: string; reason: FailoverReason | 'unserved' };
  'call-waiting': OfCall & { ms: number; reason: string };
  'endpoint-ejected': OfEndpoint & { model: string | undefined; openMs: number; reason: string; elsewhere?: boolean };
  'endpoint-restored': OfEndpoint & { model: string | undefined; elsewhere?: boolean };
  'endpoint-cooldown': OfEndpoint & { model: string | undefined; ms: number; reason: string; elsewhere?: boolean };
  'endpoint-added': OfEndpoint;
  'endpoint-drained': OfEndpoint;
  'budget-exhausted': OfCall;
  /** `id` is for this process alone: whoever has it may have the object. */
  'affinity-missed': OfCall & { id: string };
  'list-partial': OfEndpoint & { operation: string; reason: string };
  'panic-entered': OfCall & { endpoints: readonly string[] };
  'store-degraded': OfStore & { reason: string };
  'store-recovered': OfStore & { lost: number };
}

/** An event name. */
export type EventName = keyof BalancerEvents;

const NAMES: Readonly<Record<EventName, true>> = {
  'call-start': true,
  'call-end': true,
  'attempt-start': true,
  'attempt-end': true,
  'failover-start': true,
  'fallback-start': true,
  'call-waiting': true,
  'endpoint-ejected': true,
  'endpoint-restored': true,
  'endpoint-cooldown': true,
  'endpoint-added': true,
  'endpoint-drained': true,
  'budget-exhausted': true,
  'affinity-missed': true,
  'list-partial': true,
  'panic-entered': true,
  'store-degraded': true,
  'store-recovered': true,
};

/** The names of all events. */
export const eventNames: readonly string[] = Object.keys(NAMES);

/** Any event, told apart by `type`. */
export type BalancerEvent = { [Name in EventName]: { type: Name } & BalancerEvents[Name] }[EventName];

/** What an attempt is sent with, and what goes along. */
export interface SendingFacts {
  readonly callId: string;
  /** 1, 2, … within its call. */
  readonly attempt: number;
  /** Name of the endpoint. */
  readonly endpoint: string;
  /** What API it speaks. */
  readonly type: string;
  /** Where it is, without credentials; `''` where only the SDK knows. */
  readonly baseURL: string;
  /** The endpoint's name for the model. */
  readonly model: string | undefined;
  readonly beside: Beside | undefined;
  /** To be written into: headers that are sent along, named in lower case, where the request has none of that name. Credentials and the like are not taken. */
  readonly headers: Record<string, string>;
}

/**
 * Hears every event of a pool. A throwing observer is ignored. What else it may have is for tracers: neither can influence a call.
 */
export interface Observer {
  (event: BalancerEvent): void;
  /** While true it has no use for events: none is made for it alone, and attempts are sent without its context. */
  readonly idle?: boolean;
  /** Given each pool at its construction, to look at whenever it likes; to be held weakly. It is an `ObservedPool`. */
  watch?(pool: { readonly closed: boolean; snapshot(): object }): void;
  /** Calls `send` in whatever context the attempt shall be sent in. It is sent once, also when this throws or does not call it. */
  sending?(facts: SendingFacts, send: () => void): void;
}
