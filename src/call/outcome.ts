/** What came of an attempt and what it means. The vocabulary between `run-attempt`, `classify`, `learn` and `next-step`. */

/** Could the request have reached the endpoint? */
export type Sent = 'no' | 'maybe';

/** Why the library itself ended an attempt. */
export type Cut = 'attempt-timeout' | 'deadline' | 'abandoned';

/** How an attempt ended: with headers of a good reply, or with an error before or after them. */
export type Outcome =
  | { readonly is: 'reply'; readonly status: number; readonly headers: Headers }
  | {
      readonly is: 'error';
      readonly error: unknown;
      /** `head`: before a good reply's headers; `body`: after them. */
      readonly phase: 'head' | 'body';
      readonly sent: Sent;
      readonly cut?: Cut;
    };

/** One word for what an outcome was. */
export type VerdictName =
  | 'ok'
  | 'caller-error'
  | 'not-found'
  | 'conflict'
  | 'aborted'
  | 'abandoned'
  | 'rate-limited'
  | 'out-of-credit'
  | 'credentials-refused'
  | 'forbidden'
  | 'model-missing'
  | 'operation-missing'
  | 'not-supported'
  | 'redirected'
  | 'server-error'
  | 'overloaded'
  | 'timed-out'
  | 'connect-failed'
  | 'connection-lost'
  | 'bad-reply'
  | 'local-error';

/** What one call asks of a model that another model or endpoint may grant; `failoverOn` and `fallbacks` name them. */
export type FailoverReason = 'content-filter' | 'context-length' | 'unsupported-parameter';

/** A time-boxed exclusion that follows from an outcome. */
export interface CooldownOrder {
  /** How long, in ms; `undefined` = no hint was given: `grows` decides. */
  readonly ms: number | undefined;
  /** First length and longest one of a cooldown without a hint, in ms; it doubles until a success. @default 1 s to 60 s */
  readonly grows?: { readonly first: number; readonly longest: number };
  /** `use`: this model in this operation, e.g. an embedding model in a chat. `figures`: a model whose rate-limit headers say "used up". */
  readonly scope: 'endpoint' | 'model' | 'operation' | 'use' | 'figures';
  /** A short public reason, e.g. `429`. */
  readonly reason: string;
  /** True when the upstream asked for a pause, after which calls may succeed; false when only people can mend it. */
  readonly pause: boolean;
}

/** What an outcome means for the endpoint, for the caller and for the next step. */
export interface Verdict {
  readonly name: VerdictName;
  /** What the breaker is told; `neutral` neither counts nor closes. */
  readonly health: 'success' | 'failure' | 'neutral';
  /** Which breaker is told. */
  readonly scope: 'endpoint' | 'model';
  /** `return` the reply, `throw` the error, try `another` endpoint, or the `same` one once more. */
  readonly next: 'return' | 'throw' | 'another' | 'same';
  readonly cooldown?: CooldownOrder;
  /** How long this call alone leaves the endpoint alone, in ms; others may go there. */
  readonly ownPause?: number;
  /** False when this endpoint must not be tried again in this call. */
  readonly again: boolean;
  /** True when the endpoint may have carried out the request. */
  readonly maybeExecuted: boolean;
  /** Why the call itself was refused, where that is known: what `failoverOn` and the lists of `fallbacks` go by. */
  readonly reason?: FailoverReason;
}

/** Why an attempt ran beside others. */
export type Beside = 'hedge' | 'rescue' | 'lookup';

/** One attempt as reported by `attemptsOf`. */
export interface AttemptReport {
  /** Name of the endpoint. */
  endpoint: string;
  /** The endpoint's name for the model, after the model map. */
  model: string | undefined;
  /** The public name of the model asked in place of the call's own, when one of `fallbacks` was. */
  fallback?: string;
  /** What the attempt's outcome was; `pending` while it runs. */
  verdict: VerdictName | 'pending';
  /** HTTP status, if a reply came. */
  status: number | undefined;
  /** Duration in ms, up to the end of the body. */
  ms: number;
  /** Token usage as reported by the endpoint, if seen. */
  usage?: unknown;
  /** Whether the attempt was billed, as far as can be told from outside. */
  billed: 'yes' | 'no' | 'maybe';
  /** Why it ran beside other attempts of the call; `lookup`: everybody was asked at once who has an id. */
  beside?: Beside;
  /** The cooldown this attempt led to, in ms. */
  retryAfterMs?: number;
}
