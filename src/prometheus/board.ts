/** The clients that are shown together, by pool: one text, or one registry of `prom-client`. */
import { ConfigurationError } from '../index.ts';
import type { ClientMetrics } from './client-metrics.ts';
import { type Family, type Filled, PREFIX } from './family.ts';

/** What is asked of a registry: `prom-client`'s has it. */
export interface MetricRegistry {
  registerMetric(metric: never): void;
  getSingleMetric(name: string): unknown;
  removeSingleMetric(name: string): void;
}

/** Found on metrics of ours, so that another client can join them; the same for every copy of this library. */
const BOARD = Symbol.for('load-balanced-openai.prometheus.board');

/** Rows of all pools by metric. */
export class Board {
  readonly pools = new Map<string, ClientMetrics>();

  /** Those that are shown: of a client and its clones the one that came first, since what one hears they all hear. */
  get #shown(): Iterable<ClientMetrics> {
    const shown = new Map<unknown, ClientMetrics>();
    for (const each of this.pools.values()) if (!shown.has(each.of)) shown.set(each.of, each);
    return shown.values();
  }

  /** The whole page. */
  get page(): Filled[] {
    const pages = [...this.#shown].map(({ page }) => page);
    const [first = []] = pages;
    // They are alike: the same metrics in the same order.
    return first.map(({ family }, index) => ({
      family,
      rows: pages.flatMap((page) => page[index]?.rows ?? []),
    }));
  }

  /** Adds pools. @throws ConfigurationError for a name that is there already. */
  add(pools: ReadonlyMap<string, ClientMetrics>): void {
    for (const name of pools.keys())
      if (this.pools.has(name))
        throw new ConfigurationError(
          'duplicate_name',
          `prometheus(): this registry has a pool '${name}' already: name this one, prometheus(client, { register, pool: 'another name' }), or close() the other one first.`,
        );
    for (const [name, metrics] of pools) this.pools.set(name, metrics);
  }
}

/** A metric as a registry of `prom-client` asks for it: its values are made when somebody looks. */
class RegisteredMetric {
  /** May be changed by the registry: OpenMetrics names counters without their suffix. */
  name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly [BOARD]: Board;
  readonly #family: Family;

  constructor(family: Family, board: Board) {
    this.#family = family;
    this.name = PREFIX + family.name;
    this.help = family.help;
    this.type = family.kind;
    this.aggregator = family.merge ?? 'sum';
    this[BOARD] = board;
  }

  async get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    const filled = this[BOARD].page.find(({ family }) => family.name === this.#family.name);
    const values = (filled?.rows ?? []).map(({ labels, value, suffix }) =>
      suffix ? { labels, value, metricName: name + suffix } : { labels, value },
    );
    return { name, help, type, aggregator, values };
  }

  /** What `register.resetMetrics()` does to counters. */
  reset(): void {
    if (this.#family.kind !== 'gauge') for (const metrics of this[BOARD].pools.values()) metrics.clear();
  }
}

const boardIn = (register: MetricRegistry, name: string): Board | undefined =>
  (register.getSingleMetric(PREFIX + name) as { readonly [BOARD]?: Board } | undefined)?.[BOARD];

/**
 * The board of a registry, where clients before may have made one.
 * @throws ConfigurationError when a metric of somebody else's has one of the names.
 */
export function boardOf(register: MetricRegistry, page: readonly Filled[]): Board {
  const [found] = page.flatMap(({ family }) => boardIn(register, family.name) ?? []);
  const board = found ?? new Board();
  for (const { family } of page) {
    const full = PREFIX + family.name;
    if (register.getSingleMetric(full) !== undefined && boardIn(register, family.name) !== board)
      throw new ConfigurationError(
        'duplicate_name',
        `prometheus(): the registry has a metric '${full}' that is not of this library: remove it, register.removeSingleMetric('${full}'), or give another registry.`,
      );
  }
  for (const { family } of page)
    if (register.getSingleMetric(PREFIX + family.name) === undefined)
      register.registerMetric(new RegisteredMetric(family, board) as never);
  return board;
}

/** Takes pools off; the last one takes the metrics along. */
export function leave(board: Board, pools: ReadonlyMap<string, ClientMetrics>, register?: MetricRegistry): void {
  const page = board.page;
  for (const [name, metrics] of pools) if (board.pools.get(name) === metrics) board.pools.delete(name);
  if (!register || board.pools.size > 0) return;
  for (const { family } of page)
    if (boardIn(register, family.name) === board) register.removeSingleMetric(PREFIX + family.name);
}
