/** What can be read off an error: status, codes, headers, the cause chain. The facts `classify` decides by. Pure. */

/** The facts of an error, whatever copy of the SDK threw it. */
export interface ErrorFacts {
  /** HTTP status, or the one an error object inside a 200 named. */
  readonly status: number | undefined;
  /** Class name, e.g. `RateLimitError`. */
  readonly name: string;
  readonly headers: Headers | undefined;
  /** `code` and `type` of the API error, lower case. */
  readonly codes: readonly string[];
  readonly message: string;
  /** System and undici codes down the cause chain, e.g. `ECONNREFUSED`. */
  readonly causes: ReadonlySet<string>;
  /** True when the connection that failed had served a reply before. */
  readonly reusedSocket: boolean;
  /** The API error's `metadata` and inner error, where moderation and routers say more. */
  readonly metadata: object | undefined;
}

type Loose = Record<string, unknown>;

function causesOf(error: unknown): { codes: Set<string>; reused: boolean } {
  const codes = new Set<string>();
  let reused = false;
  let current = error;
  for (let depth = 0; depth < 6 && typeof current === 'object' && current !== null; depth++) {
    const { code, cause, socket, errors, syscall } = current as Loose;
    if (typeof code === 'string' && depth > 0) codes.add(code);
    // Timed out or reset while connecting: nothing was sent yet.
    if (syscall === 'connect') codes.add('ECONNREFUSED');
    if (((socket as Loose | undefined)?.bytesRead as number) > 0) reused = true;
    // Happy Eyeballs reports one error per address.
    if (Array.isArray(errors))
      for (const each of errors as Loose[]) if (typeof each?.code === 'string') codes.add(each.code);
    current = cause;
  }
  return { codes, reused };
}

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
  const { codes: causes, reused } = causesOf(error);
  const metadata = inner.metadata ?? inner.innererror;
  return {
    status: typeof loose.status === 'number' ? loose.status : nested === undefined ? undefined : Number(nested),
    name: error instanceof Error ? error.constructor.name : 'unknown',
    headers: loose.headers instanceof Headers ? loose.headers : undefined,
    codes: [...new Set(codes)],
    message: typeof loose.message === 'string' ? loose.message : '',
    causes,
    reusedSocket: reused,
    metadata: typeof metadata === 'object' && metadata !== null ? metadata : undefined,
  };
}
