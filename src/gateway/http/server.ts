/** The HTTP server in front of everything: its limits for slow and many clients, and its end without losing what runs. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Roll } from '../../call/roll.ts';
import type { Clock } from '../../clock.ts';
import { type ConnectionCaps, capConnections } from './connections.ts';
import { endServer, lastOfConnection, type Underway } from './end-server.ts';
import { asksForSocket, asPlain } from './upgrade.ts';

/** Said to what is no message. */
const refusal = (status: string) => `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;

/** Two hosts are none: whoever stands in front may have read the other one. */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

/** Times in ms. */
const HEADERS_TIMEOUT = 10_000;
/** For a whole body: an upload of a gigabyte over a slow line. */
const REQUEST_TIMEOUT = 900_000;
/** Longer than the pauses of what keeps connections open in front. */
const KEEP_ALIVE = 75_000;
/** How often Node looks for those that are too slow. */
const LOOK_EVERY = 2_000;
const HEADER_BYTES = 32_768;
/** A reply that is all written, and of which its reader takes nothing for so long, is nobody's. */
const IDLE_READER = 120_000;

/** What is answered to bytes that became no message. */
const STATUS_OF: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** Answers one message; never rejects. */
export type Answer = (message: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Answers one call for a socket; never rejects, and ends with the socket. */
export type AnswerSocket = (message: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;

/** Who answers. */
export interface Answers {
  readonly answer: Answer;
  readonly answerSocket: AnswerSocket;
}

/** What a server bounds besides. */
export interface ServerBounds {
  /** Asked for at each connection. */
  readonly caps: () => ConnectionCaps;
  /** Told of each connection above them. */
  readonly refused: (source: string) => void;
  /** How long the reader of a whole reply may stand still, in ms. @default 120_000 */
  readonly idleReader?: number | undefined;
}

/** A server that listens. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  /**
   * Takes no new connections, lets what runs end, and ends what is left after `grace`.
   * @param interrupt ends a call that is still running.
   */
  stop(grace: number, interrupt: () => void): Promise<void>;
}

/** Ends the connection of a reply that is written and not read; what is still being written has its own bound. */
function endWhenIdle(response: ServerResponse, ms: number): void {
  response.on('prefinish', () => {
    // The server sets its own time again once all of it is out.
    if (response.socket && !response.writableFinished) response.socket.setTimeout(ms);
  });
}

/** Whoever leaves leaves. */
const ignore = () => undefined;

/** What the server is at. */
interface State {
  readonly underway: Underway;
  readonly sockets: Set<Socket>;
  /** Connections so far. */
  came: number;
  ending: boolean;
}

/** Counts it among those that are under way until it is over. */
function follow(underway: Underway, over: Promise<void>, response: ServerResponse | undefined): void {
  const place = underway.add({ over, response });
  void over.then(() => place.leave());
}

function makeServer({ answer, answerSocket }: Answers, state: State, bounds: ServerBounds): Server {
  const { underway, sockets } = state;
  const { caps, refused, idleReader = IDLE_READER } = bounds;
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE,
      connectionsCheckingInterval: LOOK_EVERY,
      maxHeaderSize: HEADER_BYTES,
      insecureHTTPParser: false,
    },
    (message, response) => {
      // What runs is told by the response.
      message.on('error', ignore);
      response.on('error', ignore);
      endWhenIdle(response, idleReader);
      if (hasTwoHosts(message)) {
        response.writeHead(400, { connection: 'close', 'content-length': 0 }).end();
        return;
      }
      if (state.ending) lastOfConnection(response);
      follow(underway, answer(message, response), response);
    },
  );
  server.on('upgrade', (message, socket, head) => {
    if (hasTwoHosts(message)) {
      socket.end(refusal('400 Bad Request'));
      return;
    }
    if (!asksForSocket(message)) {
      asPlain(server, message, socket, head);
      return;
    }
    follow(underway, answerSocket(message, socket, head), undefined);
  });
  capConnections(server, caps, refused);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    state.came += 1;
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const status = STATUS_OF[error.code ?? ''] ?? '400 Bad Request';
    if (socket.writable) socket.end(refusal(status));
    else socket.destroy();
  });
  // This is no proxy for others.
  server.on('connect', (_, socket) => socket.end(refusal('405 Method Not Allowed')));
  return server;
}

/** Listens. @throws the error of `listen`, such as a port that is taken. */
export async function listen(
  answers: Answers,
  { host, port }: { host: string; port: number },
  clock: Clock,
  bounds: ServerBounds,
): Promise<Listening> {
  const state: State = { underway: new Roll(), sockets: new Set(), came: 0, ending: false };
  const server = makeServer(answers, state, bounds);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { address, port: chosen } = server.address() as AddressInfo;
  return {
    host: address,
    port: chosen,
    stop(grace, interrupt) {
      state.ending = true;
      return endServer(server, { ...state, came: () => state.came, grace, interrupt }, clock);
    },
  };
}
