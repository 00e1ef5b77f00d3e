// The least that a gateway in Node can be: what comes in goes to the next endpoint over undici's dispatch, what comes back goes
// down as it is. It looks at nothing and can do nothing; what a real one costs beyond it is what its work costs.
import { createServer } from 'node:http';
import { Agent } from 'undici';

/** What it is started with, as its first argument, in JSON. */
export interface PassThroughSpec {
  readonly port: number;
  /** Base URLs, asked in turn. */
  readonly urls: readonly string[];
}

const { port, urls } = JSON.parse(process.argv[2] as string) as PassThroughSpec;
const places = urls.map((url) => ({ origin: new URL(url).origin, path: new URL(url).pathname.replace(/\/v1$/, '') }));
const agent = new Agent();
let turn = 0;

/** Headers of a connection, not of a message. */
const OWN = new Set(['connection', 'host', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'expect']);
const passed = <Value>(headers: Readonly<Record<string, Value>>): Record<string, NonNullable<Value>> => {
  const kept: Record<string, NonNullable<Value>> = {};
  for (const name in headers) if (!OWN.has(name) && headers[name] != null) kept[name] = headers[name];
  return kept;
};

const server = createServer((message, response) => {
  const { origin, path } = places[turn++ % places.length]!;
  const { method = 'GET', url = '/', headers } = message;
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  agent.dispatch(
    { origin, path: path + url, method: method as 'POST', headers: passed(headers), body: hasBody ? message : null },
    {
      onRequestStart(controller) {
        response.once('close', () => {
          if (!response.writableFinished) controller.abort(new Error('the client left'));
        });
      },
      onResponseStart(_, status, replied) {
        response.writeHead(status, passed(replied));
      },
      onResponseData(controller, piece) {
        if (response.write(piece)) return;
        controller.pause();
        response.once('drain', () => controller.resume());
      },
      onResponseEnd() {
        response.end();
      },
      onResponseError() {
        if (response.headersSent) response.destroy();
        else response.writeHead(502).end();
      },
    },
  );
});
server.keepAliveTimeout = 75_000;
server.listen(port, '127.0.0.1', 2_048);
