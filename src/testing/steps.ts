/**
 * The words a fault script is written in: what one request gets.
 * Stands before `parse-script.ts`, which checks them, and `perform.ts`, which acts them out on the wire.
 * Why data and not callbacks: a script can be printed, compared, stored in a table of faults, and read at a glance.
 */
import type { StepName } from './step-names.ts';

/** What every step written as an object may say besides what it does. */
export interface StepOptions {
  /** Serve this step to so many requests in a row; `Infinity` = for ever. @default 1 */
  times?: number;
  /** Wait this long (ms) after the request has arrived before doing anything. @default 0 */
  delay?: number;
  /** Response headers to add or replace; a list sends the header several times. Not used by raw-socket steps. */
  headers?: Record<string, string | readonly string[]>;
}

/** What a healthy answer says; each has a plausible default. */
export interface AnswerOptions {
  /** The text of the answer. @default 'Hello from <server name>.', or JSON that fits the schema asked for */
  text?: string;
  /** Answer with these tool calls in place of text. */
  toolCalls?: readonly { name: string; arguments?: unknown }[];
  /** Chat's `finish_reason`; `null` leaves it null. @default 'stop', 'tool_calls' with tool calls */
  finishReason?: string | null;
}

/** An HTTP status with the error body OpenAI would send, or with your own; a 2xx without `body` is a healthy answer. */
export interface StatusStep extends StepOptions {
  /** 200 to 599. */
  status: number;
  /** The `retry-after` header: seconds, or any text. */
  retryAfter?: number | string;
  /** The `retry-after-ms` header. */
  retryAfterMs?: number | string;
  /** The `x-should-retry` header. */
  shouldRetry?: boolean;
  /** `error.code`. @default the usual one of that status */
  code?: string | null;
  /** `error.type`. @default the usual one of that status */
  type?: string;
  /** `error.message`. */
  message?: string;
  /** The whole body in place of the error: text or bytes as they are, anything else as JSON. */
  body?: unknown;
  /** Send the headers and half of the body, then nothing more. @default false */
  stallBody?: boolean;
}

/** Where in a stream a fault strikes: after the headers alone, or after so many content events (0 = after the preamble). */
export type StreamPlace = 'headers' | number;

/**
 * A streamed answer of so many content events and at most one fault in it. The preamble (role chunk, `response.created`)
 * and the end (`finish_reason`, `[DONE]`) are not counted. A call that asked for no stream gets its JSON written in that
 * many pieces, and the fault strikes after so many pieces.
 */
export interface StreamStep extends StepOptions, AnswerOptions {
  /** The number of content events (with `toolCalls` the calls decide), or the events themselves: objects become `data:` lines, text is a frame as it stands. */
  stream: number | readonly (string | object)[];
  /** Wait (ms) before each content event. @default 0 */
  gap?: number;
  /** Write the body in chunks of so many bytes. @default one chunk per event */
  chunkBytes?: number;
  /** End the body here, in the manner of `cut`. */
  cutAfter?: StreamPlace;
  /** End the body after so many of its bytes, in the manner of `cut`. */
  cutAtByte?: number;
  /** `reset` = RST, `close` = FIN inside the body, `end` = a clean end, `half-frame` = half of the next event, then a clean end. @default 'reset' */
  cut?: 'reset' | 'close' | 'end' | 'half-frame';
  /** Send nothing more from here on and keep the connection open. */
  stallAfter?: StreamPlace;
  /** Send an error from here on, then end cleanly. */
  errorAfter?: StreamPlace;
  /** The error object to send. @default a `server_error` */
  error?: object;
  /** `key` = a data line `{"error": …}`; `event` = the same as an `event: error`. @default 'key', 'event' for responses and threads */
  errorAs?: 'key' | 'event';
  /** Send a data line that is no JSON here, then end cleanly. */
  garbageAfter?: StreamPlace;
  /** Send nothing but comment lines from here on, for ever. */
  commentsAfter?: StreamPlace;
  /** Pause (ms) between those comments. @default 200 */
  every?: number;
  /** `false` ends cleanly without `finish_reason`, `[DONE]` or `response.completed`. @default true */
  endMarker?: boolean;
  /** Send everything, `[DONE]` included, and keep the connection open. @default false */
  keepOpen?: boolean;
}

/** A redirect. */
export interface RedirectStep extends StepOptions {
  /** The `location` header, as it stands. */
  redirect: string;
  /** 301, 302, 303, 307 or 308. @default 307 */
  status?: number;
}

/** Bytes written to the socket as they stand, in order; nothing is added. */
export interface RawStep extends StepOptions {
  /** Text (UTF-8), bytes, or pauses in ms. */
  raw: string | Uint8Array | readonly (string | Uint8Array | { wait: number })[];
  /** What happens to the connection then. @default 'close' */
  end?: 'reset' | 'close' | 'open';
}

/** A step by name, with settings; which setting goes with which name is said at {@link StepName}. */
export interface NamedStep extends StepOptions, AnswerOptions {
  /** What to do. */
  step: StepName;
  /** `reset`, `close`: before the request's body is read, or after. @default 'answer' */
  before?: 'body' | 'answer';
  /** `cut-body`, `stall-body`: after so many bytes of the body. */
  after?: number;
  /** `cut-body`: RST or FIN. @default 'reset' */
  cut?: 'reset' | 'close';
  /** `drip`: bytes at a time; floods and bombs: how many in all, decompressed. */
  bytes?: number;
  /** `drip`, `early-hints`, `only-hints`: pause in ms. */
  every?: number;
  /** `bomb`: the compression. @default 'gzip' */
  encoding?: 'gzip' | 'br' | 'deflate';
}

/** What one request gets: a status, a name, or an object that says more. */
export type Step = number | StepName | StatusStep | StreamStep | RedirectStep | RawStep | NamedStep;
