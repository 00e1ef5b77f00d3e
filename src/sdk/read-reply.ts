/** The body of a reply, read to the point where the caller can have it: a checked JSON value, or a stream with its first content. */
import { finderFor } from '../affinity/handed-out-ids.ts';
import type { Attempt } from '../dispatch/call-story.ts';
import { filteredAnswer } from '../errors.ts';
import { withRequestId } from './balanced-promise.ts';
import { limitBody, tellText, textWithin } from './bounded-body.ts';
import { openStream, parsed } from './open-stream.ts';
import type { Reading } from './reading.ts';
import { checkReply, isFiltered } from './reply-checks.ts';
import { isSought, otherObject, translate } from './reply-failures.ts';
import { noteModel } from './reply-model.ts';
import type { SdkReply } from './sdk-reply.ts';
import { usageOf } from './usage.ts';

/**
 * Reads one reply.
 * @returns the parsed value, the `Response` of a binary operation, or an `OpenStream`.
 * @throws what makes the call go on elsewhere.
 */
export async function readReply(attempt: Attempt<SdkReply>, reading: Reading): Promise<unknown> {
  const data = await readWhole(attempt, reading);
  if (isFiltered(data) && reading.mayMoveFiltered()) throw filteredAnswer(data, (attempt.reply as SdkReply).headers);
  return data;
}

/** True for JSON that every version of the SDK reads alike. */
function isJson({ lean, status, headers }: SdkReply): boolean {
  if (!lean || status === 204 || headers.get('content-length') === '0') return false;
  const type = headers.get('content-type');
  return type !== null && (type === 'application/json' || type.startsWith('application/json;'));
}

/** Reads JSON as the SDK's parser does, without its promises. */
async function readJson(reply: SdkReply, reading: Reading): Promise<unknown> {
  const { response, headers } = reply;
  const text = await textWithin(response, reading.maxResponseBytes);
  if (text === '') {
    // What is empty, versions of the SDK take for different things.
    tellText(response, text);
    return parsed(reply);
  }
  const data: unknown = JSON.parse(text);
  if (typeof data === 'object' && data !== null && !Array.isArray(data))
    Object.defineProperty(data, '_request_id', { value: headers.get('x-request-id'), enumerable: false });
  return data;
}

function readBySdk(reply: SdkReply, reading: Reading): Promise<unknown> {
  limitBody(reply.response, reading.maxResponseBytes, reading.bytes?.whole);
  return parsed(reply);
}

async function readWhole(attempt: Attempt<SdkReply>, reading: Reading): Promise<unknown> {
  const reply = attempt.reply as SdkReply;
  const { options } = reply;
  try {
    if (options.stream) return await openStream(attempt, reply, reading);
    if (options.__binaryResponse) return await parsed(reply);
    const raw = await (isJson(reply) ? readJson(reply, reading) : readBySdk(reply, reading));
    const data = checkReply(reading.call, raw, reply.headers);
    const { sought } = reading;
    if (sought !== undefined && !isSought(data, sought)) throw otherObject(reply.headers);
    if (typeof data === 'object' && data !== null) {
      withRequestId(data, reply.response);
      const usage = usageOf(data);
      if (usage) attempt.report.usage = usage;
      noteModel(attempt, data, reading);
      const ids = finderFor(reading.call, reading.asked)?.(data) ?? [];
      if (ids.length > 0) reading.learnIds(ids);
    }
    return data;
  } catch (error) {
    throw reading.safe(translate(error));
  }
}
