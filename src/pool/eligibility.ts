/** Says why not: for each endpoint that cannot take a call, a named reason. Worked out only when somebody asks. */
import type { Call } from '../call/call.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Exclusion } from '../endpoint/live-facts.ts';

/** Endpoints that a call was at. */
export type Tried = Pick<ReadonlySet<Endpoint>, 'size' | 'has'>;

/** Why one endpoint does not take a call. */
export interface Refusal {
  readonly endpoint: Endpoint;
  /**
   * `unfit`: by configuration or drained. `tried`: this call was there. `limited`: the upstream asked for a pause.
   * `doubtful`: its figures say that a limit is used up. `ejected`: health. `refused`: it does not let us in or lacks the thing asked for; an attempt would most likely fail.
   */
  readonly kind: 'unfit' | 'tried' | 'limited' | 'doubtful' | 'ejected' | 'refused';
  readonly reason: string;
  /** When it may take the call again, in monotonic ms. */
  readonly until: number;
  readonly rateLimited: boolean;
  /** True when it is out for its health as well. */
  readonly ejected: boolean;
}

/** Being full weighs more than health and mere figures: nobody may try such an endpoint in spite of it. */
function weightier(exclusion: Exclusion | undefined, full: Exclusion | undefined): Exclusion | undefined {
  if (!full || !exclusion) return exclusion ?? full;
  if (exclusion.kind === 'refused') return exclusion;
  const { ejected, until, rateLimited } = exclusion;
  // A failing server's pause may be ignored, so it must not hide that there is no place.
  if (exclusion.kind === 'limited') return rateLimited && until >= full.until ? exclusion : { ...full, ejected };
  return { ...full, ejected, until: exclusion.kind === 'ejected' ? Math.max(full.until, until) : full.until };
}

/** Why one endpoint does not take a call; `undefined` = it would. */
export function endpointRefusal(endpoint: Endpoint, call: Call, tried: Tried): Refusal | undefined {
  const { name: operation, route } = call.operation;
  const never = Number.POSITIVE_INFINITY;
  if (endpoint.drained)
    return { endpoint, kind: 'unfit', reason: 'drained', until: never, rateLimited: false, ejected: false };
  const unfit = endpoint.unfit(call.model, operation, call.tags);
  if (unfit) return { endpoint, kind: 'unfit', reason: unfit, until: never, rateLimited: false, ejected: false };
  const exclusion = endpoint.state.exclusion(endpoint.healthKey(call.model, operation), route);
  const full = endpoint.room.exclusion(call);
  if (exclusion || full) return { endpoint, ...(weightier(exclusion, full) as Exclusion) };
  return tried.has(endpoint)
    ? { endpoint, kind: 'tried', reason: 'failed this call', until: 0, rateLimited: false, ejected: false }
    : undefined;
}

/** The refusals of a call over all endpoints; an endpoint that could take it has none. */
export function refusals(endpoints: readonly Endpoint[], call: Call, tried: Tried): Refusal[] {
  return endpoints.flatMap((endpoint) => endpointRefusal(endpoint, call, tried) ?? []);
}
