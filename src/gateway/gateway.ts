/** The gateway: one address before the pools. Wiring only: leads what comes to the call or the page it is for. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Clock, systemClock } from '../clock.ts';
import type { Observer } from '../observe/events.ts';
import { AdminApi, isAdminPath } from './admin/admin-api.ts';
import { JustDeleted } from './admin/just-deleted.ts';
import { GatewayCall } from './call/answer-call.ts';
import type { CallSurroundings } from './call/call-surroundings.ts';
import type { Traced } from './call/telemetry.ts';
import { Underway } from './call/underway.ts';
import type { GatewaySettings } from './config/settings.ts';
import type { Configuration } from './configuration.ts';
import { Figures, heardEvents } from './figures/figures.ts';
import { LiveFigures } from './figures/live-figures.ts';
import { factsOf, Refused } from './http/api-error.ts';
import { BodyRoom } from './http/body-room.ts';
import { isLoopback } from './http/guard.ts';
import { letPass } from './http/let-pass.ts';
import type { GatewayLog } from './http/log.ts';
import { type Listening, listen, type ServerBounds } from './http/server.ts';
import { writeError } from './http/write-reply.ts';
import { Allowances } from './keys/allowance.ts';
import { Guesses } from './keys/guesses.ts';
import { MadeBy } from './keys/made-by.ts';
import { restoreBudgets } from './keys/restore-budgets.ts';
import { StoredKeys } from './keys/stored-keys.ts';
import { showPage } from './pages/show-page.ts';
import { endpointNamed, sharedIds } from './pools/pools.ts';
import { RealtimeCall } from './realtime/realtime-call.ts';
import { Generation } from './running/generation.ts';
import { Generations } from './running/generations.ts';
import { run } from './running/running.ts';
import { checkCircle, checkHost } from './running/start-checks.ts';
import type { GatewayStore } from './store/gateway-store.ts';
import { memoryGatewayStore } from './store/memory-gateway-store.ts';
import { closeStore, tellOfStore } from './store/tell-of-store.ts';

/** What a gateway is started with. */
export interface GatewayOptions extends Traced {
  readonly settings: GatewaySettings;
  /** Where the settings come from, and where changes go. Without it they stay as they are. */
  readonly configuration?: Configuration | undefined;
  /** What outlives the process; closed when the gateway has stopped. @default one in memory */
  readonly store?: GatewayStore | undefined;
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
  readonly store: GatewayStore;
  /** The configuration that new calls are answered by. */
  readonly settings: GatewaySettings;
  /**
   * Takes another configuration, as a whole or not at all. Calls that run end on the one they began with; what is known of endpoints
   * that stay is kept.
   * @param commit called when nothing stands against them any more, and before they count.
   * @throws CannotStart, or ConfigurationError, or what `commit` threw, and goes on as before; where `commit` is a promise, so is this.
   */
  reload(settings: GatewaySettings, commit?: () => void | Promise<void>): void | Promise<void>;
  /** Not ready from now on; after `notice` ms (0) takes no new connections, lets calls end for `grace` ms, ends the rest with an error. */
  stop(grace?: number, notice?: number): Promise<void>;
}

const pause = (ms: number, clock: Clock) => (ms > 0 ? new Promise<void>((go) => void clock.after(ms, go)) : undefined);
const isCall = /^\/v1(?:[/?]|$)/;

/** How long running calls may take to end, in ms. */
export const GRACE = 25_000;

