/**
 * Reads one reply for a caller who wants it as it came. JSON is read whole and checked, event streams are watched as ever, all else
 * goes through untouched. Why by the reply and not by the call alone: whoever brings bytes does not say what he expects.
 */
import type { Call } from '../call/call.ts';
import type { Attempt } from '../dispatch/call-story.ts';
import { isBadReply } from '../errors.ts';
import { EventBytes } from './event-bytes.ts';
import { readReply } from './read-reply.ts';
import type { Reading } from './reading.ts';
import { keepRefusal } from './refusals.ts';
import type { SdkReply } from './sdk-reply.ts';

/** What is known of a reply's body besides its meaning. */
export interface KeptBytes {
  readonly form: 'events' | 'json' | 'other';
  readonly events: EventBytes;
  /** The body of a buffered reply. */
  whole: Uint8Array | undefined;
  /** What that said is an object, whatever its headers say. */
  isObject: boolean;
}

const kept = new WeakMap<Response, KeptBytes>();

/** What was kept of a reply's body. */
export function bytesOf(response: Response): KeptBytes | undefined {
  return kept.get(response);
}

const BAD_GATEWAY = 502;
const MEDIA = /^(audio|video|image)\/|octet-stream/;
const JSON_TYPE = /^[^;]*[/+]json\b/;

/** How the body of a reply is read. @param contentType as its header says. */
export function formOf({ method, operation, stream }: Call, contentType: string | null | undefined): KeptBytes['form'] {
  // Its headers speak of a body that does not come.
  if (method === 'head') return 'other';
  const type = (contentType ?? '').trim().toLowerCase();
  const isEvents = type.startsWith('text/event-stream');
  // Of streams that nobody knows the events are not known either.
  if (operation.stream !== 'other' && (isEvents || (stream && !MEDIA.test(type)))) return 'events';
  if (isEvents || operation.route.endsWith('/content')) return 'other';
  return operation.json || JSON_TYPE.test(type) ? 'json' : 'other';
}

/** True for an error that the API itself wrote into a good reply. */
export function isWritten(error: unknown): boolean {
  const { headers, status } = error as { headers?: unknown; status?: unknown };
  return headers !== undefined && status === undefined && !isBadReply(error);
}

/** As `readReply`, and keeps the bytes; see `bytesOf`. */
export async function readBytes(attempt: Attempt<SdkReply>, reading: Reading): Promise<unknown> {
  const { response, options, headers } = attempt.reply as SdkReply;
  const form = formOf(reading.call, headers.get('content-type'));
  // The SDK reads a reply as its request's options say.
  Object.assign(options, { stream: form === 'events', __binaryResponse: form === 'other' });
  const events = new EventBytes();
  const known: KeptBytes = { form, events, whole: undefined, isObject: false };
  kept.set(response, known);
  reading.bytes = {
    whole: (body: Uint8Array) => {
      known.whole = body;
    },
    came: (block: Uint8Array, silent: boolean) => events.came(block, silent),
    mark: () => events.mark(),
  };
  try {
    const data = await readReply(attempt, reading);
    known.isObject = form === 'json' && typeof data === 'object' && data !== null;
    return data;
  } catch (error) {
    const body = known.whole ?? (form === 'events' ? events.all() : undefined);
    // Nothing in an error object says that it is one to whoever looks at the status; an event does.
    const status = form === 'events' ? undefined : BAD_GATEWAY;
    if (body && isWritten(error)) keepRefusal(error, response, body, (text) => reading.safe(text), status);
    throw error;
  }
}
