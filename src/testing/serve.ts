/**
 * The way of one request through a fault server: recorded → step chosen by the script → body read → latency → gate → acted out.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Exchange, hangUp, wait } from './exchange.ts';
import type { Gate } from './gate.ts';
import { healthy } from './healthy.ts';
import type { LongStep } from './parse-script.ts';
import { isHealthy, nameOf, perform } from './perform.ts';
import type { Plan } from './script.ts';
import type { FaultServerOptions } from './server-options.ts';
import { readBody, recordOf, type ServerRequest } from './server-request.ts';
import type { Shelf } from './shelf.ts';

/** What a request meets on its way; one per server. */
export interface House {
  readonly name: string;
  readonly models: readonly string[];
  readonly options: Pick<FaultServerOptions, 'latency' | 'idleCloseAfter' | 'remember'>;
  readonly shelf: Shelf;
  readonly gate: Gate;
  /** The script in use; replaced by `script()`. */
  plan: Plan;
  readonly requests: ServerRequest[];
  /** Requests since the start or the last `reset()`, remembered or not. */
  calls: number;
  readonly exchanges: Set<Exchange>;
  /** Errors of script functions, kept for `close()`. */
  readonly problems: unknown[];
  /** Somebody may wait for what just happened. */
  changed(): void;
}

/** What is known of a connection. */
interface Connection {
  readonly id: number;
  served: number;
  idle: NodeJS.Timeout | undefined;
}

/** The request listener of a server. */
export function serving(house: House): (message: IncomingMessage, response: ServerResponse) => Promise<void> {
  const connections = new WeakMap<Socket, Connection>();
  let connected = 0;
  let served = 0;
  return async (message, response) => {
    const { socket } = message;
    const connection = connections.get(socket) ?? { id: ++connected, served: 0, idle: undefined };
    connections.set(socket, connection);
    clearTimeout(connection.idle);
    house.calls += 1;
    const facts = { number: house.calls, socketId: connection.id, reused: connection.served > 0 };
    const request = recordOf(message, facts);
    connection.served += 1;
    served += 1;
    house.requests.push(request);
    if (house.requests.length > (house.options.remember ?? Number.POSITIVE_INFINITY)) house.requests.shift();
    const headers: Exchange['headers'] = { 'x-served-by': house.name, 'x-request-id': `req_${house.name}_${served}` };
    const exchange = open(house, { request, response, socket, headers }, connection);
    house.changed();
    try {
      await answer(house, exchange, message);
    } catch (error) {
      house.problems.push(error);
      hangUp(exchange, 'close');
    }
  };
}

/** Makes the exchange and watches how it ends. */
function open(
  house: House,
  parts: Pick<Exchange, 'request' | 'response' | 'socket' | 'headers'>,
  connection: Connection,
): Exchange {
  const over = new AbortController();
  const { request, response, socket } = parts;
  const exchange: Exchange = {
    ...parts,
    over: over.signal,
    ours: false,
    contents: new Map(),
    healthy: (options, events) => {
      const { name: server, shelf, models } = house;
      return healthy({ request, server, shelf, models, contents: exchange.contents, options, events });
    },
  };
  house.exchanges.add(exchange);
  response.on('error', () => undefined);
  response.once('close', () => {
    house.exchanges.delete(exchange);
    request.endedAt = performance.now();
    request.aborted = !response.writableFinished && !exchange.ours;
    const { idleCloseAfter } = house.options;
    if (idleCloseAfter !== undefined) connection.idle = setTimeout(() => socket.destroy(), idleCloseAfter).unref();
    over.abort();
    house.changed();
  });
  return exchange;
}

async function answer(house: House, exchange: Exchange, message: IncomingMessage): Promise<void> {
  const { request, headers } = exchange;
  const early = house.plan.needsBody ? undefined : house.plan.next(request);
  if (early && 'step' in early && early.before === 'body') {
    request.step = nameOf(early);
    return hangUp(exchange, early.step === 'close' ? 'close' : 'reset');
  }
  const plan = house.plan;
  const contents = await readBody(message, request);
  house.changed();
  if (!contents) return;
  exchange.contents = contents;
  const scripted: LongStep = await (early ?? plan.next(request));
  const { latency = 0 } = house.options;
  const pause = typeof latency === 'function' ? latency(request) : latency;
  request.step = nameOf(scripted);
  if (!(await wait(exchange, pause + (scripted.delay ?? 0)))) return;
  const refused = isHealthy(scripted) ? house.gate.refuse(request) : undefined;
  const step = refused ?? scripted;
  request.step = nameOf(step);
  const extra = Object.entries(step.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  Object.assign(headers, house.gate.headers(), Object.fromEntries(extra));
  await perform(exchange, step);
}
