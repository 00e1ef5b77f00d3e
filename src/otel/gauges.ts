/**
 * What is observed of the pools when metrics are collected: breakers, cooldowns, headroom, who waits. Read from their snapshots, so
 * that nothing is done while nobody collects. Pools are held weakly: clients that are built per request go as they came.
 */
import type { Attributes, BatchObservableResult, Meter, ObservableGauge } from '@opentelemetry/api';
import type { EndpointSnapshot, ObservedPool } from '../index.ts';
import type { Instruments } from './instruments.ts';
import { metricNames, own } from './names.ts';

const STATES = ['closed', 'half-open', 'open'] as const;

type Rows = Map<string, { readonly attributes: Attributes; value: number }>;

/**
 * Figures of one gauge by their attributes: several clients may look at the same endpoint. Why some come to rest: what is not
 * observed any more SDKs may go on telling as it was last, be it that an endpoint cools down.
 */
class Figures {
  #rows: Rows = new Map();
  #before: Rows = new Map();
  readonly #pick: (a: number, b: number) => number;
  readonly #rest: number | undefined;

  /** @param rest what a figure is that is not there any more. */
  constructor(pick: (a: number, b: number) => number, rest?: number) {
    this.#pick = pick;
    this.#rest = rest;
  }

  note(value: number, attributes: Attributes): void {
    const key = JSON.stringify(attributes);
    const row = this.#rows.get(key);
    if (row) row.value = this.#pick(row.value, value);
    else this.#rows.set(key, { attributes, value });
  }

  /** Tells what was noted, and begins anew. */
  tell(result: BatchObservableResult, gauge: ObservableGauge): void {
    for (const { attributes, value } of this.#rows.values()) result.observe(gauge, value, attributes);
    if (this.#rest !== undefined)
      for (const [key, { attributes }] of this.#before)
        if (!this.#rows.has(key)) result.observe(gauge, this.#rest, attributes);
    this.#before = this.#rows;
    this.#rows = new Map();
  }
}

/** The figures of all gauges. */
class AllFigures {
  readonly breaker = new Figures(Math.max, 0);
  readonly inFlight = new Figures(Math.max, 0);
  readonly cooldown = new Figures(Math.max, 0);
  readonly headroom = new Figures(Math.min, 1);
  readonly waiting = new Figures(Math.max, 0);
  readonly budget = new Figures(Math.min);
  readonly #instruments: Instruments;

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
  }

  pool(pool: ObservedPool, common: Attributes): void {
    const { endpoints, waiting, retryBudget } = pool.snapshot();
    for (const endpoint of endpoints) this.#endpoint(endpoint, common);
    this.waiting.note(waiting, common);
    if (retryBudget !== null) this.budget.note(retryBudget, common);
  }

  #endpoint({ name, breaker, inFlight, cooldowns, headroom }: EndpointSnapshot, common: Attributes): void {
    const about = { ...common, [own.endpoint]: this.#instruments.endpoint(name) };
    const of = (model: string | null) =>
      model === null ? about : { ...about, [own.model]: this.#instruments.ownModel(model) };
    for (const state of STATES) this.breaker.note(state === breaker ? 1 : 0, { ...about, [own.state]: state });
    this.inFlight.note(inFlight, about);
    for (const { model, msLeft } of cooldowns) this.cooldown.note(Math.max(0, msLeft) / 1_000, of(model));
    for (const { model, left } of headroom) this.headroom.note(left, of(model));
  }
}

interface Watched {
  readonly pool: WeakRef<ObservedPool>;
  readonly common: Attributes;
}

/** The gauges of one meter and the pools they read. */
export class Gauges {
  readonly #watched = new Set<Watched>();

  constructor(meter: Meter, instruments: Instruments) {
    const gauge = (name: string, unit: string, description: string) =>
      meter.createObservableGauge(name, { unit, description });
    const gauges = {
      breaker: gauge(
        metricNames.breaker,
        '1',
        '1 for the state that the breaker of an endpoint is in, 0 for the others.',
      ),
      inFlight: gauge(metricNames.inFlight, '{attempt}', 'Attempts that run on an endpoint.'),
      cooldown: gauge(metricNames.cooldown, 's', 'How long an endpoint, or one model of it, still cools down.'),
      headroom: gauge(metricNames.headroom, '1', 'What is left of the scarcest rate limit, from 0 to 1.'),
      waiting: gauge(metricNames.waiting, '{call}', 'Calls that wait for a slot or a backoff.'),
      budget: gauge(metricNames.budget, '{attempt}', 'Extra attempts that the retry budget allows now.'),
    };
    const figures = new AllFigures(instruments);
    meter.addBatchObservableCallback((result) => {
      for (const watched of this.#watched) {
        const pool = watched.pool.deref();
        if (!pool || pool.closed) this.#watched.delete(watched);
        else figures.pool(pool, watched.common);
      }
      for (const name of Object.keys(gauges) as Array<keyof typeof gauges>) figures[name].tell(result, gauges[name]);
    }, Object.values(gauges));
  }

  /** Reads this pool too from now on, for as long as there is such a client. */
  watch(pool: WeakRef<ObservedPool>, common: Attributes): void {
    this.#watched.add({ pool, common });
  }
}
