// The endpoints of the bench: a process of its own with some ports, and some for TLS, that answers with fixed bytes and
// looks at nothing but the first part of the path, which says how. Why on bare sockets: the less the mock costs, the less it
// takes from who is measured.
import { once } from 'node:events';
import { type AddressInfo, createServer as plainServer, type Server, type Socket } from 'node:net';
import { createServer as secureServer } from 'node:tls';
import { certificate } from '../support/certificate.ts';
import { answering } from './child.ts';
import { DOWN, PLAIN, STREAM } from './replies.ts';

/** How an address answers: `/chat/v1/…` at once, `/stream/v1/…` piece by piece, `/down/v1/…` with 503, `/hold/v1/…` when told. */
export type Manner = 'chat' | 'stream' | 'down' | 'hold';

/** Where the endpoints are. */
export interface Places {
  readonly plain: readonly number[];
  readonly secure: readonly number[];
  /** The certificate of all. */
  readonly cert: string;
}

const held = new Set<Socket>();
let sawHeld: (() => void) | undefined;
let asked = 0;

/** Each piece a write of its own, in a turn of its own. */
function stream(socket: Socket, at = 0): void {
  const piece = STREAM[at];
  if (piece === undefined || socket.destroyed) return;
  socket.write(piece);
  setImmediate(stream, socket, at + 1);
}

function answer(socket: Socket, manner: string): void {
  asked++;
  if (manner === 'stream') stream(socket);
  else if (manner === 'hold') {
    held.add(socket);
    sawHeld?.();
  } else socket.write(manner === 'down' ? DOWN : PLAIN);
}

const END = Buffer.from('\r\n\r\n');

/** Reads what comes, one call after the other, without keeping bodies. */
function serve(socket: Socket): void {
  let head: Buffer = Buffer.alloc(0);
  let missing = 0;
  let manner = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('close', () => held.delete(socket));
  socket.on('data', (bytes: Buffer) => {
    if (missing === 0) {
      head = head.length === 0 ? bytes : Buffer.concat([head, bytes]);
      const end = head.indexOf(END);
      if (end < 0) return;
      const text = head.toString('latin1', 0, end);
      manner = /^\w+ \/(\w+)\//.exec(text)?.[1] ?? 'chat';
      missing = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0) - (head.length - end - END.length);
      head = Buffer.alloc(0);
    } else missing -= bytes.length;
    if (missing === 0) answer(socket, manner);
  });
}

async function ports(servers: readonly Server[]): Promise<number[]> {
  await Promise.all(
    servers.map((server) => {
      server.listen(0, '127.0.0.1', 2_048);
      return once(server, 'listening');
    }),
  );
  return servers.map((server) => (server.address() as AddressInfo).port);
}

answering({
  async open(): Promise<Places> {
    const { cert, key } = certificate();
    const five = [0, 1, 2, 3, 4];
    const plain = await ports(five.map(() => plainServer(serve)));
    return { plain, secure: await ports(five.map(() => secureServer({ cert, key }, serve))), cert };
  },
  /** How many calls came since it was last asked. */
  asked(): number {
    const count = asked;
    asked = 0;
    return count;
  },
  /** Waits until so many are held. */
  async holds({ count }: { count: number }): Promise<void> {
    await new Promise<void>((resolve) => {
      sawHeld = () => held.size >= count && resolve();
      sawHeld();
    });
    sawHeld = undefined;
  },
  release(): void {
    for (const socket of held) socket.write(PLAIN);
    held.clear();
  },
});
