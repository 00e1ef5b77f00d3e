/**
 * Two sockets as one: what one says the other hears, as it was said, as fast as it reads. Each is asked now and then whether it is
 * still there; the end of one is the end of the other, with the same code.
 */
import type { WebSocket } from 'ws';
import type { Clock } from '../../clock.ts';

/** Who ended it, and the code of the end: 1006 = without a word. */
export interface JoinedEnd {
  readonly by: 'client' | 'endpoint' | 'gateway';
  readonly code: number;
  readonly reason: string;
}

/** Two sockets at work. */
export interface Joined {
  readonly over: Promise<JoinedEnd>;
  /**
   * Ends both; who does not answer in a moment is cut off.
   * @param reason why, for the client alone, as is what `words` say.
   */
  end(code: number, reason: string, words: string): void;
}

/** Bytes waiting for a reader at which the other side is not read any more, and at which it is again. */
const [FULL, LOW] = [1_048_576, 262_144];
/** How often each side is asked for a sign of life, in ms; who gave none since the last time is gone. */
const ASK_EVERY = 30_000;
/** How long the answer to a last word may take, in ms. */
const LAST_WORD = 300;

/** What an endpoint is told when the gateway ends a socket. */
const GOING_AWAY = 1001;
/** The longest reason of an end, in bytes. */
const LONGEST_REASON = 123;

const NO_CODE = 1005;
const NO_WORD = 1006;
/** What a side is told of the other's mistakes. */
const FAULTS: Readonly<Record<string, number>> = { WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009, WS_ERR_INVALID_UTF8: 1007 };

/** Hands on what `from` says. */
function pass(from: WebSocket, to: WebSocket, heard: (data: Buffer, binary: boolean) => void): void {
  let held = false;
  const sent = () => {
    if (!held || to.bufferedAmount > LOW) return;
    held = false;
    from.resume();
  };
  from.on('message', (data, binary) => {
    heard(data as Buffer, binary);
    if (to.readyState !== to.OPEN) return;
    to.send(data as Buffer, { binary }, sent);
    if (held || to.bufferedAmount < FULL) return;
    held = true;
    from.pause();
  });
}

/** Ends a socket as the other one ended. */
function endLike(socket: WebSocket, code: number, reason: Buffer): void {
  // Its reader may stand still: it is cut off when it does not take the last word.
  socket.resume();
  if (code === NO_WORD) socket.terminate();
  else if (code === NO_CODE) socket.close();
  else socket.close(code, reason);
}

/** Asks for signs of life. @returns what ends it. */
function keepAsking(socket: WebSocket, clock: Clock): () => void {
  let alive = true;
  const sign = () => {
    alive = true;
  };
  socket.on('pong', sign).on('ping', sign).on('message', sign);
  let cancel: () => void;
  const ask = () => {
    // Who is held up by the other side cannot be heard.
    if (!alive && !socket.isPaused) {
      socket.terminate();
      return;
    }
    alive = false;
    if (socket.readyState === socket.OPEN) socket.ping();
    cancel = clock.after(ASK_EVERY, ask, false);
  };
  cancel = clock.after(ASK_EVERY, ask, false);
  return () => cancel();
}

/** Joins two open sockets that wait to be read. @param heard told what the endpoint says. */
export function joinSockets(
  client: WebSocket,
  endpoint: WebSocket,
  clock: Clock,
  heard: (data: Buffer, binary: boolean) => void,
): Joined {
  let first: JoinedEnd | undefined;
  let open = 2;
  let finish: (end: JoinedEnd) => void = () => undefined;
  const over = new Promise<JoinedEnd>((resolve) => {
    finish = resolve;
  });
  const sides = [
    { by: 'client', own: client, other: endpoint },
    { by: 'endpoint', own: endpoint, other: client },
  ] as const;
  for (const { by, own, other } of sides) {
    const stop = keepAsking(own, clock);
    own.on('error', (error: Error & { code?: string }) => {
      const code = FAULTS[error.code ?? ''];
      if (code === undefined) return;
      first ??= { by, code, reason: '' };
      endLike(other, code, Buffer.alloc(0));
    });
    own.on('close', (code, reason) => {
      stop();
      first ??= { by, code, reason: reason.toString() };
      endLike(other, code, reason);
      open -= 1;
      if (open === 0) finish(first);
    });
  }
  const end = (code: number, reason: string, words: string) => {
    first ??= { by: 'gateway', code, reason };
    for (const { own } of sides) own.resume();
    if (client.readyState === client.OPEN) client.send(words);
    client.close(code, Buffer.byteLength(reason) > LONGEST_REASON ? '' : reason);
    endpoint.close(GOING_AWAY);
    clock.after(LAST_WORD, () => {
      for (const { own } of sides) own.terminate();
    });
  };
  pass(client, endpoint, () => undefined);
  pass(endpoint, client, heard);
  client.resume();
  endpoint.resume();
  return { over, end };
}
