/** What can be wrong with the body of a good reply, as errors that the caller knows. */
import { APIError } from 'openai';
import type { Call } from '../call/call.ts';
import { badReplyError, embeddedError } from '../errors.ts';
import { isForeign } from '../transport/foreign-response.ts';
import { checkReply } from './reply-checks.ts';

/** What the transfer of a body threw, as the caller shall see it: never a bare `SyntaxError` or `TypeError`, never raw text. */
export function translate(error: unknown): unknown {
  if (error instanceof SyntaxError) return badReplyError('The reply was cut or is not valid JSON.');
  if (error instanceof TypeError) return badReplyError('The connection broke while the reply was read.', error);
  return error;
}

/** The error an event of a stream stands for: an `error` event, or a choice that ended with `finish_reason: 'error'`. */
export function failureIn(event: unknown, headers: Headers): Error {
  const [one] = Array.isArray(event) ? event : [event];
  const { error, choices } = one as { error?: unknown; choices?: Array<{ error?: unknown }> };
  const inner = error ?? choices?.find((choice) => choice.error)?.error ?? (choices ? undefined : one);
  return embeddedError(
    typeof inner === 'object' && inner !== null ? inner : { message: "finish_reason 'error'" },
    headers,
  );
}

/** The error of a stream that ended too early; where it was an object in place of a stream, what that says. */
export function cutShort(where: string, call: Call, object: string | undefined, headers: Headers): unknown {
  if (object === undefined) return badReplyError(`The stream ended ${where}.`);
  try {
    checkReply(call, object, headers);
    return badReplyError('The reply is an object although a stream was asked for.');
  } catch (error) {
    return error;
  }
}

/**
 * True for the object that was asked for: some servers have an answer to everything.
 * @param sought its id; `true` = whichever it has, since some servers call their objects otherwise when they show them.
 */
export function isSought(data: unknown, sought: string | true): boolean {
  const { id, object } = (data ?? {}) as { id?: unknown; object?: unknown };
  if (sought !== true) return id === sought;
  return id !== undefined || (object !== undefined && object !== 'list');
}

/**
 * One of many that were asked for a thing has a web page for it: that is not it.
 * @throws as for another object. A page that is a file's content says that it is an attachment.
 */
export function refusePage<R extends { response: Response; headers: Headers }>(reply: R): R {
  const { response, headers } = reply;
  if (!/html/i.test(headers.get('content-type') ?? '') || headers.has('content-disposition')) return reply;
  if (!isForeign(response)) response.body?.cancel().catch(() => undefined);
  throw otherObject(headers);
}

/** The error for another object than the one that was asked for. */
export function otherObject(headers: Headers): Error {
  const message = 'The reply is not the object that was asked for.';
  return APIError.generate(404, { error: { message } }, undefined, headers);
}
