// What an answer must be taken for, in the words of the verdict table, and what follows from each: written down a second time
// for the rules, so that a wrong table shows.
import type { Answer, Asked } from './upstream.ts';

/** Failures after which something may exist at the endpoint. */
export const MAY_EXIST = new Set(['server-error', 'timed-out', 'connection-lost', 'bad-reply', 'abandoned']);
/** Failures that pass with time: the endpoint may be asked again after a wait. */
export const PASSING = new Set([
  'rate-limited',
  'server-error',
  'overloaded',
  'timed-out',
  'connect-failed',
  'connection-lost',
  'bad-reply',
  'abandoned',
]);
/** Answers that are the caller's own fault. */
const CALLERS = new Set([400, 413, 415, 422]);

/** Nobody's fault, whatever else they lead to. */
export const NEUTRAL = new Set([
  'caller-error',
  'not-found',
  'conflict',
  'aborted',
  'rate-limited',
  'out-of-credit',
  'credentials-refused',
  'forbidden',
  'model-missing',
]);
/** After these there is nothing to try. */
export const FINAL = new Set(['caller-error', 'not-found', 'conflict', 'aborted']);
/** The verdict an answer must have. */
export function verdictOf(asked: Asked): string {
  const { answered, words } = asked;
  const fault = words.find((word) => word === 'cut' || word === 'stop' || word === 'error' || word === 'garbage');
  if (answered === undefined) return 'unanswered';
  if (answered.is === 'lost') return answered.code === 'ECONNRESET' ? 'connection-lost' : 'connect-failed';
  if (answered.is === 'bad') return answered.how === 'error' ? 'server-error' : 'bad-reply';
  if (answered.is !== 'status')
    return fault === undefined
      ? 'ok'
      : fault === 'cut'
        ? 'connection-lost'
        : fault === 'error' && asked.stream
          ? 'server-error'
          : 'bad-reply';
  const { status, code } = answered;
  if (CALLERS.has(status)) return 'caller-error';
  if (status === 404) return code === 'model_not_found' ? 'model-missing' : 'not-found';
  if (status === 429 && code === 'insufficient_quota') return 'out-of-credit';
  const names: Record<number, string> = {
    307: 'redirected',
    401: 'credentials-refused',
    402: 'out-of-credit',
    403: 'forbidden',
    408: 'timed-out',
    409: 'conflict',
    429: 'rate-limited',
    503: 'overloaded',
  };
  return names[status] ?? 'server-error';
}

/** How long an answer asks to be left alone, in ms. */
export function hintOf(answer: Answer | undefined): number | undefined {
  const headers = answer?.is === 'status' ? (answer.headers ?? {}) : {};
  if (headers['retry-after-ms'] !== undefined) return Number(headers['retry-after-ms']);
  return headers['retry-after'] === undefined ? undefined : Number(headers['retry-after']) * 1_000;
}
