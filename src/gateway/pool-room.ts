/**
 * What is left of the rate limits of a whole pool, in the headers that clients read. Why not those of the endpoint that answered:
 * who paces himself by one endpoint's remainder uses one endpoint's share of the pool.
 */
import type { Endpoint } from '../endpoint/endpoint.ts';

/** A length of time as the API writes it: `6m0s`, `1.5s`, `20ms`. */
export function shownDuration(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.round(ms / 10) / 100;
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${Math.round(seconds - minutes * 60)}s`;
}

/**
 * The headers `x-ratelimit-…` of a pool for a model.
 * @returns nothing for what is not known of every endpoint that serves it.
 */
export function roomHeaders(endpoints: readonly Endpoint[], model: string | undefined): Record<string, string> {
  if (model === undefined) return {};
  const serving = endpoints.filter((endpoint) => !endpoint.drained && endpoint.serves(model));
  const quotas = new Map(serving.map((endpoint) => [endpoint.state.quota, endpoint]));
  const headers: Record<string, string> = {};
  for (const kind of ['requests', 'tokens'] as const) {
    const windows = [...quotas.values()].map((endpoint) => endpoint.room.left(endpoint.keyOf(model), kind));
    if (windows.length === 0 || windows.some((window) => window === null)) continue;
    const known = windows as NonNullable<(typeof windows)[number]>[];
    const sum = (of: (window: (typeof known)[number]) => number) => known.reduce((total, each) => total + of(each), 0);
    headers[`x-ratelimit-limit-${kind}`] = String(Math.round(sum(({ limit }) => limit)));
    headers[`x-ratelimit-remaining-${kind}`] = String(sum(({ left }) => left));
    headers[`x-ratelimit-reset-${kind}`] = shownDuration(Math.max(...known.map(({ fullInMs }) => fullInMs)));
  }
  return headers;
}
