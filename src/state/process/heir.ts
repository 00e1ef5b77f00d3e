/**
 * The socket of a member that knows everything that was answered. Its file is the proof of that: the one who leads puts it among
 * the heirs', and takes it away before it answers anything that this member has not said to know. Others see by it who lives.
 */
import { randomBytes } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';
import type { Clock } from '../../clock.ts';
import { atExit } from './exit.ts';
import { HANGS_UP_WITHIN } from './pace.ts';
import type { Place } from './place.ts';

/** Nobody listens behind the path, or there is none. */
export const NOBODY: readonly (string | undefined)[] = ['ECONNREFUSED', 'ENOENT', 'ENOTSOCK', 'EPROTOTYPE'];

/** A socket that waits for its time to lead. */
export class Heir {
  readonly mark: string;
  readonly server: Server;
  readonly #place: Place;
  readonly #stay: () => void;

  private constructor(place: Place, mark: string, server: Server) {
    this.#place = place;
    this.mark = mark;
    this.server = server;
    this.#stay = atExit(() => place.strike(mark));
  }

  /** @param asked told when somebody looks whether this one lives @throws Error when no socket can be made */
  static async open(place: Place, asked: () => void = () => undefined): Promise<Heir> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).destroy();
      asked();
    });
    const mark = randomBytes(4).toString('base64url');
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // `exclusive`: a cluster worker would otherwise ask its primary to listen.
      server.listen({ path: place.aside(mark), exclusive: true }, resolve);
    });
    server.removeAllListeners('error').on('error', () => undefined);
    server.unref();
    place.guard(mark);
    return new Heir(place, mark, server);
  }

  /** Takes over, whoever is an heir. @returns `undefined` when somebody else was quicker @throws when no socket can be made */
  static async seize(
    place: Place,
    seen: string | undefined,
  ): Promise<{ server: Server; identity: string } | undefined> {
    const heir = await Heir.open(place);
    let identity: string | undefined;
    try {
      identity = place.take(heir.mark, seen);
    } finally {
      // Whoever comes to what is there already is not sent away for ever.
      if (identity === undefined) heir.close();
    }
    return identity === undefined ? undefined : { server: heir.crown(), identity };
  }

  /** Its time has come: who connects from now on does not ask whether it lives. */
  crown(): Server {
    this.#stay();
    return this.server.removeAllListeners();
  }

  close(): void {
    this.#stay();
    this.#place.strike(this.mark);
    this.server.close();
  }
}

/** Whether a process is there, may it be busy or stopped: the system answers for it. */
export function lives(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.unref();
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(!NOBODY.includes(code)));
  });
}

/** Whether an heir has time: it takes who comes, and hangs up. For one that is stopped the system takes him, and nobody hangs up. */
export function hangsUp(clock: Clock, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    let ended = false;
    const socket = connect({ path });
    const cancel = clock.after(HANGS_UP_WITHIN, () => socket.destroy(), false);
    socket.unref().resume();
    socket.once('end', () => {
      ended = true;
    });
    socket.on('error', () => undefined);
    socket.once('close', () => {
      cancel();
      resolve(ended);
    });
  });
}
