/** What the admin API answers of calls and usage. */

/** What a candidate was judged by. */
export interface Figures {
  readonly endpoint: string;
  readonly inFlight: number;
  readonly load?: number | undefined;
}

/** One pick or wait of a call. */
export interface Decision {
  readonly ms: number;
  readonly eligible: readonly string[];
  readonly figures?: readonly Figures[] | undefined;
  readonly excluded: readonly { readonly endpoint: string; readonly reason: string }[];
  readonly picked?: string | undefined;
  readonly waitMs?: number | undefined;
  readonly reason?: string | undefined;
}

/** One try on one endpoint. */
export interface Attempt {
  readonly endpoint: string;
  readonly model?: string | undefined;
  readonly verdict: string;
  readonly status?: number | undefined;
  readonly ms: number;
  readonly billed?: string;
  readonly beside?: string;
  readonly retryAfterMs?: number;
}

/** A call of the log. */
export interface CallRecord {
  readonly id: string;
  readonly at: number;
  readonly ms: number;
  readonly firstMs?: number | null | undefined;
  readonly method: string;
  readonly path: string;
  readonly model?: string | null | undefined;
  readonly key?: string | null | undefined;
  readonly status: number;
  readonly code?: string | null | undefined;
  readonly stream: boolean;
  readonly endpoint?: string | null | undefined;
  readonly tokens?: { readonly input: number; readonly output: number; readonly cached: number } | null | undefined;
  readonly estimated: boolean;
  readonly cost?: number | null | undefined;
  readonly attempts: readonly Attempt[];
  readonly decisions: readonly Decision[];
  readonly test?: boolean | undefined;
  readonly body?: string | null | undefined;
}

/** `GET /admin/log`. */
export interface LogPage {
  readonly calls: readonly CallRecord[];
  readonly next: string | null;
}

/** A row of `GET /admin/usage`. */
export interface UsageRow {
  readonly key?: string | null | undefined;
  readonly model?: string | null | undefined;
  readonly endpoint?: string | null | undefined;
  readonly day?: string | undefined;
  readonly calls: number;
  readonly failed: number;
  readonly callerErrors: number;
  readonly tokensIn: number;
  readonly tokensOut: number;
  readonly cachedIn?: number;
  readonly cost: number;
}

/** What `POST /admin/test` tells. */
export interface TestResult {
  readonly ok: boolean;
  readonly status: number;
  readonly endpoint?: string | null | undefined;
  readonly ms: number;
  readonly attempts: readonly Attempt[];
  readonly decisions: readonly Decision[];
  readonly error?: string | { readonly message: string } | null | undefined;
}
