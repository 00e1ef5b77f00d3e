// The faults that are played to the plain SDK and to pools, each by its row in the fault table, and the only differences allowed.
import { certificate } from '../../support/certificate.ts';
import type { Kind } from './calls.ts';
import type { Party, Play } from './play.ts';

/** One fault and where ours may differ. Every difference has its reason; what is not said here must be no worse. */
export interface Row extends Omit<Play, 'kind' | 'times'> {
  readonly row: number;
  readonly what: string;
  /** @default a plain and a streamed chat call */
  readonly kinds?: readonly Kind[];
  /** How many requests meet the fault. @default one, two, all */
  readonly times?: readonly number[];
  /** Why what the plain client gives is none (odd values, bare errors, silence): ours gives an answer or an error of the SDK's classes. */
  readonly differs?: string;
  /** Why ours hands on the same odd value. */
  readonly same?: string;
  /** Pools that may lose a call which the plain client keeps, and why. */
  readonly loses?: readonly [reason: string, ...parties: Exclude<Party, 'plain'>[]];
  /** Why another error than the plain client's is right. */
  readonly error?: string;
  /** Ms ours may take longer than the plain client, and why. */
  readonly longer?: readonly [ms: number, reason: string];
}

const STREAM: readonly Kind[] = ['chat stream', 'responses stream'];
const PLAIN: readonly Kind[] = ['chat', 'responses', 'embeddings'];
const CREATE: readonly Kind[] = ['files'];

const DEADLINE = '`timeout` bounds the whole call, in the plain client each attempt up to its headers';
const BODY =
  'in the plain client `timeout` ends at the headers, and it waits for the rest as long as the connection lives';
const TYPED = 'the plain client throws a bare TypeError or SyntaxError';
const NO_ANSWER = 'the plain client hands on what is no answer';
const SHORT = 'the plain client ends like a whole answer';
const WAITS_ON = 'after `[DONE]` the lowest SDK waits for the connection to end';
const BELIEVES = 'some SDKs believe any hint';
const BELIEVED = 'the endpoint said to come back later than a call may wait';
const PAUSE = 'after a 429 without a hint it pauses 1 s, then 2 s: the plain client 0.5 s and 1 s';
const ONCE = 'a create that may have been carried out is never sent again';

const TIMEOUT = 2_000;
const hangs = { timeout: TIMEOUT, times: [1], loses: [DEADLINE, 'alone', 'alike'] } as const;
const mute = { ...hangs, differs: BODY, error: BODY } as const;
const noHint = { longer: [1_500, PAUSE], differs: BELIEVES } as const;

