/** What can be read off an error: status, codes, headers, the cause chain. The facts `classify` decides by. Pure. */
import { type ConnectionFacts, connectionFacts } from './connection-facts.ts';

/** The facts of an error, whatever copy of the SDK threw it. */
export interface ErrorFacts extends ConnectionFacts {
  /** HTTP status, or the one an error object inside a 200 named. */
  readonly status: number | undefined;
  /** Class name, e.g. `RateLimitError`. */
  readonly name: string;
  readonly headers: Headers | undefined;
  /** `code` and `type` of the API error, lower case. */
  readonly codes: readonly string[];
  readonly message: string;
  /** The API error's `metadata` and inner error, where moderation and routers say more. */
  readonly metadata: object | undefined;
}

type Loose = Record<string, unknown>;

/** Collects the facts of an error. */
export function factsOf(error: unknown): ErrorFacts {
  const loose = (typeof error === 'object' && error !== null ? error : {}) as Loose;
  const inner = (typeof loose.error === 'object' && loose.error !== null ? loose.error : {}) as Loose;
  const codes = [loose.code, loose.type, inner.code, inner.type].flatMap((code) =>
    typeof code === 'string' ? [code.toLowerCase()] : [],
  );
  const nested = [loose.code, inner.code, inner.status].find(
    (code) => Number.isInteger(Number(code)) && Number(code) >= 400 && Number(code) < 600,
  );
  const metadata = inner.metadata ?? inner.innererror;
  return {
    ...connectionFacts(error),
    status: typeof loose.status === 'number' ? loose.status : nested === undefined ? undefined : Number(nested),
    name: error instanceof Error ? error.constructor.name : 'unknown',
    headers: loose.headers instanceof Headers ? loose.headers : undefined,
    codes: [...new Set(codes)],
    message: typeof loose.message === 'string' ? loose.message : '',
    metadata: typeof metadata === 'object' && metadata !== null ? metadata : undefined,
  };
}
