/** Step 0 of a call: where it may go, and where it goes first. By what it names, and by where its prompt was served last. */
import { type Route, routeOf } from '../affinity/route.ts';
import type { Call } from '../call/call.ts';
import { hostOf } from './call-of.ts';
import type { Core } from './core.ts';

/**
 * Where the call goes, as far as this process knows.
 * @param path as the caller gave it; an absolute URL leads to its own endpoint.
 * @throws AffinityError when its ids belong to different endpoints, or to one that is gone.
 */
export function whereTo(call: Call, path: string, { pool, affinity, conversations, settings }: Core): Route {
  const route = routeOf(call, pool, affinity, settings.affinity);
  const host = hostOf(path, pool);
  if (host) return { only: host };
  if (route.only || route.prefer) return route;
  const prefer = conversations.placeOf(call, pool);
  return prefer ? { ...route, prefer } : route;
}