export const ROWS: readonly Row[] = [
  { row: 1, what: 'connections are refused', fault: 'down' },
  { row: 5, what: 'a certificate that nobody vouches for', fault: 'ok', server: { tls: certificate() }, times: [1] },
  { row: 6, what: 'RST before the headers', fault: 'reset' },
  { row: 6, what: 'FIN before the headers', fault: 'close' },
  { row: 7, what: 'RST on a connection that served before', fault: 'reset', before: 2 },
  { row: 8, what: 'a black hole', fault: 'black-hole', ...hangs },
  { row: 9, what: 'headers of JSON, then silence', fault: 'stall-body', kinds: PLAIN, ...mute },
  {
    row: 10,
    what: 'an error whose body never ends',
    fault: 'error-body-stall',
    times: [1],
    differs: BODY,
    error: BODY,
  },
  { row: 11, what: 'a byte now and then', fault: { step: 'drip', every: 20 }, kinds: PLAIN, ...mute },
  { row: 12, what: 'RST in JSON', fault: 'cut-body', differs: TYPED },
  { row: 12, what: 'FIN in JSON', fault: { step: 'cut-body', cut: 'close' }, differs: TYPED },
  { row: 13, what: 'JSON cut short, clean end', fault: 'truncated-json', differs: TYPED },
  { row: 14, what: 'a web page with 200', fault: 'html', differs: NO_ANSWER },
  { row: 15, what: 'an error object with 200', fault: 'error-200', differs: NO_ANSWER },
  { row: 16, what: 'an empty 200', fault: 'empty', differs: NO_ANSWER },
  { row: 16, what: '204', fault: 'no-content', differs: NO_ANSWER, error: 'the same as for any other empty reply' },
  { row: 17, what: 'JSON under another type', fault: 'wrong-content-type', kinds: PLAIN, differs: NO_ANSWER },
  { row: 18, what: 'JSON of another shape', fault: 'wrong-shape', kinds: PLAIN, same: 'shapes are not judged' },
  { row: 19, what: 'an error key first', fault: { stream: 10, errorAfter: 'headers', errorAs: 'key' }, kinds: STREAM },
  {
    row: 19,
    what: 'an error event first',
    fault: { stream: 10, errorAfter: 'headers', errorAs: 'event' },
    kinds: STREAM,
  },
  { row: 20, what: 'headers of a stream, then silence', fault: 'sse-stall', kinds: STREAM, ...mute },
  { row: 21, what: 'nothing but comments', fault: 'sse-comments', kinds: STREAM, ...mute },
  { row: 22, what: 'silence after content', fault: { stream: 10, stallAfter: 3 }, kinds: STREAM, times: [1] },
  { row: 23, what: 'an error after content', fault: { stream: 10, errorAfter: 3 }, kinds: STREAM },
  {
    row: 24,
    what: 'a clean end after content',
    fault: { stream: 10, cutAfter: 2, cut: 'end' },
    kinds: STREAM,
    differs: SHORT,
  },
  {
    ...{ row: 24, what: 'all the content and no end marker', fault: 'sse-no-end', kinds: STREAM },
    loses: ['nobody can know that it was all', 'alone', 'alike', 'healthy'],
  },
  { row: 25, what: 'half an event', fault: 'sse-half-frame', kinds: STREAM, differs: TYPED },
  { row: 25, what: 'an event that is no JSON', fault: 'sse-garbage', kinds: STREAM, differs: TYPED },
  { row: 26, what: 'RST after content', fault: 'sse-cut', kinds: STREAM, differs: TYPED },
  { row: 27, what: '[DONE] and the connection stays', fault: 'sse-open', kinds: STREAM, differs: WAITS_ON },
  {
    ...{ row: 28, what: 'no choices, then the end', kinds: ['chat stream'], same: 'it says that it is whole' },
    fault: { stream: [{ choices: [] }, { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }] },
  },
  { row: 29, what: '429 with retry-after-ms', fault: { status: 429, retryAfterMs: 50 } },
  { row: 29, what: '429 with retry-after', fault: { status: 429, retryAfter: 1 } },
  { row: 30, what: '429 without a hint', fault: 429, ...noHint },
  { row: 31, what: '429, retry-after -5', fault: { status: 429, retryAfter: '-5' }, ...noHint },
  { row: 31, what: '429, retry-after NaN', fault: { status: 429, retryAfter: 'NaN' }, ...noHint },
  { row: 31, what: '429, retry-after 1e3', fault: { status: 429, retryAfter: '1e3' }, ...noHint },
  {
    ...{ row: 31, what: '429, retry-after a date long past', ...noHint },
    fault: { status: 429, retryAfter: 'Mon, 01 Jan 2024 00:00:00 GMT' },
  },
  {
    ...{ row: 31, what: '429, retry-after ten years', loses: [BELIEVED, 'alone', 'alike'] },
    fault: { status: 429, retryAfter: 315_360_000 },
  },
  { row: 31, what: '429, two hints that differ', fault: { status: 429, retryAfter: 30, retryAfterMs: 50 } },
  {
    ...{ row: 33, what: '429 insufficient_quota', fault: { status: 429, code: 'insufficient_quota' } },
    loses: ['credit does not come back within a call', 'alone', 'alike'],
  },
  { row: 33, what: '402', fault: 402 },
  { row: 33, what: '400 about the credit balance', fault: { status: 400, message: 'Your credit balance is too low.' } },
  { row: 34, what: '401', fault: 401 },
  { row: 36, what: '403', fault: 403 },
  { row: 37, what: '404 for the model', fault: { status: 404, code: 'model_not_found' } },
  { row: 39, what: '400', fault: 400 },
  { row: 40, what: '400 context_length_exceeded', fault: { status: 400, code: 'context_length_exceeded' } },
  { row: 41, what: '400 content_filter', fault: { status: 400, code: 'content_filter' } },
  { row: 42, what: '408', fault: 408 },
  {
    ...{ row: 43, what: '409', fault: 409 },
    loses: ['a conflict is tried once more, the plain client tries twice', 'alone', 'healthy'],
  },
  { row: 44, what: '413', fault: 413 },
  { row: 44, what: '422', fault: 422 },
  ...[500, 502, 503, 504, 529].map((status) => ({ row: 45, what: String(status), fault: status })),
  { row: 45, what: '503 with retry-after', fault: { status: 503, retryAfter: 1 } },
  { row: 45, what: '503, retry-after an hour', fault: { status: 503, retryAfter: 3_600 }, differs: BELIEVES },
  ...[501, 505].map((status) => ({
    ...{ row: 46, what: String(status), fault: status },
    loses: ['what an endpoint does not know it does not learn within a call', 'alone', 'alike'] as const,
  })),
  {
    ...{ row: 47, what: '400 with x-should-retry: true', fault: { status: 400, shouldRetry: true } },
    loses: ['a wrong call does not get right by repetition', 'alone', 'alike', 'healthy'],
  },
  { row: 47, what: '503 with x-should-retry: false', fault: { status: 503, shouldRetry: false } },
  { row: 48, what: '103, then the answer', fault: 'early-hints' },
  { row: 48, what: '103 and never an answer', fault: 'only-hints', ...hangs },
  { row: 48, what: '100 and never an answer', fault: 'only-continue' },
  ...['/v1/chat/completions', 'http://127.0.0.1:1/v1/chat/completions'].map((redirect) => ({
    ...{ row: 49, what: `a redirect to ${redirect}`, fault: { redirect }, kinds: ['chat', 'chat stream'] as const },
    loses: ['nothing is ever sent where a reply points', 'alone', 'alike'] as const,
    error: 'the reply itself, not what became of the place it points to',
  })),
  { row: 50, what: 'headers without end', fault: { step: 'header-flood', bytes: 100_000 } },
  { row: 51, what: 'bytes that are not HTTP', fault: 'garbage' },
  { row: 51, what: 'half of the headers', fault: 'half-headers' },
  { row: 51, what: 'lengths that contradict each other', fault: 'conflicting-length' },
  { row: 51, what: 'a header twice', fault: 'duplicate-headers' },
  { row: 51, what: 'bare line feeds', fault: 'bare-lf' },
  { row: 61, what: 'slow, no errors', fault: { step: 'ok', delay: 300 } },
  { row: 78, what: 'a create meets 503', fault: 503, kinds: CREATE },
  { row: 78, what: 'a create meets 429', fault: { status: 429, retryAfterMs: 50 }, kinds: CREATE },
  ...([500, 'reset', 'cut-body', 'html', 'black-hole'] as const).map((fault) => ({
    ...{ row: 78, what: `a create meets ${fault}`, fault, kinds: CREATE, timeout: TIMEOUT, differs: TYPED },
    loses: [ONCE, 'alone', 'alike', 'healthy'] as const,
  })),
];
