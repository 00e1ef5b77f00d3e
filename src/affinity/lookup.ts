/** How the owner of an unknown id is found: by the call itself when it only reads, by reading the object first, or not at all. Pure. */
import type { Call } from '../call/call.ts';
import type { OwnedId } from '../call/owned-id.ts';
import { type RoutingPool, serves } from './route.ts';

/** Paths of the account’s administration that name an id: their key is one that other endpoints do not have, and would be refused for. */
const ADMINISTRATION = /^\w+ fine_tuning\/checkpoints\b/;

/** So many ids of one call are looked for; the others are taken for neighbours of those. */
const SOUGHT = 8;

/** True when the call can be sent to everybody: it changes nothing, and its path leads nowhere but to what is sought. */
function isRead({ method, operation }: Call, unknown: readonly OwnedId[]): boolean {
  return method === 'get' && unknown.every(({ id }) => operation.ids.some((other) => other.id === id));
}

/** Those to be read first: each once, and none whose owner another one tells, such as a thread's run. */
function sought(unknown: readonly OwnedId[]): OwnedId[] {
  const paths = new Map(unknown.flatMap((each) => (each.readAt === undefined ? [] : [[each.readAt, each] as const])));
  return [...paths]
    .filter(([path]) => ![...paths.keys()].some((other) => path.startsWith(`${other}/`)))
    .slice(0, SOUGHT)
    .map(([, each]) => each);
}

/**
 * What is to be done for a call whose ids nobody is known to own.
 * @param unknown the ids that bind the call once their owner is known.
 * @returns `'ask'` = send the call itself to everybody; else the ids whose owner is to be found first, none of them where that is in vain.
 */
export function lookupOf(call: Call, unknown: readonly OwnedId[], pool: RoutingPool): 'ask' | readonly OwnedId[] {
  // Where one endpoint alone can take the call, it goes there whoever has the id.
  const several = pool.endpoints.filter((endpoint) => serves(endpoint, call)).length > 1;
  if (!several || ADMINISTRATION.test(call.operation.route)) return [];
  return isRead(call, unknown) ? 'ask' : sought(unknown);
}
