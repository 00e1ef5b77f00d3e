/**
 * `balancer.take`: one endpoint's own SDK client for what does not go through calls, such as sockets; chosen like a call's
 * endpoint and counted as its load until it is given back.
 */
import type { OpenAI } from 'openai';
import { resolveTake, type Take, type TakeOptions } from '../config/take-options.ts';
import type { Reply } from '../dispatch/call-story.ts';
import { type GiveBack, lend } from '../dispatch/lend.ts';
import { ConfigurationError } from '../errors.ts';
import { joined, remember } from './attempts.ts';
import type { Caller } from './caller.ts';
import type { Core } from './core.ts';
import { endpointNamed } from './endpoint-named.ts';
import { pinnedBy, pinnedModel } from './pinned-model.ts';
import { place } from './place.ts';
import { socketError } from './socket-error.ts';

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
  const { story, attempt, before } = await place(checked, caller, nothing, 'once');
  const giveBack = lend(story, attempt, core.dispatcher);
  const { name, settings } = attempt.endpoint;
  const client = direct(name);
  const lease: Lease = { giveBack };
  watched(lease, whenDropped(giveBack, name, core), client, settings.client !== undefined);
  const result = taken(lease, { client, endpoint: name, model: attempt.report.model });
  remember(result, joined(before, story));
  return result;
}
