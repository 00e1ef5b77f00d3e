/** The body of a call on its way in: read as far as the gateway must know it, passed through otherwise. */
import type { IncomingMessage } from 'node:http';
import { ByteRope } from '../../call/byte-rope.ts';
import { outlineOf } from '../../call/json-outline.ts';
import { JsonText } from '../../call/json-text.ts';
import { modelOf } from '../../call/localize.ts';
import { operationOf } from '../../call/operations.ts';
import { abortError } from '../../errors.ts';
import { Refused } from './api-error.ts';
import type { BodyPlace } from './body-room.ts';
import { isByModel } from './by-model.ts';
import { wrongShape } from './json-shape.ts';

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

/** How large bodies may be. */
export interface BodyLimits {
  readonly bodyBytes: number;
  readonly uploadBytes: number;
}

const NOTHING: CallBody = { body: undefined, model: undefined, bytes: 0 };
/** Forms up to this size are read for their model, and can be sent to another endpoint when one fails; larger ones pass through. */
const FORM_BYTES = 32 * 2 ** 20;
const DEEPEST = 100;
/** What clients say of JSON when they say nothing on purpose, such as curl with `-d`. */
const MAYBE_JSON = /^(text\/plain|application\/x-www-form-urlencoded)\b/i;

const tooLarge = (limit: number) =>
  new Refused({
    status: 413,
    message: `The body is larger than ${limit} bytes, which is the most this gateway takes.`,
    code: 'request_too_large',
  });

const WRONG_SHAPES = {
  deep: `The body is nested deeper than ${DEEPEST} levels.`,
  'two models': 'The body names more than one model.',
} as const;

const unreadable = (message: string) => new Refused({ status: 400, message, code: 'invalid_body' });

/** Everything that comes, as long as it is not more than `limit`. */
function limited(message: IncomingMessage, limit: number): AsyncGenerator<Uint8Array> {
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

/**
 * All that comes, as long as it is not more than `limit`. Why not by an iterator: Node hangs a dozen listeners on what it iterates
 * over, and most bodies come in one piece.
 * @param read makes of it what the call needs.
 */
function whole<Read>(message: IncomingMessage, limit: number, room: BodyPlace, read: (parts: Buffer[]) => Read) {
  const declared = Number(message.headers['content-length'] ?? 0);
  if (declared > limit) throw tooLarge(limit);
  return new Promise<Read>((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const leave = () => {
      message.off('data', came).off('end', ended).off('close', closed);
    };
    const came = (part: Buffer) => {
      size += part.byteLength;
      try {
        if (size > limit) throw tooLarge(limit);
        room.take(part.byteLength);
        parts.push(part);
      } catch (error) {
        leave();
        reject(error);
      }
    };
    const ended = () => {
      leave();
      try {
        resolve(read(parts));
      } catch (error) {
        reject(error);
      }
    };
    const closed = () => {
      leave();
      reject(abortError(undefined));
    };
    message.on('data', came).on('end', ended).on('close', closed);
  });
}

/** The first so many bytes, and the rest if there is more. */
async function begun(
  chunks: AsyncGenerator<Uint8Array>,
  most: number,
  hold: (bytes: number) => void,
): Promise<{ first: Buffer; rest?: AsyncGenerator<Uint8Array> }> {
  const read: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { value, done } = await chunks.next();
    if (done) return { first: Buffer.concat(read) };
    hold(value.byteLength);
    read.push(value);
    size += value.byteLength;
    if (size > most) return { first: Buffer.concat(read), rest: chunks };
  }
}

async function* joined(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

async function formIn(message: IncomingMessage, type: string, limit: number, room: BodyPlace): Promise<CallBody> {
  // One that says that it is larger is not held at all.
  if (Number(message.headers['content-length'] ?? 0) > FORM_BYTES)
    return { ...NOTHING, body: limited(message, limit), bytes: FORM_BYTES };
  const hold = (bytes: number) => room.take(bytes);
  const { first, rest } = await begun(limited(message, limit), FORM_BYTES, hold);
  if (rest) return { ...NOTHING, body: joined(first, rest), bytes: first.byteLength };
  const body = await new Response(new Uint8Array(first), { headers: { 'content-type': type } })
    .formData()
    .catch(() => undefined);
  if (!body) throw unreadable('The body is not the form that its content-type says it is.');
  if (body.getAll('model').length > 1) throw unreadable(WRONG_SHAPES['two models']);
  return { body, model: modelOf({ body }), type: null, bytes: first.byteLength };
}

/** From this size on a body is looked at without its longest strings, in bytes. */
const LARGE = 65_536;
const MARK = 0xef;

function readJson(parts: readonly Buffer[], byteLength: number): JsonText | undefined {
  const isLarge = byteLength >= LARGE && parts[0]?.[0] !== MARK;
  const outline = isLarge ? outlineOf(new ByteRope(parts)) : undefined;
  const bytes = outline?.bytes ?? (parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts));
  const wrong = wrongShape(bytes, DEEPEST);
  if (wrong) throw unreadable(WRONG_SHAPES[wrong]);
  return outline ? JsonText.readLarge(parts, outline) : JsonText.read(bytes);
}

function jsonIn(parts: readonly Buffer[], strict: boolean): CallBody {
  let byteLength = 0;
  for (const part of parts) byteLength += part.byteLength;
  const body = readJson(parts, byteLength);
  if (body) return { body, model: modelOf({ body }), bytes: byteLength, ...(!strict && { type: 'application/json' }) };
  if (strict && byteLength > 0) throw unreadable('The body is not a JSON object, as its content-type says it is.');
  return { ...NOTHING, body: byteLength > 0 ? new Uint8Array(Buffer.concat(parts)) : undefined, bytes: byteLength };
}

/**
 * Reads a call's body.
 * @param path below `/v1`.
 * @param room takes what is held of it; what passes through is not.
 * @throws Refused when it is too large, or not what it says it is, or when there is no room for it now.
 */
export function readBody(
  message: IncomingMessage,
  path: string,
  limits: BodyLimits,
  room: BodyPlace,
): Promise<CallBody> | CallBody {
  const { method = 'GET', headers } = message;
  const type = headers['content-type'] ?? '';
  const isEmpty = headers['content-length'] === undefined && headers['transfer-encoding'] === undefined;
  if (isEmpty || method === 'GET' || method === 'HEAD') return NOTHING;
  if ((headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new Refused({
      status: 415,
      message: 'Compressed bodies are not taken; leave content-encoding out.',
      code: 'unsupported_encoding',
    });
  if (/^multipart\/form-data\b/i.test(type)) {
    const operation = operationOf(method.toLowerCase(), path);
    const mayNameModel = operation.place === 'anywhere' || operation.name === 'videos';
    if (mayNameModel) return formIn(message, type, limits.uploadBytes, room);
    return { ...NOTHING, body: limited(message, limits.uploadBytes) };
  }
  const isJson = /json/i.test(type);
  // Where a body names a model it is looked at whatever it calls itself: an endpoint may do so, too.
  if (!isJson && type !== '' && !MAYBE_JSON.test(type) && !isByModel(path))
    return { ...NOTHING, body: limited(message, limits.uploadBytes) };
  return whole(message, limits.bodyBytes, room, (parts) => jsonIn(parts, isJson));
}
