/** The state of a pool as plain data: numbers and names, no credentials. */

import { Demand } from '../call/demand.ts';
import { type Endpoint, healthKey } from '../endpoint/endpoint.ts';
import type { Latency } from '../endpoint/latency.ts';
import type { BreakerState } from '../endpoint/live-facts.ts';
import type { WindowFacts } from '../endpoint/window-facts.ts';
import type { Core } from './core.ts';

/** Half of the calls took less, nineteen of twenty took less, in ms; `null` before the first one. */
export interface Quantiles {
  p50: number | null;
  p95: number | null;
}

/** One endpoint in a snapshot. */
export interface EndpointSnapshot {
  name: string;
  type: string;
  /** Where it is, without credentials. */
  baseURL: string;
  weight: number;
  priority: number;
  tags: string[];
  /** The endpoint's effective state. */
  breaker: BreakerState;
  /** The models there, by the endpoint's own names, whose breaker is not closed; operations without a model stand in parentheses. */
  models: Array<{ model: string; breaker: BreakerState }>;
  /** Attempts now running, streams until their end; over all clients of the process. */
  inFlight: number;
  /** Attempts that other processes on the same `store` told they have running there. */
  inFlightElsewhere?: number;
  attempts: number;
  successes: number;
  /** Attempts whose verdict counts against the endpoint. */
  failures: number;
  /** Why it takes no calls now, or `null`. */
  excluded: string | null;
  /** By the endpoint's own name of the model; `null` = all of them. */
  cooldowns: Array<{ model: string | null; reason: string; msLeft: number }>;
  /** What its calls took of late, in ms: whole answers of plain calls, and the time to the first content of streams. */
  latency: Quantiles & { timeToFirstToken: Quantiles };
  /** What is left of its rate limits as far as they are known, by its own name of the model, in a quota group by that of who was there first; `left` of 0 to 1 is the scarcest share. */
  headroom: Array<{ model: string; left: number; requests: WindowFacts | null; tokens: WindowFacts | null }>;
  drained: boolean;
}

/** The state of a pool. */
export interface Snapshot {
  /** The strategy's name. */
  strategy: string;
  endpoints: EndpointSnapshot[];
  /** Extra attempts that may be made now; `null` = no limit. */
  retryBudget: number | null;
  /** Hedges that may go out now, those sent so far, and how many of them were first. */
  hedges: { left: number; sent: number; won: number };
  /** Calls now waiting for a slot or a backoff, those of clients built alike included. */
  waiting: number;
}

function withoutCredentials(url: string): string {
  try {
    const clean = new URL(url);
    clean.username = '';
    clean.password = '';
    clean.search = '';
    return clean.href.replace(/\/$/, '');
  } catch {
    return '';
  }
}

/** The least that a call may ask for. */
const SMALLEST = new Demand(undefined);

/** Why none of the models in use has room now. */
function fullReason({ room }: Endpoint): string | undefined {
  const models = room.models.length > 0 ? room.models : [undefined];
  const reasons = models.map((model) => room.exclusionOf(model, SMALLEST)?.reason);
  return reasons.includes(undefined) ? undefined : reasons[0];
}

function quantilesOf(times: Latency): Quantiles {
  const at = (q: number) => Math.round(times.about(q)) || null;
  return { p50: at(0.5), p95: at(0.95) };
}

function headroomOf({ room }: Endpoint, now: number): EndpointSnapshot['headroom'] {
  const known = room.models.map((model) => ({
    model,
    left: Math.round(room.shareOf(model, now) * 1_000) / 1_000,
    requests: room.left(model, 'requests'),
    tokens: room.left(model, 'tokens'),
  }));
  return known.filter(({ requests, tokens }) => requests !== null || tokens !== null);
}

function endpointSnapshot(endpoint: Endpoint, now: number, shared: boolean): EndpointSnapshot {
  const { state, settings } = endpoint;
  const breaker = state.breakerState;
  const exclusion = endpoint.drained ? 'drained' : breaker === 'closed' ? undefined : 'ejected after failures';
  return {
    name: endpoint.name,
    type: settings.type,
    baseURL: withoutCredentials(settings.baseURL),
    weight: endpoint.weight,
    priority: endpoint.priority,
    tags: [...endpoint.tags],
    breaker,
    models: state.breakers.models.sick(),
    inFlight: state.inFlight,
    ...(shared && { inFlightElsewhere: state.elsewhere }),
    attempts: state.attempts,
    successes: state.successes,
    failures: state.failures,
    excluded: exclusion ?? state.exclusion(healthKey(undefined, ''), '')?.reason ?? fullReason(endpoint) ?? null,
    cooldowns: state.cooldowns.list().map(({ scope, key, reason, until }) => ({
      model: scope === 'endpoint' ? null : scope === 'model' || scope === 'figures' ? key : `(${key})`,
      reason,
      msLeft: Math.round(until - now),
    })),
    latency: {
      ...quantilesOf(state.breakers.models.times('plain')),
      timeToFirstToken: quantilesOf(state.breakers.models.times('content')),
    },
    headroom: headroomOf(endpoint, now),
    drained: endpoint.drained,
  };
}

/** Takes a snapshot. */
export function snapshotOf(core: Core): Snapshot {
  const { pool, settings, budget, dispatcher } = core;
  const { hedges } = dispatcher.parts;
  const now = settings.clock.now();
  const { left } = budget;
  return {
    strategy: pool.strategy.name ?? 'custom',
    endpoints: pool.endpoints.map((endpoint) => endpointSnapshot(endpoint, now, core.share !== undefined)),
    retryBudget: Number.isFinite(left) ? Math.max(0, Math.floor(left)) : null,
    hedges: hedges.figures,
    waiting: dispatcher.parts.room.waiting,
  };
}
