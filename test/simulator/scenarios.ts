// What can happen to a pool of five endpoints, by name. The third one is the bad one.
import type { Fault } from './server.ts';

/** One scenario. */
export interface Scenario {
  /** What the table's column says. */
  readonly title: string;
  /** Utilisation of the endpoints that work, from 0 to 1. */
  readonly load: number;
  /** What is wrong with the bad endpoint. @param ms how long the simulation lasts */
  readonly fault?: (ms: number) => Fault;
  /** The bad endpoint serves its share, so that the load counts on it. */
  readonly serves?: boolean;
}

/** How long the black hole lasts, in ms. */
const HOLE = 60_000;

/** The scenarios by name. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'healthy-0.6': { title: 'healthy, load 0.6', load: 0.6 },
  'healthy-0.9': { title: 'healthy, load 0.9', load: 0.9 },
  slow: { title: 'one 10× slower', load: 0.6, fault: () => ({ is: 'slow', factor: 10 }) },
  'rate-limited': { title: 'one at 60 a minute, then 429', load: 0.6, fault: () => ({ is: 'limited', perMinute: 60 }) },
  'black-hole': {
    title: 'black hole, 60 s',
    load: 0.6,
    serves: true,
    fault: (ms) => ({ is: 'hole', from: (ms - HOLE) / 2, until: (ms + HOLE) / 2 }),
  },
  'fast-500s': { title: 'one answers 500 at once', load: 0.6, fault: () => ({ is: 'failing', after: 20 }) },
};

/** Names of the endpoints. */
export const ENDPOINTS = ['a', 'b', 'c', 'd', 'e'] as const;
/** The one that is bad, if one is. */
export const BAD = 'c';
