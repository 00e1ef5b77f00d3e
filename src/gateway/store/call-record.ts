/** What is kept of a call, and how it is asked for: the rows of the call log, and the sums of what was used. */
import type { Decision } from '../../call/decision.ts';
import type { AttemptReport } from '../../call/outcome.ts';
import type { Tokens } from '../../call/tokens.ts';

/** A call that is over. Plain data; no key, and no text of the call but `body`. */
export interface CallRecord {
  readonly id: string;
  /** When it began, in ms since 1970. */
  readonly at: number;
  /** How long it took. */
  readonly ms: number;
  /** From its start to the first piece of a streamed answer; `undefined` = not streamed, or none came. */
  readonly firstMs: number | undefined;
  readonly method: string;
  /** From `/v1/` on, without the query. */
  readonly path: string;
  /** As the client asked, at most 256 characters. */
  readonly model: string | undefined;
  /** The name of the client key. */
  readonly key: string | undefined;
  readonly status: number;
  /** The error's code; `undefined` = it went well, or the error was an endpoint's. */
  readonly code: string | undefined;
  readonly stream: boolean;
  /** Who served it, or was asked last. */
  readonly endpoint: string | undefined;
  /** Over all attempts; `undefined` = nothing is known. */
  readonly tokens: Tokens | undefined;
  /** No endpoint told the tokens: they are the gateway's own count. */
  readonly estimated: boolean;
  /** In the currency of the prices; `undefined` = there is no price, or nothing was used. */
  readonly cost: number | undefined;
  readonly attempts: readonly AttemptReport[];
  readonly decisions: readonly Decision[];
  /** A test call of the admin API: it counts in no client's usage. */
  readonly test?: true | undefined;
  /** What the client sent, where `log.bodies` keeps it: JSON only, cut at 16 KiB. */
  readonly body: string | undefined;
}

/** Which calls of the log are wanted. All that is given must match, exactly. */
export interface LogQuery {
  /** At most so many. @default 100, at most 1,000 */
  readonly limit?: number | undefined;
  /** The `next` of the page before. */
  readonly before?: string | undefined;
  readonly model?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly key?: string | undefined;
  /** An HTTP status, or all from 400 on. */
  readonly status?: number | 'failed' | undefined;
}

/** A page of the log, the newest first. */
export interface LogPage {
  readonly calls: readonly CallRecord[];
  /** Goes on from here, as `before`; `null` = this was all. */
  readonly next: string | null;
}

/** What sums can be told apart by. */
export const usageFields = ['day', 'key', 'model', 'endpoint'] as const;

/** One of them. */
export type UsageField = (typeof usageFields)[number];

/** Which sums are wanted. */
export interface UsageQuery {
  /** The first day, as `2030-01-31` (UTC). Default: all that is kept. */
  readonly from?: string | undefined;
  /** The last day, itself included. */
  readonly to?: string | undefined;
  /** Only of the key with this name. */
  readonly key?: string | undefined;
  /** A row for each of these; none = one row. */
  readonly by: readonly UsageField[];
}

/** A sum. A field that it was not asked by is missing; one that the calls had not (no key, no model) is `''`. */
export interface UsageRow {
  readonly day?: string;
  readonly key?: string;
  readonly model?: string;
  readonly endpoint?: string;
  readonly calls: number;
  /** Of these, failed by the gateway's or an endpoint's fault. */
  readonly failed: number;
  /** Of these, failed by the caller's own, or left by the client. */
  readonly callerErrors: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  /** Of `tokensIn`, read from a cache. */
  readonly cachedIn: number;
  readonly cost: number;
}
