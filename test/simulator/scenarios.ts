// What can happen to a pool of five endpoints, by name. The third one is the bad one, if one is.
import type { Limits } from './quota.ts';
import { type Fault, SLOTS } from './server.ts';
import { MEAN } from './workload.ts';

/** One scenario. */
export interface Scenario {
  /** What the table says above it. */
  readonly title: string;
  /** How many calls come: share of the slots of working endpoints that they fill, or of the summed quotas. */
  readonly load: number;
  /** In what strategies differ there: how long calls wait for their first token, or how many attempts are for nothing. */
  readonly shows: 'time' | 'waste';
  /** What is wrong with the bad endpoint. @param ms how long the simulation lasts */
  readonly fault?: (ms: number) => Fault;
  /** Quotas of the endpoints in order. */
  readonly quotas?: readonly Limits[];
}

/** Names of the endpoints. */
export const ENDPOINTS = ['a', 'b', 'c', 'd', 'e'] as const;
/** The bad one. */
export const BAD = 'c';

/** How long the black hole lasts, in ms. */
const HOLE = 60_000;
const MINUTE = 60_000;

/** So many calls a minute: counted as requests, or by the tokens they usually take. */
const PLENTY = 1e9;
const requests = (calls: number): Limits => ({ requestsPerMinute: calls, tokensPerMinute: PLENTY });
const tokens = (calls: number): Limits => ({
  requestsPerMinute: PLENTY,
  tokensPerMinute: Math.round(calls * MEAN.tokens),
});
const QUOTAS = [requests(360), requests(180), tokens(180), requests(90), tokens(90)];

/** The scenarios by name. */
export const scenarios = {
  'healthy-0.6': { title: 'all well, load 0.6', load: 0.6, shows: 'time' },
  'healthy-0.9': { title: 'all well, load 0.9', load: 0.9, shows: 'time' },
  slow: { title: 'one 10× slower', load: 0.6, shows: 'time', fault: () => ({ is: 'slow', factor: 10 }) },
  'black-hole': {
    title: 'black hole, 60 s',
    load: 0.6,
    shows: 'time',
    fault: (ms) => ({ is: 'hole', from: (ms - HOLE) / 2, until: (ms + HOLE) / 2 }),
  },
  'fast-500s': { title: 'one fails at once', load: 0.6, shows: 'waste', fault: () => ({ is: 'failing', after: 20 }) },
  'rate-limited': {
    title: 'one limited to 60/min',
    load: 0.6,
    shows: 'waste',
    fault: () => ({ is: 'limited', perMinute: 60 }),
  },
  'quotas-0.95': { title: 'at 95 % of all limits', load: 0.95, shows: 'waste', quotas: QUOTAS },
  'quotas-2': { title: 'at 200 % of all limits', load: 2, shows: 'waste', quotas: QUOTAS },
} as const satisfies Readonly<Record<string, Scenario>>;

/** One of their names. */
export type ScenarioName = keyof typeof scenarios;

/** All of them. */
export const scenarioNames = Object.keys(scenarios) as ScenarioName[];

/** Calls a second that all quotas together allow. */
export function allowedPerSecond(quotas: readonly Limits[]): number {
  const calls = quotas.map((each) => Math.min(each.requestsPerMinute, each.tokensPerMinute / MEAN.tokens));
  return (calls.reduce((sum, each) => sum + each, 0) * 1_000) / MINUTE;
}

/** Calls a second in a scenario. */
export function perSecond({ load, fault, quotas }: Scenario): number {
  if (quotas) return load * allowedPerSecond(quotas);
  const out = fault && fault(0).is !== 'hole' ? 1 : 0;
  return (load * (ENDPOINTS.length - out) * SLOTS * 1_000) / MEAN.hold;
}
