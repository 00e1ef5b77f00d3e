/**
 * The model that an answer says it is from, for those who trace calls. Why checked and cleaned: it is told outside, and a server
 * may write anything there, be it the key that it was sent.
 */
import type { Attempt, Reply } from '../dispatch/call-story.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';

const NAME = /^[\w.:@/+-]{1,128}$/;

/** Names found to be such, of each endpoint: to look for keys in one takes longer than all the rest. */
const KNOWN = new WeakMap<Endpoint, Set<string>>();
/** So many of them are remembered; made-up ones are looked at each time. */
const MOST = 50;

/** Whoever can take an attempt's credentials out of something. */
interface Confidant {
  safe(text: unknown): unknown;
}

/** The name where it may be told, else an empty one. */
function checked(name: string, endpoint: Endpoint, confidant: Confidant): string {
  const known = KNOWN.get(endpoint) ?? new Set();
  if (known.has(name)) return name;
  if (!NAME.test(name) || confidant.safe(name) !== name) return '';
  if (known.size < MOST) KNOWN.set(endpoint, known.add(name));
  return name;
}

/** Notes what a reply, or the first event of a stream that says so, calls its model. */
export function noteModel<R extends Reply>(attempt: Attempt<R>, said: unknown, confidant: Confidant): void {
  if (attempt.replyModel !== undefined) return;
  const { model, response } = said as { model?: unknown; response?: { model?: unknown } | null };
  const name = model ?? response?.model;
  if (typeof name !== 'string') return;
  attempt.replyModel = name === attempt.report.model ? name : checked(name, attempt.endpoint, confidant);
}
