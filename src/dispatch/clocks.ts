/** When an attempt is taking too long: the bounds of one attempt, from the options and what was learned. Pure; times in ms. */
import type { Call } from '../call/call.ts';
import type { PoolSettings } from '../config/settings.ts';
import { type Endpoint, healthKey } from '../endpoint/endpoint.ts';

/** Streams without headers are cut after a minute at the earliest, streams without content after five. */
const NO_HEADERS = 60_000;
const NO_CONTENT = 300_000;
/** How far beyond the learned slowest-in-a-hundred a stream may be before it is cut. */
const STREAM_FACTOR = 5;

/** The bounds of one attempt. */
export interface Bounds {
  /** Cuts the attempt when no headers came; `certain`: even when nobody else is left. */
  readonly headers: { readonly after: number; readonly certain: boolean } | undefined;
  /** Cuts a stream whose content has not begun, counted from its headers. */
  readonly content: { readonly after: number; readonly certain: boolean };
  /** Starts a second attempt of a plain call elsewhere. */
  readonly rescue: number | undefined;
  /** After this long without a byte the endpoint counts as silent. */
  readonly slow: number;
}

type Settings = Pick<PoolSettings, 'attemptTimeout' | 'rescue'>;

/** The bounds of an attempt of `call` on `endpoint`. */
export function boundsOf(call: Call, endpoint: Endpoint, settings: Settings): Bounds {
  const latency = endpoint.state.latency(healthKey(call.model, call.operation.name));
  const { rescue } = settings;
  const p99 = (of: 'plain' | 'head' | 'content') => (latency?.[of].learned ? latency[of].quantile(0.99) : undefined);
  const usual = p99(call.stream ? 'head' : 'plain');
  const { after, factor } = rescue || { after: 20_000, factor: 3 };
  const slow = usual === undefined ? (call.deadline - call.startedAt) / 2 : Math.max(after, factor * usual);
  const own = Math.min(
    settings.attemptTimeout === 'auto' ? Number.POSITIVE_INFINITY : settings.attemptTimeout,
    endpoint.settings.timeout ?? Number.POSITIVE_INFINITY,
  );
  if (own !== Number.POSITIVE_INFINITY) {
    const bound = { after: own, certain: true };
    return { headers: bound, content: bound, rescue: undefined, slow };
  }
  return {
    headers: call.stream ? { after: Math.max(NO_HEADERS, STREAM_FACTOR * (usual ?? 0)), certain: false } : undefined,
    content: { after: Math.max(NO_CONTENT, STREAM_FACTOR * (p99('content') ?? 0)), certain: false },
    rescue: rescue && !call.stream && call.replay === 'free' ? slow : undefined,
    slow,
  };
}

/** True when `ms` is beyond what this endpoint usually takes, so that the endpoint may be blamed for it. */
export function slowerThanUsual(call: Call, endpoint: Endpoint, ms: number): boolean {
  const latency = endpoint.state.latency(healthKey(call.model, call.operation.name));
  const usual = call.stream ? latency?.content : latency?.plain;
  return usual?.learned === true && ms >= usual.quantile(0.99);
}
