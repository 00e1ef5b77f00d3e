/**
 * Every step that has a name, in one table: what it stands for and which settings it takes.
 * Read by `parse-script.ts`; a name with `means` is only a short way to write another step.
 */

/** One row of the table of names. */
interface NamedRow {
  /** The settings it takes besides `times`, `delay` and `headers`. */
  readonly takes?: readonly string[];
  /** The step it is short for. */
  readonly means?: Readonly<Record<string, unknown>>;
}

const answer = ['text', 'toolCalls', 'finishReason'] as const;

/** The table: name → what it takes or means. The comment beside a row is what happens on the wire. */
export const STEP_NAMES = {
  /** A healthy answer that fits the path. */
  ok: { takes: answer },
  /** RST in place of an answer (`before: 'body'`: as soon as the request's headers are in). */
  reset: { takes: ['before'] },
  /** FIN in place of an answer. */
  close: { takes: ['before'] },
  /** The request is read, nothing ever comes back. */
  'black-hole': {},
  /** 200, headers, `after` bytes of the JSON (default 5), then nothing more. */
  'stall-body': { takes: ['after', ...answer] },
  /** The healthy answer at `bytes` (1) every `every` ms (300). */
  drip: { takes: ['bytes', 'every', ...answer] },
  /** 200, the right content-length, `after` bytes (4), then RST or FIN. */
  'cut-body': { takes: ['after', 'cut', ...answer] },
  /** 200, half of the JSON with a content-length that fits it: a clean end. */
  'truncated-json': { takes: answer },
  /** 200 with an HTML page. */
  html: {},
  /** 200 with `{"error": …}`. */
  'error-200': {
    means: { status: 200, body: { error: { message: 'Upstream overloaded.', type: 'server_error', code: null } } },
  },
  /** 200 with an empty body. */
  empty: { means: { status: 200, body: '' } },
  /** 204. */
  'no-content': { means: { status: 204 } },
  /** 200, valid JSON, `content-type: text/plain`. */
  'wrong-content-type': { takes: answer },
  /** 200, `{}`. */
  'wrong-shape': { means: { status: 200, body: {} } },
  /** Status 500, headers, half of the error body, then nothing more. */
  'error-body-stall': { means: { status: 500, stallBody: true } },
  /** 200, a body that grows to `bytes` (64 MiB) when decompressed. */
  bomb: { takes: ['bytes', 'encoding'] },
  /** 200, JSON of `bytes` (1 GiB), not compressed, as fast as it is read. */
  'huge-body': { takes: ['bytes'] },
  /** 200, SSE with one line of `bytes` (64 MiB). */
  'huge-line': { takes: ['bytes'] },
  /** Response headers of `bytes` (1 MiB) in all. */
  'header-flood': { takes: ['bytes'] },
  /** Bytes that are not HTTP, then FIN. */
  garbage: {},
  /** The status line and half a header, then FIN. */
  'half-headers': {},
  /** Two content-length headers that contradict each other. */
  'conflicting-length': { takes: answer },
  /** The content-type header twice, with two values. */
  'duplicate-headers': { takes: answer },
  /** Header lines that end in a bare LF. */
  'bare-lf': { takes: answer },
  /** 103 Early Hints, then (after `every` ms, 0) the healthy answer. */
  'early-hints': { takes: ['every', ...answer] },
  /** 103 again and again every `every` ms (100), and never an answer. */
  'only-hints': { takes: ['every'] },
  /** 100 Continue and never an answer. */
  'only-continue': {},
  /** SSE that starts with an error. */
  'sse-error': { means: { stream: 10, errorAfter: 'headers' } },
  /** SSE headers, then nothing. */
  'sse-stall': { means: { stream: 10, stallAfter: 'headers' } },
  /** SSE headers, then only comment lines. */
  'sse-comments': { means: { stream: 10, commentsAfter: 'headers' } },
  /** SSE cut by RST after 3 content events. */
  'sse-cut': { means: { stream: 10, cutAfter: 3 } },
  /** SSE that ends cleanly inside an event, after 3 whole ones. */
  'sse-half-frame': { means: { stream: 10, cutAfter: 3, cut: 'half-frame' } },
  /** SSE whose fourth event is no JSON. */
  'sse-garbage': { means: { stream: 10, garbageAfter: 3 } },
  /** SSE that ends cleanly without saying so. */
  'sse-no-end': { means: { stream: 10, endMarker: false } },
  /** SSE complete with `[DONE]`, the connection stays open. */
  'sse-open': { means: { stream: 10, keepOpen: true } },
} as const satisfies Record<string, NamedRow>;

/** The names of steps; what each does is written in the table beside it. */
export type StepName = keyof typeof STEP_NAMES;

/** The names that are steps of their own and not short for another one. */
export type PlainName = {
  [Name in StepName]: (typeof STEP_NAMES)[Name] extends { means: unknown } ? never : Name;
}[StepName];
