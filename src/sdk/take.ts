/**
 * `balancer.take`: one endpoint's own SDK client for what does not go through calls, such as sockets; chosen like a call's
 * endpoint and counted as its load until it is given back.
 */
import type { OpenAI } from 'openai';
import type { Call } from '../call/call.ts';
import type { OwnedId } from '../call/owned-id.ts';
import { resolveTake, type Take, type TakeOptions } from '../config/take-options.ts';
import type { Reply } from '../dispatch/call-story.ts';
import { type GiveBack, lend } from '../dispatch/lend.ts';
import { ConfigurationError } from '../errors.ts';
import { remember } from './attempts.ts';
import { callOf, type RequestOptions } from './call-of.ts';
import type { Caller } from './caller.ts';
import type { Core } from './core.ts';
import { endpointNamed } from './endpoint-named.ts';
import { Handover } from './handover.ts';
import { type Located, locate } from './locate.ts';
import { pinnedBy, pinnedModel } from './pinned-model.ts';
import { reader } from './seam.ts';
import { socketError } from './socket-error.ts';
import { whereTo } from './where-to.ts';

/** A client that was taken. @template Model `string` when a model was named. */
export interface Taken<Model extends string | undefined = string | undefined> {
  /** The endpoint's own SDK client; an `AzureOpenAI` where that is its type. Its HTTP calls go there and nowhere else. */
  readonly client: OpenAI;
  /** The endpoint's name. */
  readonly endpoint: string;
  /** What the endpoint calls the model: for a socket's `model`, or Azure's `deploymentName`. */
  readonly model: Model;
  /**
   * Gives it back; only the first time counts. Without `error` all went well.
   * @param error what the socket reported: an error, or an `error` or `close` event. It counts like a call's.
   */
  release(error?: unknown): void;
  /** Gives it back without a word on how it went. */
  [Symbol.dispose](): void;
}

/** What taking needs of a client. */
export interface Taker {
  readonly caller: Caller;
  /** The SDK client of an endpoint. */
  readonly direct: (name: string) => OpenAI;
}

/** What stands for a place lent out while somebody holds the taken object, its `release` or its client. */
interface Lease {
  readonly giveBack: GiveBack;
}

const dropped = new FinalizationRegistry<() => void>((giveBack) => giveBack());
/** Whoever holds the client alone still uses it. */
const leases = new WeakMap<OpenAI, Lease>();

/** What ids of each kind are read by, as far as sockets name them. */
const COLLECTIONS: Readonly<Record<string, string>> = { resp: 'responses', conv: 'conversations' };

function ownedId(id: string): OwnedId {
  const collection = COLLECTIONS[id.split('_', 1)[0] as string];
  return { id, readAt: collection && `/${collection}/${encodeURIComponent(id)}` };
}

function describe({ id, maxWait, steering }: Take, options: RequestOptions, { core, client }: Caller): Call {
  const { timeout, maxRetries } = client;
  const waits = maxWait === undefined ? maxRetries : Math.ceil(Math.min(maxWait, 1)) * Math.max(1, maxRetries);
  const call = callOf(
    options,
    // Of what was sent over a socket nobody knows whether it could be sent twice.
    'once',
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

/** Nothing is sent: the place is all that is wanted. */
const nothing = async (): Promise<Reply> => ({ status: 101, headers: new Headers(), sent: false });

function watched(lease: Lease, whenDropped: () => void, client: OpenAI, brought: boolean): void {
  dropped.register(lease, whenDropped, lease);
  // A brought client is others' as well, and outlives them all.
  if (!brought) leases.set(client, lease);
}

function taken(lease: Lease, facts: Pick<Taken, 'client' | 'endpoint' | 'model'>): Taken {
  const end: GiveBack = (how) => {
    dropped.unregister(lease);
    lease.giveBack(how);
  };
  return {
    ...facts,
    release(reason) {
      const error = reason === undefined ? undefined : socketError(reason);
      end(error === undefined ? { is: 'well' } : { is: 'failed', error });
    },
    [Symbol.dispose]: () => end({ is: 'unknown' }),
  };
}

/** A pin in the model's name counts here as in calls. */
function pinned(asked: Take, { settings, pool }: Core): Take {
  const pin = settings.pinnedModels ? pinnedModel(asked.model, pool.endpoints) : undefined;
  return pin ? { ...asked, model: pin.model, steering: pinnedBy(pin, asked.steering) } : asked;
}

async function place(asked: Take, caller: Caller) {
  const { core } = caller;
  const { dispatcher, events, settings } = core;
  const { operation, model, signal } = asked;
  const options: RequestOptions = { method: 'get', path: `/${operation}`, signal, __metadata: { model } };
  const call = describe(asked, options, caller);
  const handover = new Handover();
  const known = whereTo(call, options.path, core);
  const { only, prefer, missed }: Located = known.seek
    ? await locate(known, call, options, { caller, handover, read: reader(caller) })
    : known;
  const story = dispatcher.open<Reply>(call, nothing, only, prefer);
  if (missed) events.emit({ type: 'affinity-missed', at: settings.clock.date(), callId: call.id, id: missed });
  const attempt = await dispatcher.head(story);
  return { attempt, giveBack: lend(story, attempt, dispatcher), reports: [...handover.before, ...story.reports] };
}

/** What happens when nobody holds it any more. Apart, so that it holds nobody either. */
const whenDropped =
  (giveBack: GiveBack, endpoint: string, { log }: Core) =>
  () => {
    log.dropped(endpoint);
    giveBack({ is: 'unknown' });
  };

/**
 * Takes a client of an endpoint that may take such calls now; waits for one as a call would.
 * @throws ConfigurationError for bad options; NoEndpointAvailableError when nobody is eligible in time; AffinityError when `id`
 * belongs elsewhere; the SDK's abort error.
 */
export async function take(options: TakeOptions, taker: Taker): Promise<Taken> {
  const { caller, direct } = taker;
  const { core } = caller;
  const { endpoints } = core.pool;
  if (endpoints.length === 0)
    throw new ConfigurationError('no_endpoints', 'This client has no pool to take a client from; use it as it is.');
  const checked = pinned(resolveTake(options, caller.steering, endpoints), core);
  if (checked.steering.endpoint !== undefined) endpointNamed(core, checked.steering.endpoint);
  const { attempt, giveBack, reports } = await place(checked, caller);
  const { name, settings } = attempt.endpoint;
  const client = direct(name);
  const lease: Lease = { giveBack };
  watched(lease, whenDropped(giveBack, name, core), client, settings.client !== undefined);
  const result = taken(lease, { client, endpoint: name, model: attempt.report.model });
  remember(result, { reports });
  return result;
}
