/** What can be read off an error: status, codes, headers, the cause chain. The facts `classify` decides by. Pure. */
import { droppedBody } from '../endpoint/error-body.ts';
import { type ConnectionFacts, connectionFacts } from './connection-facts.ts';

/** The facts of an error, whatever copy of the SDK threw it. */
export interface ErrorFacts extends ConnectionFacts {
  /** HTTP status, or the one an error object inside a 200 named. */
  readonly status: number | undefined;
  /** Class name, e.g. `RateLimitError`. */
  readonly name: string;
  readonly headers: Headers | undefined;
  /** `code`, `type` and the like of the API error, lower case. */
  readonly codes: readonly string[];
  /** The parameter of the call that the API blames, if it names one. */
  readonly param: string | undefined;
  /** The API's own words, without what stands in quotes: that is often the caller's. */
  readonly said: string;
  readonly message: string;
  /** The API error's `metadata` and inner error, where moderation and routers say more. */
  readonly metadata: object | undefined;
}

type Loose = Record<string, unknown>;

/** Longer messages are web pages and the like. */
const LONGEST_WORDS = 2_000;
/** What stands in quotes, escaped quotes included; where a text was cut, also what begins and does not end. */
const QUOTED = /`[^`]*`|"(?:\\.|[^"\\])*"|(?<!\w)'(?:\\.|[^'\\])*'/gs;
const CUT_QUOTE = /`[^`]*$|"(?:\\.|[^"\\])*\\?$|(?<!\w)'(?:\\.|[^'\\])*\\?$/s;

/** The object that says what is wrong: some vendors put it into a list, one level deeper, or send a text in its place. */
function bodyOf(thrown: Loose): Loose {
  const error = thrown.error ?? droppedBody(thrown);
  let body: unknown = Array.isArray(error) ? error[0] : error;
  const inner = (body as Loose | undefined | null)?.error;
  if (inner !== undefined && inner !== null) body = inner;
  return typeof body === 'object' && body !== null ? (body as Loose) : { message: body };
}

function saidIn({ message, detail }: Loose, loose: Loose): string {
  const [text] = [message, detail, loose.message].filter((words) => typeof words === 'string') as string[];
  const said = (text ?? '').slice(0, LONGEST_WORDS).replace(QUOTED, '');
  return text !== undefined && text.length > LONGEST_WORDS ? said.replace(CUT_QUOTE, '') : said;
}

/** Collects the facts of an error. */
export function factsOf(error: unknown): ErrorFacts {
  const loose = (typeof error === 'object' && error !== null ? error : {}) as Loose;
  const inner = bodyOf(loose);
  const reasons = Array.isArray(inner.details) ? inner.details.map((each: Loose | null) => each?.reason) : [];
  const codes = [loose.code, loose.type, inner.code, inner.type, inner.status, ...reasons].flatMap((code) =>
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
    param: typeof inner.param === 'string' && !/^(none)?$/i.test(inner.param) ? inner.param : undefined,
    said: saidIn(inner, loose),
    message: typeof loose.message === 'string' ? loose.message : '',
    metadata: typeof metadata === 'object' && metadata !== null ? metadata : undefined,
  };
}
