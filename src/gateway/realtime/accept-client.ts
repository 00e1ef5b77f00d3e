/** The near leg of a socket: a client's connection, held until it is known what to answer. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { LARGEST } from './open-upstream.ts';

/** What a client may send before it is answered, in bytes: nobody in good faith sends anything. */
const MOST_AHEAD = 65_536;

/** A client that waits for its answer. */
export class WaitingClient {
  readonly #message: IncomingMessage;
  readonly #socket: Duplex;
  readonly #ahead: Buffer[];
  #size = 0;
  readonly #take = (piece: Buffer) => {
    this.#ahead.push(piece);
    this.#size += piece.byteLength;
    if (this.#size > MOST_AHEAD) this.#socket.destroy();
  };
  readonly #gone: () => void;

  /** @param gone called when it leaves. */
  constructor(message: IncomingMessage, socket: Duplex, head: Buffer, gone: () => void) {
    this.#message = message;
    this.#socket = socket;
    this.#ahead = [head];
    this.#gone = gone;
    socket.on('error', () => undefined);
    // A connection that nobody reads from does not tell of its end.
    socket.on('data', this.#take).on('end', gone).on('close', gone);
  }

  #release(): void {
    this.#socket.off('data', this.#take).off('end', this.#gone).off('close', this.#gone);
  }

  /** Answers with a socket; `undefined` when the client has left. */
  accept(protocol: string, headers: Readonly<Record<string, string>>): Promise<WebSocket | undefined> {
    const socket = this.#socket;
    if (socket.destroyed || !socket.readable) return Promise.resolve(undefined);
    this.#release();
    socket.pause();
    const server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: LARGEST,
      handleProtocols: () => (protocol === '' ? false : protocol),
    });
    server.on('headers', (lines) => {
      for (const [name, value] of Object.entries(headers))
        if (/^[\x20-\x7e]*$/.test(value)) lines.push(`${name}: ${value}`);
    });
    return new Promise((resolve) => {
      const left = () => resolve(undefined);
      socket.once('close', left);
      server.handleUpgrade(this.#message, socket, Buffer.concat(this.#ahead), (client) => {
        socket.off('close', left);
        client.pause();
        resolve(client);
      });
    });
  }

  /** A reply to write an error into; the connection ends with it. */
  refusal(): ServerResponse {
    this.#release();
    const response = new ServerResponse(this.#message);
    response.shouldKeepAlive = false;
    response.assignSocket(this.#socket as Socket);
    response.on('error', () => undefined);
    response.once('finish', () => (this.#socket as Socket).destroySoon());
    this.#socket.resume();
    return response;
  }
}
