/** `prometheus(client)`: the metrics of a client for Prometheus, as text or in a registry of `prom-client`. */
import { Board, boardOf, leave } from './board.ts';
import { ClientMetrics, type MeteredClient } from './client-metrics.ts';
import { contentTypes, type Format, formatFor, textOf } from './exposition.ts';
import { type PrometheusOptions, readOptions } from './read-options.ts';

/** The metrics of one client or of several. */
export interface PrometheusMetrics {
  /** All of them as text. @param format @default 'prometheus', which is text format 0.0.4 */
  text(format?: 'prometheus' | 'openmetrics'): string;
  /** The `content-type` of that text. */
  contentType(format?: 'prometheus' | 'openmetrics'): string;
  /** Answers a scrape, in the format that it asks for. For `node:http` and Express; works detached. */
  readonly handle: (
    request: { readonly headers: { readonly accept?: string | undefined } },
    response: { writeHead(status: number, headers: Record<string, string>): unknown; end(body: string): unknown },
  ) => void;
  /** Ends counting and takes the metrics out of the registry. The clients go on. */
  close(): void;
  /** The same as `close()`. */
  [Symbol.dispose](): void;
}

/**
 * Shows what a client does to Prometheus. Costs each call a few additions; gauges are read when somebody scrapes. Clones share the
 * pool of the client they were made from: of several on one pool the first stands for all, so that each call counts once.
 * @param clients a client, or several by the name of their pool, which becomes the label `pool`.
 * @throws ConfigurationError for what is no client or no registry, an option that is none, and a name that is taken.
 */
export function prometheus(
  clients: MeteredClient | Readonly<Record<string, MeteredClient>>,
  options: PrometheusOptions = {},
): PrometheusMetrics {
  const { pools, register, models } = readOptions(clients, options);
  const metrics = new Map(pools.map(([name, client]) => [name, new ClientMetrics(client, name, models)] as const));
  const [first] = metrics.values();
  let board: Board;
  try {
    board = register && first ? boardOf(register, first.page) : new Board();
    board.add(metrics);
  } catch (error) {
    for (const each of metrics.values()) each.stop();
    throw error;
  }
  const own = new Board();
  own.add(metrics);
  const text = (format: Format = 'prometheus') => {
    for (const each of metrics.values()) each.renew();
    return textOf(own.page, format);
  };
  const close = () => {
    for (const each of metrics.values()) each.stop();
    leave(board, metrics, register);
    leave(own, metrics);
  };
  return {
    text,
    contentType: (format = 'prometheus') => contentTypes[format],
    handle: ({ headers }, response) => {
      const format = formatFor(headers.accept);
      response.writeHead(200, { 'content-type': contentTypes[format] });
      response.end(text(format));
    },
    close,
    [Symbol.dispose]: close,
  };
}
