// A gateway as a process that the bench did not write: started, waited for, measured from outside by what Linux tells of it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';

/** How it is started. */
export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs, and where its output is kept; gone when it has ended. */
  readonly folder: string;
  readonly port: number;
}

/** A tick of /proc, ms. */
export const TICK = 10;
const PAGE = 4_096;
const PATIENCE = 20_000;
const OUTPUT = 'output.log';

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The fields of `/proc/<pid>/stat` from the third on; what stands before may hold blanks. */
function statOf(pid: number | string): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

const own = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of own) child.kill('SIGKILL');
});

/** One that runs. */
export class Program {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, port: number, folder: string) {
    this.#child = child;
    this.port = port;
    this.#folder = folder;
    own.add(child);
    child.once('exit', () => own.delete(child));
  }

  /** Starts it and waits until it listens. @throws Error with what it said when it does not */
  static async start({ command, args, env = {}, folder, port }: Start): Promise<Program> {
    // A file, as a service has: a pipe would cost the bench, and the null device what nobody has who wants to see something.
    const file = openSync(join(folder, OUTPUT), 'a');
    const child = spawn(command, args, {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', HOME: folder, NO_COLOR: '1', ...env },
      stdio: ['ignore', file, file],
    });
    closeSync(file);
    const program = new Program(child, port, folder);
    const failed = once(child, 'error').then(([error]) => Promise.reject(error));
    try {
      await Promise.race([program.#listens(), failed]);
      return program;
    } catch (error) {
      await program.end();
      throw error;
    }
  }

  async #listens(): Promise<void> {
    const until = performance.now() + PATIENCE;
    while (performance.now() < until) {
      if (this.#child.exitCode !== null) break;
      const socket = connect(this.port, '127.0.0.1');
      const is = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      });
      socket.destroy();
      if (is) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const said = readFileSync(join(this.#folder, OUTPUT), 'utf8').slice(-400).trim();
    throw new Error(`it does not listen: ${said || 'it said nothing'}`);
  }

  /** Its process, and those that it started. */
  #processes(): string[] {
    const pid = String(this.#child.pid);
    const parentOf = (each: string) => {
      try {
        return statOf(each)[1];
      } catch {
        return undefined;
      }
    };
    const others = readdirSync('/proc').filter((each) => /^\d+$/.test(each) && parentOf(each) === pid);
    return [pid, ...others];
  }

  /** CPU it used so far, ms, in whole ticks. */
  cpu(): number {
    const ticks = this.#processes().map((pid) => {
      const fields = statOf(pid);
      return Number(fields[11]) + Number(fields[12]);
    });
    return TICK * ticks.reduce((sum, each) => sum + each, 0);
  }

  /** Memory it holds now, bytes. */
  rss(): number {
    const pages = this.#processes().map((pid) => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]));
    return PAGE * pages.reduce((sum, each) => sum + each, 0);
  }

  /** Ends it, and clears up after it. */
  async end(): Promise<void> {
    if (this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGTERM');
      const late = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(late);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
