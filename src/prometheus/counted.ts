/** What a pool's events add up to. A client and a gateway count these alike. */
import type { BalancerEvent, EventName } from '../index.ts';
import type { Family, Filled, Row } from './family.ts';
import { Names } from './names.ts';
import { Histogram, Tally } from './tally.ts';

/** Upper bounds in s for whole calls: a classification takes 0.3 s, a long answer minutes. */
export const durations: readonly number[] = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600];

/** Reasons told apart; the library has about ten, the hook `classify` may make more. */
const MOST_REASONS = 30;

/** Of a model that does not exist no endpoint says so. */
const VOUCHING: ReadonlySet<string> = new Set(['ok', 'rate-limited']);

/** Own names of models told apart, those of all endpoints together. */
const MOST_MODELS = 200;

interface Counted extends Family {
  readonly labels: readonly string[];
}

const FAMILIES = {
  attempts: {
    name: 'attempts_total',
    kind: 'counter',
    help: 'Attempts by endpoint and verdict.',
    labels: ['endpoint', 'verdict'],
  },
  attemptDuration: {
    name: 'attempt_duration_seconds',
    kind: 'histogram',
    help: 'Time of attempts up to the end of their reply.',
    unit: 'seconds',
    labels: ['endpoint'],
  },
  failovers: {
    name: 'failovers_total',
    kind: 'counter',
    help: 'Attempts on another endpoint after one that failed.',
    labels: [],
  },
  beside: {
    name: 'beside_attempts_total',
    kind: 'counter',
    help: 'Attempts that ran beside others of their call: hedge, rescue, lookup.',
    labels: ['why'],
  },
  fallbacks: {
    name: 'fallbacks_total',
    kind: 'counter',
    help: 'Calls for which another model was asked, by why.',
    labels: ['reason'],
  },
  waits: {
    name: 'waits_total',
    kind: 'counter',
    help: 'Calls that waited for an endpoint.',
    labels: [],
  },
  exhausted: {
    name: 'retry_budget_exhausted_total',
    kind: 'counter',
    help: 'Attempts that the retry budget refused.',
    labels: [],
  },
  panics: {
    name: 'panics_total',
    kind: 'counter',
    help: 'Calls that met a pool with every endpoint ejected.',
    labels: [],
  },
  ejections: {
    name: 'endpoint_ejections_total',
    kind: 'counter',
    help: 'How often a breaker of this process opened, for the endpoint or for one of its models.',
    labels: ['endpoint'],
  },
  cooldowns: {
    name: 'endpoint_cooldowns_total',
    kind: 'counter',
    help: 'Cooldowns that an attempt of this process led to, by why.',
    labels: ['endpoint', 'reason'],
  },
  storeFailures: {
    name: 'store_failures_total',
    kind: 'counter',
    help: 'How often the store for facts shared with others failed.',
    labels: [],
  },
} as const satisfies Record<string, Counted>;

/** The events that it counts: of others none has to be made for it. */
export const countedEvents: readonly EventName[] = [
  'attempt-start',
  'attempt-end',
  'failover-start',
  'fallback-start',
  'call-waiting',
  'budget-exhausted',
  'panic-entered',
  'endpoint-ejected',
  'endpoint-cooldown',
  'store-degraded',
];

/** Found out here: what another process told of counts there, and the sum over processes shall be right. */
const isOwn = (event: BalancerEvent) => !('elsewhere' in event && event.elsewhere);

/** The counters of one pool, or of several that are shown as one. */
export class EventCounts {
  readonly attempts = new Tally(FAMILIES.attempts.labels);
  readonly attemptDuration = new Histogram(durations, FAMILIES.attemptDuration.labels);
  readonly failovers = new Tally();
  readonly beside = new Tally(FAMILIES.beside.labels);
  readonly fallbacks = new Tally(FAMILIES.fallbacks.labels);
  readonly waits = new Tally();
  readonly exhausted = new Tally();
  readonly panics = new Tally();
  readonly ejections = new Tally(FAMILIES.ejections.labels);
  readonly cooldowns = new Tally(FAMILIES.cooldowns.labels);
  readonly storeFailures = new Tally();
  readonly #endpoint: (name: string) => string;
  readonly #reasons = new Names(MOST_REASONS);
  readonly #models = new Names(MOST_MODELS);

  /** @param endpoint the label of an endpoint's name. */
  constructor(endpoint: (name: string) => string) {
    this.#endpoint = endpoint;
  }

  /** The label of an endpoint's own name of a model: one of its own by an attempt that went well, or met a limit. */
  readonly model = (name: string): string => this.#models.known(name);

  /** Counts an event. */
  observe(event: BalancerEvent): void {
    switch (event.type) {
      case 'attempt-start':
        if (event.beside) this.beside.add(event.beside);
        break;
      case 'attempt-end': {
        const endpoint = this.#endpoint(event.endpoint);
        if (event.model !== undefined && VOUCHING.has(event.verdict)) this.#models.of(event.model);
        this.attempts.add(`${endpoint}\n${event.verdict}`);
        this.attemptDuration.add(event.ms / 1_000, endpoint);
        break;
      }
      case 'failover-start':
        this.failovers.add();
        break;
      case 'fallback-start':
        this.fallbacks.add(event.reason);
        break;
      case 'call-waiting':
        this.waits.add();
        break;
      case 'budget-exhausted':
        this.exhausted.add();
        break;
      case 'panic-entered':
        this.panics.add();
        break;
      case 'endpoint-ejected':
        if (isOwn(event)) this.ejections.add(this.#endpoint(event.endpoint));
        break;
      case 'endpoint-cooldown':
        if (isOwn(event)) this.cooldowns.add(`${this.#endpoint(event.endpoint)}\n${this.#reasons.of(event.reason)}`);
        break;
      case 'store-degraded':
        this.storeFailures.add();
        break;
    }
  }

  /** All of them. */
  get page(): Filled[] {
    return Object.entries(FAMILIES).map(([key, family]) => ({
      family,
      rows: this[key as keyof typeof FAMILIES].rows as readonly Row[],
    }));
  }

  /** Begins again. */
  clear(): void {
    for (const key of Object.keys(FAMILIES)) this[key as keyof typeof FAMILIES].clear();
  }
}
