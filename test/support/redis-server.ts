// A real Redis of a test's own, on a free port, in a folder of its own, gone with the test. Where there is no `redis-server`
// tests are left out, and say so.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BINARY = process.env.REDIS_SERVER ?? 'redis-server';

/** Whether the machine has a Redis; without one, why the tests are skipped. */
export const redisMissing: string | undefined = (() => {
  try {
    execFileSync(BINARY, ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `skipped: no ${BINARY} here`;
  }
})();

/** A server that can be ended, started again at the same place, and stopped for a while. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  /** One command over a connection of its own. @returns the raw reply */
  send(...command: string[]): Promise<string>;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it anew, empty, at the same port. */
  start(...options: string[]): Promise<void>;
  /** Stands still, its sockets open. */
  freeze(): void;
  /** Goes on. */
  thaw(): void;
}

/** A port that nobody has. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** One command in RESP over a socket. */
async function command(port: number, parts: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write(`*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`);
    const [reply] = (await once(socket, 'data', { signal: AbortSignal.timeout(5_000) })) as [Buffer];
    return reply.toString();
  } finally {
    socket.destroy();
  }
}

/** Starts a server without persistence. @param options of `redis-server`, such as `--maxmemory 2mb`; the first may be a file of settings */
export async function redisServer(...options: string[]): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const kill = async () => {
    const dying = child;
    child = undefined;
    if (!dying || dying.exitCode !== null || dying.signalCode !== null) return;
    dying.kill('SIGKILL');
    await once(dying, 'exit');
  };
  const start = async (...more: string[]) => {
    const fixed = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
    // A file of settings comes first.
    const files = options.filter((option, index) => index === 0 && !option.startsWith('--'));
    const born = spawn(BINARY, [...files, ...fixed, ...options.slice(files.length), ...more], { stdio: 'ignore' });
    child = born;
    for (let tries = 0; ; tries++) {
      const reply = await command(port, ['PING']).catch((error: Error) => error);
      if (typeof reply === 'string' && /^[+-]/.test(reply) && !reply.includes('LOADING')) return;
      if (tries > 500 || born.exitCode !== null) throw new Error(`redis-server does not start: ${String(reply)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  // A test run that is cut short leaves no server behind.
  const last = () => void child?.kill('SIGKILL');
  process.once('exit', last);
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    send: (...parts) => command(port, parts),
    kill,
    start,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async [Symbol.asyncDispose]() {
      process.off('exit', last);
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
