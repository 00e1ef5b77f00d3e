/** Step 0 of a call: is it free to go anywhere, pinned to the owner of its ids, or at home on one account? */
import type { Call } from '../call/call.ts';
import { quoted } from '../call/describe.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { AffinityError } from '../errors.ts';
import type { Affinity } from './affinity.ts';

/** Where a call may go: `only` there, or there first. */
export interface Route {
  readonly only?: Endpoint;
  readonly prefer?: Endpoint;
  /** An id nobody is known to own; its call went home. */
  readonly unknownId?: string;
}

/** What routing needs of the pool. */
export interface RoutingPool {
  readonly endpoints: readonly Endpoint[];
  named(name: string): Endpoint | undefined;
}

const serves = (endpoint: Endpoint, call: Call) =>
  !endpoint.drained && !endpoint.unfit(call.model, call.operation.name, call.tags);

function homeOf(call: Call, pool: RoutingPool, home: string): Endpoint | undefined {
  const named = pool.named(home);
  return named && serves(named, call) ? named : pool.endpoints.find((endpoint) => serves(endpoint, call));
}

function pinned(pin: string, pool: RoutingPool, owners: ReadonlyMap<string, string>): Route {
  const endpoint = pool.named(pin);
  if (!endpoint || endpoint.drained)
    throw new AffinityError(
      `The endpoint ${quoted(pin)} this call is pinned to is ${endpoint ? 'drained' : 'not in the pool'}.`,
    );
  for (const [owner, id] of owners) {
    if (owner !== pin)
      throw new AffinityError(
        `The id ${quoted(id)} belongs to endpoint '${owner}', but the call is pinned to '${pin}'. Use a client pinned to '${owner}', or one without a pin.`,
      );
  }
  return { only: endpoint };
}

/** Where an id leads that binds nothing by itself: to its owner, unless that one is gone or others serve the model as well. */
function softOwner(id: string, owner: string | undefined, call: Call, pool: RoutingPool): Endpoint | undefined {
  const endpoint = owner === undefined ? undefined : pool.named(owner);
  if (!endpoint || !serves(endpoint, call)) return undefined;
  const shared = id === call.model && pool.endpoints.some((each) => each !== endpoint && each.names(id));
  return shared ? undefined : endpoint;
}

/**
 * Where this call may go.
 * @throws AffinityError when its ids belong to different endpoints, or to one that is gone.
 */
export function routeOf(
  call: Call,
  pool: RoutingPool,
  affinity: Affinity,
  settings: { home: string; spread: boolean },
): Route {
  const owners = new Map<string, string>();
  let unknownId: string | undefined;
  let soft: Endpoint | undefined;
  for (const ownedId of call.ownerIds) {
    const { id } = ownedId;
    const owner = affinity.ownerOf(id);
    if (ownedId.soft) soft = softOwner(id, owner, call, pool) ?? soft;
    else if (owner === undefined) unknownId ??= id;
    else owners.set(owner, id);
  }
  if (call.pin !== undefined) return pinned(call.pin, pool, owners);
  if (owners.size > 1) {
    const list = [...owners].map(([owner, id]) => `${quoted(id)} to '${owner}'`).join(', ');
    throw new AffinityError(`The ids in this call belong to different endpoints: ${list}. One call cannot use both.`);
  }
  for (const [owner, id] of owners) {
    const endpoint = pool.named(owner);
    if (!endpoint || endpoint.drained)
      throw new AffinityError(
        `The id ${quoted(id)} belongs to endpoint '${owner}', which is ${endpoint ? 'drained' : 'gone'}.`,
      );
    return { only: endpoint };
  }
  if (soft) return { only: soft };
  const atHome = call.operation.place === 'home';
  if (unknownId === undefined && !atHome) return {};
  const home = homeOf(call, pool, settings.home);
  if (!home) return {};
  if (unknownId !== undefined) return { only: home, unknownId };
  if (!call.operation.creates) return { only: home };
  return settings.spread ? {} : { prefer: home };
}
