/**
 * Finds out where a call goes whose ids nobody is known to own: those who share what they know are asked first, then the
 * endpoints, by GET alone. What they say is remembered, so that it is asked once.
 */
import { lookupOf } from '../affinity/lookup.ts';
import { type Route, routeOf } from '../affinity/route.ts';
import type { Call } from '../call/call.ts';
import type { AttemptReport } from '../call/outcome.ts';
import type { OwnedId } from '../call/owned-id.ts';
import { isPassing } from '../dispatch/next-step.ts';
import { LoadBalancerError } from '../errors.ts';
import { type Told, toldOf } from './attempts.ts';
import type { RequestOptions } from './call-of.ts';
import type { Core } from './core.ts';
import type { Handover } from './handover.ts';
import { changedHeaders } from './replayable.ts';

/** Where a call goes, and what it took to find that out. */
export interface Located extends Route {
  /** Everybody is to be asked: the call is its own lookup. */
  readonly lookup?: boolean;
  /** An id nobody is known to own; its call goes home. */
  readonly missed?: string;
}

/** Who seeks: the call's own surroundings. */
export interface Seeker {
  readonly caller: {
    readonly core: Core;
    /** The same for clients whose reads may be shared. */
    readonly overrides: object;
    /** Set where it reads for another call, which has asked the store. */
    readonly reader?: string;
  };
  /** Hears of the attempts it took, also when they failed. */
  readonly handover: Handover;
  /** Sends such a GET over the pool. */
  readonly read: (options: RequestOptions, id: string) => PromiseLike<unknown>;
}

/** What of the call's own options its reads take along. */
type Given = Pick<RequestOptions, 'headers' | 'fetchOptions'>;

/** So many ids that bind nothing by themselves are asked for at the store: the last ones, since the newest count. */
const SOFT = 4;
/** A model's name comes with every call: the store is not asked for it each time, but so often, in ms. */
const SOFT_PAUSE = 10_000;
const HARD = 16;

/** What the API wants to hear before it shows some of its objects. */
const BETA: readonly (readonly [RegExp, string])[] = [
  [/^\/(assistants|threads|vector_stores)\//, 'assistants=v2'],
  [/^\/chatkit\//, 'chatkit_beta=v1'],
  [/^\/(agents|vaults)\//, 'agents=v1'],
];
/** Headers of the call that speak of its own body and answer. */
const OF_THE_CALL = ['content-type', 'content-length', 'accept', 'idempotency-key', 'x-stainless-helper-method'];

function readOf(path: string, given: Given, call: Call, signal: AbortSignal): RequestOptions {
  const headers = changedHeaders(given.headers, (values) => {
    for (const name of OF_THE_CALL) values.delete(name);
    const beta = BETA.find(([paths]) => paths.test(path))?.[1];
    if (beta) values.set('OpenAI-Beta', beta);
  });
  const { fetchOptions } = given;
  const { maxRetries } = call;
  return {
    ...{ method: 'get', path, headers: headers as NonNullable<RequestOptions['headers']>, maxRetries, signal },
    ...(fetchOptions && { fetchOptions }),
  };
}

/** True when the call's answer is the object that its path ends with. */
export function showsObject({ operation }: Call, path: string): boolean {
  return operation.json && operation.ids.at(-1)?.readAt === path.split('?', 1)[0];
}

const NOTHING: Told = { reports: [] };

/** Everybody was heard, and nobody has it. Another failure tells nothing. */
function isNowhere(error: unknown, attempts: readonly AttemptReport[]): boolean {
  const last = attempts.at(-1)?.verdict;
  // What the library itself says is that somebody could not be heard.
  return last !== undefined && last !== 'pending' && !isPassing({ name: last }) && !LoadBalancerError.isInstance(error);
}

/** Asks those who share what they know. @returns true when one of the ids has an owner now. */
async function askStore(seek: readonly OwnedId[], { affinity }: Core): Promise<boolean> {
  const asked = [...seek.filter(({ soft }) => !soft).slice(0, HARD), ...seek.filter(({ soft }) => soft).slice(-SOFT)];
  const owners = await Promise.all(asked.map(({ id, soft }) => affinity.find(id, soft ? SOFT_PAUSE : 0)));
  return owners.some((owner) => owner !== undefined);
}

async function readFirst(id: OwnedId, call: Call, given: Given, seeker: Seeker): Promise<void> {
  const { caller, handover, read } = seeker;
  const { core, overrides } = caller;
  const path = id.readAt as string;
  const key = JSON.stringify([path, call.tags, call.maxRetries]);
  const one = (signal: AbortSignal) => Promise.resolve(read(readOf(path, given, call, signal), id.id));
  try {
    // What somebody else's credentials show is his own affair.
    const came = await core.reads.join(call.ownCredentials ? {} : overrides, key, call, one);
    handover.tellBefore(toldOf(came) ?? NOTHING);
  } catch (error) {
    const told = toldOf(error) ?? NOTHING;
    handover.tellBefore(told);
    if (!isNowhere(error, told.reports)) throw error;
  }
}

/**
 * Where a call goes, once its ids were looked for.
 * @param route what is known so far; it says what to seek.
 * @throws AffinityError as `routeOf`; what kept the endpoints from saying who has an id.
 */
export async function locate(route: Route, call: Call, given: Given, seeker: Seeker): Promise<Located> {
  const { core, reader } = seeker.caller;
  const { affinity, pool, settings } = core;
  const again = () => routeOf(call, pool, affinity, settings.affinity);
  let found = route;
  if (reader === undefined && (await core.reads.within(call, askStore(route.seek ?? [], core)))) found = again();
  const { unknown } = found;
  if (!found.seek || !unknown) return found;
  const first = lookupOf(call, unknown, pool);
  if (first === 'ask') return { unknown, lookup: true };
  if (first.length > 0) {
    await Promise.all(first.map((id) => readFirst(id, call, given, seeker)));
    found = again();
  }
  const [missed] = found.seek ? (found.unknown ?? []) : [];
  return missed ? { ...found, missed: missed.id } : found;
}
