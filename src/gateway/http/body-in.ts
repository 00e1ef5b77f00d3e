/** The bytes of a call on their way in, and what is said of those that are not taken. */
import type { IncomingMessage } from 'node:http';
import { Refused } from './api-error.ts';

/** A body as the pool takes it. */
export interface CallBody {
  readonly body: unknown;
  /** The model it names. */
  readonly model: string | undefined;
  /** The content type it goes up with; `undefined` = the one it came with, `null` = the pool writes its own. */
  readonly type?: string | null;
  /** Bytes read, as far as it was. */
  readonly bytes: number;
}

/** Of a call without a body. */
export const NOTHING: CallBody = { body: undefined, model: undefined, bytes: 0 };

/** Said of such a body. */
export const TWO_MODELS = 'The body names more than one model.';

/** For a body of more than `limit` bytes. */
export const tooLarge = (limit: number) =>
  new Refused({
    status: 413,
    message: `The body is larger than ${limit} bytes, which is the most this gateway takes.`,
    code: 'request_too_large',
  });

/** For a body that is not what it says it is. */
export const unreadable = (message: string) => new Refused({ status: 400, message, code: 'invalid_body' });

/** Everything that comes, as long as it is not more than `limit`. */
export function limited(message: IncomingMessage, limit: number): AsyncGenerator<Uint8Array> {
  const declared = Number(message.headers['content-length'] ?? 0);
  if (declared > limit) throw tooLarge(limit);
  return (async function* () {
    let size = 0;
    for await (const chunk of message as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > limit) throw tooLarge(limit);
      yield chunk;
    }
  })();
}
