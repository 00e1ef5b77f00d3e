/** All metrics of one client: counters from its events, gauges from its snapshot at the moment of a scrape. */
import type { BalancerEvent, EventName, Observer, Snapshot } from '../index.ts';
import { CallCounts } from './call-counts.ts';
import { countedEvents, EventCounts } from './counted.ts';
import { endpointPage } from './endpoint-state.ts';
import type { Family, Filled } from './family.ts';
import { Names } from './names.ts';
import { poolPage } from './pool-state.ts';

/** What is asked of a client. */
export interface MeteredClient {
  readonly balancer: {
    on(name: EventName, listener: Observer): unknown;
    off(name: EventName, listener: Observer): unknown;
    snapshot(): Snapshot;
  };
}

const HEARD: readonly EventName[] = ['call-end', 'store-recovered', ...countedEvents];

/** Endpoints told apart. */
const MOST_ENDPOINTS = 100;

/** Metric of a store. A gateway shows its own. */
export const storeWell: Family = {
  name: 'store_well',
  kind: 'gauge',
  help: 'Whether the store for facts shared with others can be read and written.',
  merge: 'min',
};

/** Says which pool a client's is: the same one for its clones. */
const POOL = Symbol.for('load-balanced-openai.pool');

/** The metrics of one client. */
export class ClientMetrics {
  /** The same value for all clients on one pool. */
  readonly of: unknown;
  readonly #client: MeteredClient;
  readonly #pool: string;
  readonly #calls: CallCounts;
  readonly #endpoints = new Names(MOST_ENDPOINTS);
  readonly #events = new EventCounts((name) => this.#endpoints.of(name));
  readonly #listener: Observer;
  #storeIsWell = true;
  #page: Filled[] | undefined;

  /** @param pool the label of everything here. @param models how many of them are told apart, or which. */
  constructor(client: MeteredClient, pool: string, models: number | readonly string[]) {
    this.#client = client;
    this.of = (client.balancer as { readonly [POOL]?: symbol })[POOL] ?? client.balancer;
    this.#pool = pool;
    this.#calls = new CallCounts(models);
    this.#listener = (event) => this.#observe(event);
    // Endpoints of the beginning come before those that are added later.
    for (const { name } of client.balancer.snapshot().endpoints) this.#endpoints.of(name);
    for (const name of HEARD) client.balancer.on(name, this.#listener);
  }

  #observe(event: BalancerEvent): void {
    if (event.type === 'call-end') this.#calls.ended(event);
    else this.#events.observe(event);
    if (event.type === 'store-degraded') this.#storeIsWell = false;
    if (event.type === 'store-recovered') this.#storeIsWell = true;
  }

  /** All of them, the same within one turn: a registry asks for one metric after the other. */
  get page(): readonly Filled[] {
    if (this.#page) return this.#page;
    queueMicrotask(() => {
      this.#page = undefined;
    });
    const snapshot = this.#client.balancer.snapshot();
    const page = [
      ...this.#calls.page,
      ...this.#events.page,
      { family: storeWell, rows: [{ labels: {}, value: this.#storeIsWell ? 1 : 0 }] },
      ...poolPage([[{}, snapshot]]),
      ...endpointPage(snapshot.endpoints, { endpoint: (name) => this.#endpoints.of(name), model: this.#events.model }),
    ];
    this.#page = page.map(({ family, rows }) => ({
      family,
      rows: rows.map((row) => ({ ...row, labels: { pool: this.#pool, ...row.labels } })),
    }));
    return this.#page;
  }

  /** What is asked for next is read anew. */
  renew(): void {
    this.#page = undefined;
  }

  /** Counters begin again. */
  clear(): void {
    this.#calls.clear();
    this.#events.clear();
    this.renew();
  }

  /** Hears nothing more. */
  stop(): void {
    for (const name of HEARD) this.#client.balancer.off(name, this.#listener);
  }
}
