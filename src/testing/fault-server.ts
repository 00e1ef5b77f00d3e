/**
 * A real HTTP server on loopback that misbehaves as it is told. Puts the parts together: `listener.ts` brings requests,
 * `serve.ts` leads each through script and gate to `perform.ts`, which writes a healthy answer or a fault on the wire.
 */
import { gate as makeGate } from './gate.ts';
import { seed } from './healthy-objects.ts';
import { listen } from './listener.ts';
import { readScript, type Script } from './script.ts';
import { type House, serving } from './serve.ts';
import { checkOptions, type FaultServerOptions } from './server-options.ts';
import type { ServerRequest } from './server-request.ts';
import { shelf as makeShelf } from './shelf.ts';
import { waiters } from './waiters.ts';

/** A running fault server. */
export interface FaultServer extends AsyncDisposable {
  /** Its name. */
  readonly name: string;
  /** Its port on 127.0.0.1. */
  readonly port: number;
  /** `http://127.0.0.1:port/v1`: the `baseURL` for the SDK. */
  readonly url: string;
  /** `http://127.0.0.1:port`: the `endpoint` for Azure. */
  readonly origin: string;
  /** The requests since the start or the last `reset()`, in order of arrival; see `remember`. */
  readonly requests: readonly ServerRequest[];
  /** How many requests there were since then. */
  readonly calls: number;
  /** Open connections now. */
  readonly open: number;
  /** Requests not yet over now. */
  readonly inFlight: number;
  /** Replaces the script, from its first step. @throws TypeError when it is wrong */
  script(script: Script): void;
  /** Forgets requests and objects and starts the last script again. */
  reset(): void;
  /** Goes down: open connections are reset, new ones refused, until `accept()`. */
  refuse(): Promise<void>;
  /** Comes back on the same port after `refuse()`. */
  accept(): Promise<void>;
  /** Resolves as soon as `is` holds, looking whenever something happens. @param ms rejects after so long; default 5,000 */
  until(is: (server: FaultServer) => boolean, ms?: number): Promise<void>;
  /** Drops every connection and stops. @throws the first error of a script function, so that it is not lost */
  close(): Promise<void>;
}

const DEFAULT_MODELS = ['gpt-5', 'gpt-5-mini', 'text-embedding-3-small'];
let started = 0;

/**
 * Starts a scripted server that speaks OpenAI's API on 127.0.0.1, healthy unless told otherwise.
 * @throws TypeError that says what is wrong with an option or a script
 * @example await using server = await faultServer({ script: [503, { status: 429, retryAfter: 2 }, 'reset', { stream: 20, cutAfter: 7 }] });
 */
export async function faultServer(options: FaultServerOptions = {}): Promise<FaultServer> {
  checkOptions(options);
  started += 1;
  const { name = `server-${started}`, models = DEFAULT_MODELS, objects = {}, tls, port = 0 } = options;
  let script = options.script;
  const changed = waiters();
  const house: House = {
    ...{ name, models, options, shelf: makeShelf(name), gate: makeGate(options), plan: readScript(script) },
    ...{ requests: [], calls: 0, exchanges: new Set(), problems: [], changed: changed.look },
  };
  seed(house.shelf, objects);
  const listener = await listen({ port, tls }, serving(house), changed.look);
  const origin = `${tls ? 'https' : 'http'}://127.0.0.1:${listener.port}`;
  const down = () => {
    for (const exchange of house.exchanges) exchange.ours = true;
    return listener.down();
  };
  const server: FaultServer = {
    ...{ name, port: listener.port, origin, url: `${origin}/v1`, requests: house.requests },
    get calls() {
      return house.calls;
    },
    get open() {
      return listener.open;
    },
    get inFlight() {
      return house.exchanges.size;
    },
    script(next) {
      house.plan = readScript(next);
      script = next;
    },
    reset() {
      house.requests.length = 0;
      house.calls = 0;
      house.shelf.clear();
      seed(house.shelf, objects);
      house.gate.reset();
      house.plan = readScript(script);
    },
    refuse: down,
    accept: listener.up,
    until: (is, ms = 5_000) => changed.until(() => is(server), ms, `${name}: ${is}`),
    async close() {
      await down();
      changed.end();
      if (house.problems.length > 0) throw house.problems.splice(0)[0];
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
  return server;
}
