/**
 * What is left of the rate limits of a whole pool, in the headers that clients read. Why not those of the endpoint that answered:
 * who paces himself by one endpoint's remainder uses one endpoint's share of the pool.
 */
import { modelKey } from '../../call/model-key.ts';
import type { Endpoint } from '../../endpoint/endpoint.ts';
import type { WindowFacts } from '../../endpoint/window-facts.ts';

/** A length of time as the API writes it: `6m0s`, `1.5s`, `20ms`. */
export function shownDuration(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.round(ms / 10) / 100;
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${Math.round(seconds - minutes * 60)}s`;
}

const KINDS = ['requests', 'tokens'] as const;
/** Written out once: names put together anew are looked up as if never seen. */
const HEADERS = KINDS.map((kind) => ({
  kind,
  limit: `x-ratelimit-limit-${kind}`,
  remaining: `x-ratelimit-remaining-${kind}`,
  reset: `x-ratelimit-reset-${kind}`,
}));

/** Keys of one account draw on the same. */
function isCounted(endpoints: readonly Endpoint[], index: number, model: string): boolean {
  const { quota } = (endpoints[index] as Endpoint).state;
  for (let other = index + 1; other < endpoints.length; other++) {
    const each = endpoints[other] as Endpoint;
    if (each.state.quota === quota && !each.drained && each.serves(model)) return true;
  }
  return false;
}

/** Whose windows make up those of a pool for a model. */
interface Counted {
  readonly model: string;
  /** Of each endpoint of the pool, as it was: what it draws on; `undefined` = it is drained. */
  readonly quotas: readonly unknown[];
  readonly endpoints: readonly Endpoint[];
}

/** Of each pool what was asked for last. */
const latest = new WeakMap<readonly Endpoint[], Counted>();

const quotaOf = ({ state, drained }: Endpoint) => (drained ? undefined : state.quota);

function isSame(counted: Counted, endpoints: readonly Endpoint[]): boolean {
  for (let at = 0; at < endpoints.length; at++)
    if (quotaOf(endpoints[at] as Endpoint) !== counted.quotas[at]) return false;
  return true;
}

/** Whose windows count for a model. Nearly every call asks for the same as the one before. */
function countedOf(all: readonly Endpoint[], model: string): readonly Endpoint[] {
  const known = latest.get(all);
  if (known?.model === model && isSame(known, all)) return known.endpoints;
  const endpoints = all.filter((each, index) => !each.drained && each.serves(model) && !isCounted(all, index, model));
  latest.set(all, { model, quotas: all.map(quotaOf), endpoints });
  return endpoints;
}

/** @param names what each endpoint calls the model. */
function roomOf(
  endpoints: readonly Endpoint[],
  names: readonly string[],
  kind: (typeof KINDS)[number],
): WindowFacts | undefined {
  const room = { limit: 0, left: 0, fullInMs: 0 };
  const now = endpoints[0]?.state.clock.now();
  for (let at = 0; at < endpoints.length; at++) {
    const window = (endpoints[at] as Endpoint).room.left(names[at] as string, kind, now);
    if (window === null) return undefined;
    room.limit += window.limit;
    room.left += window.left;
    room.fullInMs = Math.max(room.fullInMs, window.fullInMs);
  }
  return room;
}

/**
 * The headers `x-ratelimit-…` of a pool for a model.
 * @returns nothing for what is not known of every endpoint that serves it.
 */
export function roomHeaders(endpoints: readonly Endpoint[], model: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  if (model === undefined) return headers;
  const counted = countedOf(endpoints, model);
  if (counted.length === 0) return headers;
  const key = modelKey(model);
  const names = counted.map((each) => each.room.names.of(key));
  for (const { kind, limit, remaining, reset } of HEADERS) {
    const room = roomOf(counted, names, kind);
    if (!room) continue;
    headers[limit] = String(Math.round(room.limit));
    headers[remaining] = String(room.left);
    headers[reset] = shownDuration(room.fullInMs);
  }
  return headers;
}
