/** The gateway: one address before the pools. Wiring only: leads what comes to the call or the page it is for. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, systemClock } from '../clock.ts';
import type { Observer } from '../observe/events.ts';
import { Allowances } from './allowance.ts';
import { GatewayCall } from './answer-call.ts';
import { factsOf, Refused } from './api-error.ts';
import type { CallSurroundings } from './call-surroundings.ts';
import type { GatewaySettings } from './config/settings.ts';
import { Figures } from './figures.ts';
import { isLoopback, refuseForeign } from './guard.ts';
import type { GatewayLog } from './log.ts';
import { endpointNamed } from './pools.ts';
import { letPass } from './read-body.ts';
import { type Running, run } from './running.ts';
import { type Listening, listen } from './server.ts';
import { statusPage, telling } from './status-pages.ts';
import { writeError, writeJson } from './write-reply.ts';

/** What a gateway is started with. */
export interface GatewayOptions {
  readonly settings: GatewaySettings;
  readonly log: GatewayLog;
  /** @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 = a free one. @default 8000 */
  readonly port?: number | undefined;
  /** Another one only in tests. */
  readonly clock?: Clock | undefined;
}

/** A gateway that listens. */
export interface Gateway {
  /** `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly figures: Figures;
  /** Takes no new connections, lets running calls end for `grace` ms, ends the rest with an error. Resolves when all is over. */
  stop(grace?: number): Promise<void>;
}

/** The gateway cannot be started so; the message says what to do. */
export class CannotStart extends Error {}

/** How long running calls may take to end, in ms. */
export const GRACE = 25_000;

/** The page of this path. `telling` pages are for this machine, or for who has a key. */
function showPage(
  message: IncomingMessage,
  response: ServerResponse,
  path: string,
  local: boolean,
  running: Running,
  around: CallSurroundings,
): void {
  const { headers, method } = message;
  const { access } = running;
  const known = access.client(headers) !== undefined || access.admin(headers) !== undefined;
  if (telling.has(path) && !known) {
    if (!local)
      throw new Refused({
        status: 401,
        message: 'A key is needed, as "Authorization: Bearer …".',
        code: 'invalid_api_key',
      });
    refuseForeign(headers);
  }
  if (method !== 'GET' && method !== 'HEAD')
    throw new Refused({ status: 405, message: 'This is there to be read.', code: 'unknown_method' });
  const { clock, figures, since, closing } = around;
  const page = statusPage(path, { running, figures, now: clock.date(), since, closing: closing() });
  if (!page)
    throw new Refused({
      status: 404,
      message: 'There is no such path; the API begins with /v1/.',
      code: 'unknown_path',
    });
  if (typeof page.body === 'object') {
    writeJson(response, page.status, page.body);
    return;
  }
  response.writeHead(page.status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  response.end(page.body);
}

/** Refuses to be reached by strangers without keys. */
function checkHost(host: string, { access }: Running): void {
  if (isLoopback(host) || !access.open) return;
  throw new CannotStart(
    `Without client keys the gateway listens on this machine only, and ${host} is reached from others: anybody there could spend your money. Add clientKeys to the configuration, or leave --host out.`,
  );
}

/** Refuses to call itself, as it would where `OPENAI_BASE_URL` is meant for its clients. */
function checkCircle({ endpoints }: GatewaySettings, own: number): void {
  const itself = endpoints.find(({ baseURL }) => {
    const { hostname, port, protocol } = new URL(baseURL === '' ? 'http://unknown' : baseURL);
    return isLoopback(hostname) && Number(port || (protocol === 'https:' ? 443 : 80)) === own;
  });
  if (itself)
    throw new CannotStart(
      `Endpoint ${itself.name} is this gateway itself (${itself.baseURL}). Is OPENAI_BASE_URL set, which is meant for its clients? Give the endpoint a baseURL of its own.`,
    );
}

/**
 * Starts a gateway.
 * @throws CannotStart on an address that others reach, without client keys; the error of `listen`.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { settings, log, host = '127.0.0.1', port = 8_000, clock = systemClock } = options;
  const figures = new Figures();
  const observer: Observer = (event) => {
    figures.observe(event);
    if (event.type === 'endpoint-restored')
      log.info('endpoint restored', { endpoint: endpointNamed(event.endpoint), model: event.model });
  };
  // The SDK says of every call that it was made, at a level that the gateway's own lines are at.
  const logLevel = log.level === 'info' ? 'warn' : log.level;
  const running = run(settings, { observer, logger: log.forClients, logLevel }, clock);
  const local = isLoopback(host);
  let closing = false;
  const surroundings: CallSurroundings = {
    ...{ clock, log, figures, allowances: new Allowances(clock), since: clock.date(), closing: () => closing },
  };
  const underway = new Set<GatewayCall>();
  const answer = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { url = '/' } = message;
    const path = url.split('?', 1)[0] as string;
    if (path === '/v1' || path.startsWith('/v1/')) {
      const call = new GatewayCall(message, response, running, surroundings);
      underway.add(call);
      await call.answer();
      underway.delete(call);
      return;
    }
    try {
      showPage(message, response, path, local, running, surroundings);
    } catch (error) {
      if (!(error instanceof Refused)) log.error('a page failed', { error: String((error as Error).stack) });
      writeError(response, factsOf(error));
    } finally {
      letPass(message, clock);
    }
  };
  let listening: Listening;
  try {
    checkHost(host, running);
    checkCircle(settings, port);
    listening = await listen(answer, { host, port }, clock);
  } catch (error) {
    await running.pools.close();
    throw error;
  }
  const shown = listening.host.includes(':') ? `[${listening.host}]` : listening.host;
  let stopping: Promise<void> | undefined;
  const stop = async (grace: number) => {
    closing = true;
    await listening.stop(grace, () => {
      for (const call of underway) call.interrupt();
    });
    await running.pools.close();
  };
  return {
    url: `http://${shown}:${listening.port}`,
    host: listening.host,
    port: listening.port,
    figures,
    stop: (grace = GRACE) => {
      stopping ??= stop(grace);
      return stopping;
    },
  };
}