/**
 * Starts a gateway.
 * @throws CannotStart on an address that others reach, without client keys; the error of `listen`.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { settings, configuration, log, telemetry, host = '127.0.0.1', port = 8_000, clock = systemClock } = options;
  const store = options.store ?? memoryGatewayStore(clock);
  const stored = new StoredKeys(store, log, () => underway.look());
  const guesses = new Guesses(clock);
  const figures = new Figures();
  const observer: Observer = (event) => {
    figures.observe(event);
    if (event.type === 'endpoint-restored')
      log.info('endpoint restored', { endpoint: endpointNamed(event.endpoint), model: event.model });
  };
  // The SDK says of every call that it was made, at a level that the gateway's own lines are at.
  const logLevel = log.level === 'info' ? 'warn' : log.level;
  const tracer = telemetry?.observer;
  const ids = sharedIds(store.shared?.pools);
  const around = { observer, tracer, hears: heardEvents, logger: log.forClients, logLevel, ids };
  const begin = (next: GatewaySettings, own: number) => {
    checkHost(host, next, stored.size);
    checkCircle(next, own);
    for (const { name } of next.clientKeys)
      if (stored.names.includes(name))
        log.warn(`Client key ${name} of the store is not used: the configuration names one as well.`);
    const generation = new Generation(run(next, around, { stored, mayBeOpen: local, clock, guesses }));
    store.calls.keep(next.log);
    return generation;
  };
  const local = isLoopback(host);
  const generations = new Generations(begin(settings, port), () => underway.look());
  const underway = new Underway({ generations, clock, log, telemetry });
  const allowances = new Allowances(clock, store.shared);
  await restoreBudgets(allowances, store, clock);
  const stopTelling = tellOfStore(store, log);
  let [leaving, closing] = [false, false];
  const bodies = new BodyRoom(() => generations.running.settings.limits.bodyBytesAtOnce);
  const surroundings: CallSurroundings = {
    ...{ clock, log, figures, allowances, store, since: clock.date(), leaving: () => leaving, closing: () => closing },
    ...{ live: new LiveFigures(clock), madeBy: new MadeBy(), bodies },
  };
  const deleted = new JustDeleted(clock);
  const running = () => generations.running;
  const admin = new AdminApi({ around: surroundings, store, configuration, running, local, deleted });
  const answer = (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { url = '/' } = message;
    if (!isCall.test(url)) return show(message, response, url);
    return underway.follow(message, (running) => new GatewayCall(message, response, running, surroundings));
  };
  const show = async (message: IncomingMessage, response: ServerResponse, url: string): Promise<void> => {
    const path = url.split('?', 1)[0] as string;
    try {
      if (isAdminPath(path)) await admin.answer(message, response);
      else showPage(message, response, path, local, generations.running, surroundings);
    } catch (error) {
      if (!(error instanceof Refused)) log.error('a page failed', { error: String((error as Error).stack) });
      writeError(response, factsOf(error));
    } finally {
      letPass(message, clock);
    }
  };
  const answerSocket = (message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> =>
    underway.follow(message, (running) => new RealtimeCall(message, socket, head, running, surroundings));
  const bounds: ServerBounds = {
    caps: () => generations.running.settings.limits,
    refused: (source) => {
      figures.refuse('too_many_connections');
      log.debug('too many connections; one more was ended', { address: source });
    },
  };
  let listening: Listening;
  try {
    listening = await listen({ answer, answerSocket }, { host, port }, clock, bounds);
  } catch (error) {
    stopTelling();
    await generations.retire();
    throw error;
  }
  const shown = listening.host.includes(':') ? `[${listening.host}]` : listening.host;
  let stopping: Promise<void> | undefined;
  const stop = async (grace: number, notice: number) => {
    leaving = true;
    await pause(notice, clock);
    closing = true;
    unfollow?.();
    await listening.stop(grace, () => underway.end());
    await generations.retire();
    stopTelling();
    await allowances.close();
    await closeStore(store, log);
  };
  const reload: Gateway['reload'] = (next, commit = () => undefined) =>
    generations.take(begin(next, listening.port), commit);
  configuration?.follow(reload);
  const unfollow = configuration?.watch((error) => {
    if (error === undefined) log.info('configuration taken', { why: 'the store was changed' });
    else log.error('What was changed in the store was not taken.', { error: (error as Error).message });
  });
  return {
    url: `http://${shown}:${listening.port}`,
    host: listening.host,
    port: listening.port,
    figures,
    store,
    get settings() {
      return generations.running.settings;
    },
    reload,
    stop: (grace = GRACE, notice = 0) => (stopping ??= stop(grace, notice)),
  };
}
