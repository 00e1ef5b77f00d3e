/** What can be wrong with the body of a good reply, as errors that the caller knows. */
import { APIError } from 'openai';
import type { Call } from '../call/call.ts';
import { badReplyError, embeddedError } from '../errors.ts';
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

/** The error for another object than the one that was asked for. */
export function otherObject(headers: Headers): Error {
  const message = 'The reply is not the object that was asked for.';
  return APIError.generate(404, { error: { message } }, undefined, headers);
}
