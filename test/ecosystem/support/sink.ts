// A server on loopback in the place of a vendor's: takes whatever a library reports, and keeps it for the test.
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** One report as it arrived. */
export interface Report {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Decompressed, as text. */
  readonly body: string;
}

/** A running sink. */
export interface Sink extends AsyncDisposable {
  readonly url: string;
  readonly reports: readonly Report[];
  /** Resolves when what is in satisfies `is`. @throws when it takes more than 10 s */
  until(is: (reports: readonly Report[]) => boolean): Promise<void>;
  /** Everything reported so far, as one text. */
  text(): string;
}

/** Starts a sink. It answers every report with 200 and `{}`, or with what `answer` says for it. */
export async function sink(answer: (report: Report) => unknown = () => ({})): Promise<Sink> {
  const reports: Report[] = [];
  const arrivals = new EventEmitter();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
      const report = { path: request.url ?? '/', headers: request.headers, body };
      reports.push(report);
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer(report)));
      arrivals.emit('report');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reports,
    async until(is) {
      const signal = AbortSignal.timeout(10_000);
      while (!is(reports)) await once(arrivals, 'report', { signal });
    },
    text: () => reports.map(({ path, body }) => `${path}\n${body}`).join('\n'),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
