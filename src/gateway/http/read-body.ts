/** The body of a call on its way in: read as far as the gateway must know it, passed through otherwise. */
import type { IncomingMessage } from 'node:http';
import { ByteRope } from '../../call/byte-rope.ts';
import { outlineOf } from '../../call/json-outline.ts';
import { JsonText } from '../../call/json-text.ts';
import { modelOf } from '../../call/localize.ts';
import { operationOf } from '../../call/operations.ts';
import { abortError } from '../../errors.ts';
import { Refused } from './api-error.ts';
import { type CallBody, limited, NOTHING, TWO_MODELS, tooLarge, unreadable } from './body-in.ts';
import type { BodyPlace } from './body-room.ts';
import { isByModel } from './by-model.ts';
import { wrongShape } from './json-shape.ts';
import { readForm } from './read-form.ts';

export type { CallBody } from './body-in.ts';

/** How large bodies may be. */
export interface BodyLimits {
  readonly bodyBytes: number;
  readonly uploadBytes: number;
}

const DEEPEST = 100;
/** What clients say of JSON when they say nothing on purpose, such as curl with `-d`. */
const MAYBE_JSON = /^(text\/plain|application\/x-www-form-urlencoded)\b/i;

const WRONG_SHAPES = {
  deep: `The body is nested deeper than ${DEEPEST} levels.`,
  'two models': TWO_MODELS,
} as const;

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
    if (mayNameModel) return readForm(message, type, limits.uploadBytes, room);
    return { ...NOTHING, body: limited(message, limits.uploadBytes) };
  }
  const isJson = /json/i.test(type);
  // Where a body names a model it is looked at whatever it calls itself: an endpoint may do so, too.
  if (!isJson && type !== '' && !MAYBE_JSON.test(type) && !isByModel(path))
    return { ...NOTHING, body: limited(message, limits.uploadBytes) };
  return whole(message, limits.bodyBytes, room, (parts) => jsonIn(parts, isJson));
}
