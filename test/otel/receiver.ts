// A receiver of OTLP over HTTP, as collectors are: it takes what the official exporters send, as JSON, and keeps it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as it comes over the wire. */
export interface WireSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: ReadonlyArray<{ key: string; value: Record<string, unknown> }>;
}

interface WireMetric {
  readonly name: string;
}

interface Scope {
  readonly scope: { readonly name: string };
  readonly spans?: WireSpan[];
  readonly metrics?: WireMetric[];
}

/** The receiver. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** Of this package's own scope. */
  readonly spans: WireSpan[];
  readonly metrics: WireMetric[];
  attribute(span: WireSpan | undefined, name: string): unknown;
}

const SCOPE = 'load-balanced-openai';

/** Starts one on a free port. */
export async function receiver(): Promise<Receiver> {
  const spans: WireSpan[] = [];
  const metrics: WireMetric[] = [];
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
      resourceSpans?: Array<{ scopeSpans: Scope[] }>;
      resourceMetrics?: Array<{ scopeMetrics: Scope[] }>;
    };
    const scopes = [
      ...(body.resourceSpans ?? []).flatMap(({ scopeSpans }) => scopeSpans),
      ...(body.resourceMetrics ?? []).flatMap(({ scopeMetrics }) => scopeMetrics),
    ].filter(({ scope }) => scope.name === SCOPE);
    for (const scope of scopes) {
      spans.push(...(scope.spans ?? []));
      metrics.push(...(scope.metrics ?? []));
    }
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    metrics,
    attribute(span, name) {
      const [value] = Object.values(span?.attributes.find(({ key }) => key === name)?.value ?? {});
      return value;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
