/**
 * The end of the server without losing a call. Why not `server.close()`: it ends idle connections at once, and a client that keeps
 * one may have sent its next call in that moment, which is then neither answered nor refused. So nobody new is let in, every reply
 * says that it is its connection's last one, and who stays silent meanwhile is let go.
 */
import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Roll } from '../../call/roll.ts';
import type { Clock } from '../../clock.ts';

/** Broken streams still tell their readers why. */
const LAST_WORDS = 500;
/** How long clients that keep an idle connection may come with a call, in ms. */
const LINGER = 500;
/** A turn of the event loop in which hardly anybody can have come, and how long one is waited for, in ms. */
const [SHORT, SOON] = [0.5, 200];

/** What is under way, with its reply where it has one. */
export type Underway = Roll<{ readonly over: Promise<void>; readonly response: ServerResponse | undefined }>;

/** Resolves when what was written to slow readers is on its way to them. */
async function taken(sockets: Iterable<Socket>): Promise<void> {
  const late = [...sockets].filter(({ writableNeedDrain, destroyed }) => writableNeedDrain && !destroyed);
  await Promise.all(
    late.map((socket) => new Promise<void>((resolve) => socket.once('drain', resolve).once('close', resolve))),
  );
}

/** Resolves when everything is over, or the time is. */
async function within(ms: number, clock: Clock, over: Promise<unknown>): Promise<void> {
  let cancel: () => void = () => undefined;
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([over, late]);
  cancel();
}

/** What ends, and how. */
export interface Ending {
  readonly underway: Underway;
  /** All connections. */
  readonly sockets: Iterable<Socket>;
  /** How many there were so far. */
  readonly came: () => number;
  readonly grace: number;
  /** Ends what is still running. */
  readonly interrupt: () => void;
}

/** Says with the reply that its connection takes no more calls, if that can still be said. */
export function lastOfConnection(response: ServerResponse): void {
  if (!response.headersSent) response.shouldKeepAlive = false;
}

/**
 * Resolves in a turn of the event loop that found nobody at the door, and was short. Why: whoever the system has let in already, and
 * the server has not taken yet, would be cut off in place of refused when the door is closed.
 */
async function nobodyAtTheDoor(came: () => number, clock: Clock): Promise<void> {
  // What was found at the door in this turn was found before.
  await turn();
  for (const until = clock.now() + SOON; clock.now() < until; ) {
    const [before, at] = [came(), clock.now()];
    await turn();
    if (came() === before && clock.now() - at < SHORT) return;
  }
}

/** Resolves when what clients sent while this process was kept from running is read: they are not those who said nothing. */
async function allHeard(): Promise<void> {
  await turn();
  await turn();
}

/**
 * Takes no new connections, lets what runs end, and ends what is left after `grace`. Replies that begin from now on are the
 * server's to mark with `lastOfConnection`.
 */
export async function endServer(
  server: Server,
  { underway, sockets, came, grace, interrupt }: Ending,
  clock: Clock,
): Promise<void> {
  const until = clock.now() + grace;
  await nobodyAtTheDoor(came, clock);
  for (const { response } of underway) if (response) lastOfConnection(response);
  const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
  const idle = async () => {
    while (underway.size > 0) await Promise.allSettled(Array.from(underway, ({ over }) => over));
    await taken(sockets);
  };
  // Node takes a connection for idle once its reply is written, whether that is out or not.
  const letGo = () => taken(sockets).then(() => server.closeIdleConnections());
  const linger = Math.min(LINGER, grace);
  if (linger > 0) await within(linger, clock, closed);
  await allHeard();
  for (;;) {
    await within(Math.max(0, until - clock.now()), clock, Promise.all([letGo(), idle()]));
    if (underway.size > 0) break;
    await allHeard();
    if (underway.size > 0) continue;
    server.closeIdleConnections();
    // Who was answered last has his answer to read still, and who was let in last has his call to make.
    await within(LAST_WORDS, clock, closed);
    await allHeard();
    if (underway.size === 0) break;
  }
  if (underway.size > 0) {
    interrupt();
    await within(LAST_WORDS, clock, idle());
    server.closeIdleConnections();
    await within(LAST_WORDS, clock, closed);
  }
  server.closeAllConnections();
  await closed;
}
