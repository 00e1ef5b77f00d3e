/**
 * A form on its way in. One that may name a model is held as it came, so that it can be sent to another endpoint when one fails; larger
 * ones pass through.
 */
import type { IncomingMessage } from 'node:http';
import { Pieces } from '../../call/byte-rope.ts';
import { FormBytes } from '../../call/form-bytes.ts';
import { MOST_PARTS } from '../../call/form-parts.ts';
import { modelOf } from '../../call/localize.ts';
import { type CallBody, limited, NOTHING, TWO_MODELS, unreadable } from './body-in.ts';
import type { BodyPlace } from './body-room.ts';

/** The largest that is held. */
const MOST = 32 * 2 ** 20;
/** Of one that is read and written anew there are so many more: its parts, what is written of them, and what waits to be sent. */
const COPIES = 4;

/** What was read of it, and the rest if there is more than is held. */
interface Begun {
  readonly pieces: readonly Buffer[];
  readonly bytes: number;
  readonly rest?: AsyncGenerator<Uint8Array>;
}

async function begun(chunks: AsyncGenerator<Uint8Array>, room: BodyPlace): Promise<Begun> {
  const pieces = new Pieces();
  for (;;) {
    const { value, done } = await chunks.next();
    if (done) return { pieces: pieces.all, bytes: pieces.length };
    room.take(value.byteLength);
    pieces.add(value as Buffer);
    if (pieces.length > MOST) return { pieces: pieces.all, bytes: pieces.length, rest: chunks };
  }
}

async function* joined(first: readonly Uint8Array[], rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* first;
  yield* rest;
}

/** As the platform reads it: one that could be read in two ways is sent as it was understood here. */
async function anew({ pieces, bytes }: Begun, type: string, room: BodyPlace): Promise<CallBody> {
  room.take(COPIES * bytes);
  const body = await new Response(new Blob(pieces as Buffer<ArrayBuffer>[]), { headers: { 'content-type': type } })
    .formData()
    .catch(() => undefined);
  if (!body) throw unreadable('The body is not the form that its content-type says it is.');
  if (body.getAll('model').length > 1) throw unreadable(TWO_MODELS);
  for (const [name, value] of body)
    if (/[;=]/.test(name) || (typeof value !== 'string' && /[;\s]name\s*=/i.test(value.name)))
      throw unreadable('A name in the form can be read in two ways.');
  return { body, model: modelOf({ body }), type: null, bytes };
}

/**
 * Reads a form that may name a model.
 * @param room takes what is held of it.
 * @throws Refused as `readBody`.
 */
export async function readForm(
  message: IncomingMessage,
  type: string,
  limit: number,
  room: BodyPlace,
): Promise<CallBody> {
  // One that says that it is larger is not held at all.
  if (Number(message.headers['content-length'] ?? 0) > MOST)
    return { ...NOTHING, body: limited(message, limit), bytes: MOST };
  const read = await begun(limited(message, limit), room);
  const { pieces, bytes, rest } = read;
  if (rest) return { ...NOTHING, body: joined(pieces, rest), bytes };
  const body = FormBytes.read(pieces, type);
  if (body === 'many') throw unreadable(`The form has more than ${MOST_PARTS} parts.`);
  return body ? { body, model: modelOf({ body }), bytes } : anew(read, type, room);
}
