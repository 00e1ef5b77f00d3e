// A port that takes no connection and refuses none: what a dead host behind a firewall looks like, without privileges.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';

const LISTEN = `const { argv } = process;
const server = require('node:net').createServer().listen({ host: argv[1], port: Number(argv[2]), backlog: 1 }, () =>
  console.log(server.address().port));`;

/** A running black hole. */
export interface BlackHole extends AsyncDisposable {
  readonly port: number;
  /** `http://host:port/v1`. */
  readonly url: string;
}

/**
 * Listens in a process that then stands still, and fills the queue of connections that wait to be accepted: the system drops
 * every further attempt without a word.
 */
export async function blackHole(host = '127.0.0.1', port = 0): Promise<BlackHole> {
  const child = spawn(process.execPath, ['-e', LISTEN, host, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  child.kill('SIGSTOP');
  const taken = Number(said);
  // A backlog of one holds two.
  const waiting = [connect(taken, host), connect(taken, host)];
  await Promise.all(waiting.map((socket) => once(socket, 'connect')));
  for (const socket of waiting) socket.on('error', () => undefined);
  return {
    port: taken,
    url: `http://${host}:${taken}/v1`,
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy();
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
