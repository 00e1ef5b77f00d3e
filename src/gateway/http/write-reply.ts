/** A reply on its way down: as fast as its reader reads, never ended as if it were whole when it is not. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import { type ErrorFacts, errorBody } from './api-error.ts';

/** How a reply ended: all of it went out, its reader left, or it broke on the way. */
export type ReplyEnd = { readonly is: 'complete' | 'left' } | { readonly is: 'broken'; readonly error: unknown };

/** How long the last words to a reader who is slow may take, in ms. */
const LAST_WORDS = 1_000;

/** A reader who takes nothing for so long, in ms, is gone. */
export const IDLE_READER = 120_000;

/** Writes JSON, if nothing was written yet. */
export function writeJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': bytes.byteLength });
  response.end(bytes);
}

/** Writes an error, if nothing was written yet. @param body in OpenAI's shape, unless another one is given. */
export function writeError(
  response: ServerResponse,
  facts: ErrorFacts,
  headers: Readonly<Record<string, string>> = {},
  body: object = errorBody(facts),
): void {
  writeJson(response, facts.status, body, { ...headers, ...facts.headers });
}

/**
 * Ends an event stream with an error: as an event, for who reads events, and without the end of a whole body, for everybody else.
 * @param event as it is written, with the blank line behind it.
 */
export function breakStream(response: ServerResponse, event: string): void {
  if (response.writableEnded || response.destroyed) return;
  response.write(`\n\n${event}`, () => response.socket?.destroySoon());
}

/** The last words were said: who has not read them in a moment is left alone. */
export function endSoon(response: ServerResponse, clock: Clock): void {
  const cancel = clock.after(LAST_WORDS, () => response.destroy(), false);
  response.once('close', cancel);
}

/** Resolves to false when the reader left, or stood still too long. */
function drained(response: ServerResponse, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (is: boolean) => {
      cancel();
      response.off('drain', yes).off('close', no);
      resolve(is);
    };
    const yes = () => done(true);
    const no = () => done(false);
    const cancel = clock.after(IDLE_READER, no, false);
    response.on('drain', yes).on('close', no);
  });
}

/** Writes a body. @param length its length in bytes, where it is known. @param each told every piece before it goes out. */
export async function writeBody(
  { body, length }: { body: ReadableStream<Uint8Array> | null; length: number | undefined },
  response: ServerResponse,
  clock: Clock,
  each: (piece: Uint8Array) => void,
): Promise<ReplyEnd> {
  if (!body) {
    response.end();
    return { is: 'complete' };
  }
  const reader = body.getReader();
  const left = () => void reader.cancel().catch(() => undefined);
  response.once('close', left);
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (response.destroyed) return { is: 'left' };
      if (done) break;
      each(value);
      if (value.byteLength === length) {
        // All of it: headers and body go out as one.
        response.off('close', left).end(value);
        return { is: 'complete' };
      }
      if (!response.write(value) && !(await drained(response, clock))) {
        left();
        response.destroy();
        return { is: 'left' };
      }
    }
    response.off('close', left);
    response.end();
    return { is: 'complete' };
  } catch (error) {
    return response.destroyed ? { is: 'left' } : { is: 'broken', error };
  }
}
