/** Step 0 of a call: is it free to go anywhere, pinned to the owner of its ids, or at home on one account? */
import type { Call } from '../call/call.ts';
import { quoted } from '../call/describe.ts';
import type { OwnedId } from '../call/owned-id.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { AffinityError } from '../errors.ts';
import type { Affinity } from './affinity.ts';

/** Where a call may go: `only` there, or there first. */
export interface Route {
  readonly only?: Endpoint;
  readonly prefer?: Endpoint;
  /** Ids that nobody is known to own: whoever serves the call has them. */
  readonly unknown?: readonly OwnedId[];
  /** Set when nothing else binds the call: it goes to whoever has these, if that can be found out, else as said above. */
  readonly seek?: readonly OwnedId[];
}

/** What routing needs of the pool. */
export interface RoutingPool {
  readonly endpoints: readonly Endpoint[];
  named(name: string): Endpoint | undefined;
  /** True when two endpoints are known to be keys of one account. */
  sameAccount(one: Endpoint, other: Endpoint): boolean;
}

/** Can the endpoint take such a call, as configured? */
export function serves(
  endpoint: Endpoint,
  { model, operation, tags }: Pick<Call, 'model' | 'operation' | 'tags'>,
): boolean {
  return !endpoint.drained && !endpoint.unfit(model, operation.name, tags);
}

function homeOf(call: Call, pool: RoutingPool, home: string): Endpoint | undefined {
  const named = pool.named(home);
  return named && serves(named, call) ? named : pool.endpoints.find((endpoint) => serves(endpoint, call));
}

const SHOWN = 20;

function knownIn({ endpoints }: RoutingPool): string {
  const names = endpoints.filter(({ drained }) => !drained).map(({ name }) => `'${name}'`);
  return names.length > SHOWN ? `${names.slice(0, SHOWN).join(', ')}, …` : names.join(', ');
}

function pinned(pin: string, pool: RoutingPool, owners: ReadonlyMap<string, string>): Endpoint {
  const endpoint = pool.named(pin);
  if (!endpoint || endpoint.drained)
    throw new AffinityError(
      `The endpoint ${quoted(pin)} this call is pinned to is ${endpoint ? 'drained' : 'not in the pool'}. Pin it to one that takes calls (${knownIn(pool)}), or make it without a pin.`,
    );
  for (const [owner, id] of owners) {
    const other = pool.named(owner);
    if (owner !== pin && !(other && pool.sameAccount(endpoint, other)))
      throw new AffinityError(
        `The id ${quoted(id)} belongs to endpoint '${owner}', but the call is pinned to '${pin}'. Use a client pinned to '${owner}', or one without a pin.`,
      );
  }
  return endpoint;
}

/** Where an id leads that binds nothing by itself: to its owner, unless that one is gone or others serve the model as well. */
function softOwner(id: string, owner: string, call: Call, pool: RoutingPool): Endpoint | undefined {
  const endpoint = pool.named(owner);
  if (!endpoint || !serves(endpoint, call)) return undefined;
  const shared = id === call.model && pool.endpoints.some((each) => each !== endpoint && each.names(id));
  return shared ? undefined : endpoint;
}

/** True when what all of them made is there for each. */
function oneAccount(pool: RoutingPool, owners: ReadonlyMap<string, string>): boolean {
  const [first, ...others] = [...owners.keys()].map((name) => pool.named(name));
  return others.every((other) => first && other && !other.drained && pool.sameAccount(first, other));
}

/** The one endpoint that made the ids; of several keys of one account, the first one named. */
function ownerOf(pool: RoutingPool, owners: ReadonlyMap<string, string>): Endpoint | undefined {
  if (owners.size > 1 && !oneAccount(pool, owners)) {
    const list = [...owners].map(([owner, id]) => `${quoted(id)} to '${owner}'`).join(', ');
    throw new AffinityError(
      `The ids in this call belong to different endpoints: ${list}. One call cannot use both: make all of them on one endpoint, with a client pinned to it.`,
    );
  }
  for (const [owner, id] of owners) {
    const endpoint = pool.named(owner);
    const anew = `make what the id stands for anew on another endpoint (${knownIn(pool)})`;
    if (!endpoint || endpoint.drained)
      throw new AffinityError(
        `The id ${quoted(id)} belongs to endpoint '${owner}', which is ${endpoint ? `drained. To go on, ${anew}` : `not in the pool. Add it again under that name, or ${anew}`}.`,
      );
    return endpoint;
  }
  return undefined;
}

const FREE: Route = {};
const NO_OWNERS: ReadonlyMap<string, string> = new Map();

/**
 * Where this call may go, as far as is known.
 * @throws AffinityError when its ids belong to different endpoints or to one that is gone, or when its pin is.
 */
export function routeOf(
  call: Call,
  pool: RoutingPool,
  affinity: Affinity,
  settings: { home: string; spread: boolean },
): Route {
  const { ownerIds, operation } = call;
  // Most calls.
  if (ownerIds.length === 0 && call.pin === undefined && operation.place !== 'home') return FREE;
  let owners = NO_OWNERS;
  let missing: readonly OwnedId[] = ownerIds;
  let led: Endpoint | undefined;
  if (ownerIds.length > 0) {
    const found = new Map<string, string>();
    owners = found;
    missing = ownerIds.filter(({ id, soft }) => {
      const owner = affinity.ownerOf(id);
      if (owner === undefined) return true;
      if (soft) led = softOwner(id, owner, call, pool) ?? led;
      else found.set(owner, id);
      return false;
    });
  }
  const unknown = missing.filter(({ soft }) => !soft);
  const only = call.pin === undefined ? (ownerOf(pool, owners) ?? led) : pinned(call.pin, pool, owners);
  if (only) return unknown.length > 0 ? { only, unknown } : { only };
  const seek = missing.length > 0 ? { seek: missing } : {};
  if (unknown.length === 0 && operation.place !== 'home') return seek;
  const home = homeOf(call, pool, settings.home);
  if (!home) return {};
  if (unknown.length > 0) return { only: home, unknown, ...seek };
  if (!operation.creates) return { only: home, ...seek };
  return settings.spread ? seek : { prefer: home, ...seek };
}
