/** A place at an endpoint for what does not come and go as a call: chosen like a call's endpoint, and counted as its load. */
import type { Call } from '../call/call.ts';
import type { OwnedId } from '../call/owned-id.ts';
import type { Take } from '../config/take-options.ts';
import type { Attempt, CallStory, Reply, Send } from '../dispatch/call-story.ts';
import type { Told } from './attempts.ts';
import { callOf, type RequestOptions } from './call-of.ts';
import type { Caller } from './caller.ts';
import { Handover } from './handover.ts';
import { type Located, locate } from './locate.ts';
import { reader } from './seam.ts';
import { whereTo } from './where-to.ts';

/** What ids of each kind are read by, as far as sockets name them. */
const COLLECTIONS: Readonly<Record<string, string>> = { resp: 'responses', conv: 'conversations' };

function ownedId(id: string): OwnedId {
  const collection = COLLECTIONS[id.split('_', 1)[0] as string];
  return { id, readAt: collection && `/${collection}/${encodeURIComponent(id)}` };
}

function describe(
  { id, maxWait, steering }: Take,
  options: RequestOptions,
  { core, client }: Caller,
  replay: 'free' | 'once',
): Call {
  const { timeout, maxRetries } = client;
  const waits = maxWait === undefined ? maxRetries : Math.ceil(Math.min(maxWait, 1)) * Math.max(1, maxRetries);
  const call = callOf(
    options,
    replay,
    { timeout: maxWait || timeout, maxRetries: waits, steering },
    core.settings,
    core.settings.clock,
  );
  return {
    ...call,
    operation: { ...call.operation, place: 'anywhere', ids: [] },
    ownerIds: id === undefined ? [] : [ownedId(id)],
    hedge: false,
  };
}

/** A place, and how it was come by. */
export interface Place<R extends Reply> {
  readonly story: CallStory<R>;
  readonly attempt: Attempt<R>;
  /** The attempts made to find out who has its id. */
  readonly before: Told | undefined;
}

/**
 * Finds a place.
 * @param send what an attempt does to get it; `sent: false` in its reply says that there are no times to learn from.
 * @param replay whether that may be done again elsewhere: of what was sent over a socket nobody knows.
 * @throws what a call throws.
 */
export async function place<R extends Reply>(
  asked: Take,
  caller: Caller,
  send: Send<R>,
  replay: 'free' | 'once',
): Promise<Place<R>> {
  const { core } = caller;
  const { dispatcher, events, settings } = core;
  const { operation, model, signal } = asked;
  const options: RequestOptions = { method: 'get', path: `/${operation}`, signal, __metadata: { model } };
  const call = describe(asked, options, caller, replay);
  const handover = new Handover();
  const known = whereTo(call, options.path, core);
  const { only, prefer, missed }: Located = known.seek
    ? await locate(known, call, options, { caller, handover, read: reader(caller) })
    : known;
  const story = dispatcher.open(call, send, only, prefer);
  if (missed) events.emit({ type: 'affinity-missed', at: settings.clock.date(), callId: call.id, id: missed });
  try {
    return { story, attempt: await dispatcher.head(story), before: handover.before };
  } catch (error) {
    handover.tell(story as never);
    handover.remember(error);
    throw error;
  }
}
