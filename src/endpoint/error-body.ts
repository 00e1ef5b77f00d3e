/**
 * Reads the body of an error reply within bounds, 5 s, 1 s of silence and 1 MiB, and keeps what the SDK leaves out of its error.
 * Why bounds: the SDK has none, so an endpoint that sends "500" and then nothing would hold the call for ever. Where the SDK
 * tries again it does not read the body at all; a call that can move on must not lose much time with it either.
 */
import type { OpenAI } from 'openai';
import type { Clock } from '../clock.ts';
import { isForeign } from '../transport/foreign-response.ts';

const PATIENCE = 5_000;
const SILENCE = 1_000;
const LIMIT = 1_048_576;

/** No error is nested like this, and the SDK, which prints it into its message, would run out of stack. */
const DEEPEST = 500;
const [OPEN, CLOSE, QUOTE, BACKSLASH] = ['[{', ']}', '"', '\\'];

function isTooDeep(text: string): boolean {
  if (text.length <= DEEPEST) return false;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string;
    if (letter === QUOTE) quoted = !quoted;
    else if (quoted) at += letter === BACKSLASH ? 1 : 0;
    else if (OPEN.includes(letter)) depth += 1;
    else if (CLOSE.includes(letter)) depth -= 1;
    if (depth > DEEPEST) return true;
  }
  return false;
}

type Keep = (body: Uint8Array) => void;

/** A reply of another library is read by its own means; they cannot be stopped, but nobody waits for them longer. */
async function foreignText(read: Promise<string>, clock: Clock, keep: Keep | undefined): Promise<string> {
  let stop = () => {};
  const late = new Promise<string>((resolve) => {
    stop = clock.after(PATIENCE, () => resolve(''));
  });
  try {
    const text = (await Promise.race([read, late])).slice(0, LIMIT);
    keep?.(Buffer.from(text));
    return isTooDeep(text) ? '' : text;
  } finally {
    stop();
  }
}

async function boundedText(response: Response, clock: Clock, keep: Keep | undefined): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return '';
  const pieces: Uint8Array[] = [];
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  let late = false;
  const giveUp = () => {
    late = true;
    void reader.cancel().catch(() => undefined);
  };
  const stop = clock.after(PATIENCE, giveUp);
  let hush = clock.after(SILENCE, giveUp);
  try {
    while (size < LIMIT) {
      const { value, done } = await reader.read();
      hush();
      if (done || late) break;
      size += value.byteLength;
      if (keep) pieces.push(value);
      text += decoder.decode(value, { stream: true });
      hush = clock.after(SILENCE, giveUp);
    }
    if (size >= LIMIT) void reader.cancel().catch(() => undefined);
    text += decoder.decode();
    keep?.(Buffer.concat(pieces));
    // What came of a stalled body is no JSON, and half a page of HTML helps nobody.
    return late || isTooDeep(text) ? '' : text;
  } finally {
    stop();
    hush();
  }
}

const dropped = new WeakMap<object, unknown>();

/** The body of an error reply that this copy of the SDK left out of its error. */
export function droppedBody(error: object): unknown {
  return dropped.get(error);
}

/**
 * Keeps the bodies that the SDK drops: version 6 knows none without an `error` of its own, and there are vendors who send
 * lists, plain objects, or `{ detail }`. The error itself stays as it is.
 */
export function keepDroppedBodies(client: OpenAI): void {
  type Make = (status: number, body: object | undefined, message: string | undefined, headers: Headers) => object;
  const own = client as unknown as { makeStatusError: Make };
  const make = own.makeStatusError.bind(client);
  const value: Make = (status, body, message, headers) => {
    const error = make(status, body, message, headers);
    if ((error as { error?: unknown }).error === undefined && body !== undefined) dropped.set(error, body);
    return error;
  };
  Object.defineProperty(client, 'makeStatusError', { value, configurable: true, writable: true });
}

/** The same response, whose `text()` ends in time whatever the server does. @param keep is given the bytes it was read from. */
export function boundErrorBody(response: Response, clock: Clock, keep?: Keep): Response {
  const { text } = response;
  const value = () =>
    isForeign(response) ? foreignText(text.call(response), clock, keep) : boundedText(response, clock, keep);
  Object.defineProperty(response, 'text', { value, configurable: true });
  return response;
}
