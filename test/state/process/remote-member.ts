// A store that is in another thread or process: what is asked of it is done there.
import { fork } from 'node:child_process';
import cluster from 'node:cluster';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { SharedStore } from '../../../src/index.ts';
import type { ProcessStoreOptions } from '../../../src/state/process-store.ts';
import { COMPILED } from '../../support/compiled.ts';

const SCRIPT = new URL('./children/member.ts', import.meta.url);

/** A thread of this process, a process, or a worker of the cluster whose primary this process is. */
export type Kind = 'thread' | 'fork' | 'cluster';

/** A member elsewhere, and how to be rid of it. */
export interface RemoteMember extends AsyncDisposable {
  readonly store: Omit<SharedStore, 'get' | 'set' | 'add'> & AsyncFacts;
  /** Whether it is the one who leads. */
  leads(): Promise<boolean>;
  /** Blocks it for so many ms, as code that computes does. */
  stall(ms: number): Promise<unknown>;
  /** Ends it at once. */
  kill(): Promise<unknown>;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
}
interface AsyncFacts {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttl: number): Promise<unknown>;
  add(key: string, n: number, ttl: number): Promise<number>;
}
type Said = { ready?: true; id?: number; value?: unknown; error?: string; mark?: number; message?: string };

interface Line {
  post(message: unknown): void;
  kill(): Promise<unknown>;
  signal(name: NodeJS.Signals): void;
}

function open(kind: Kind, options: ProcessStoreOptions, hear: (said: Said) => void): Line {
  if (kind === 'thread') {
    const worker = new Worker(SCRIPT, { workerData: options, execArgv: [] });
    worker.on('message', hear);
    return { post: (message) => worker.postMessage(message), kill: () => worker.terminate(), signal: () => undefined };
  }
  const env = { ...COMPILED, PATH: process.env.PATH, STORE: JSON.stringify(options) };
  const execArgv = ['--unhandled-rejections=strict'];
  if (kind === 'cluster') cluster.setupPrimary({ exec: fileURLToPath(SCRIPT), execArgv, args: [] });
  const child = kind === 'cluster' ? cluster.fork(env).process : fork(SCRIPT, { env, execArgv });
  child.on('message', (said) => hear(said as Said));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    post: (message) => void (child.connected && child.send(message as object)),
    signal: (name) => void child.kill(name),
    kill() {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

/** Starts a member in a thread or a process of its own. */
export async function remoteMember(kind: Kind, options: ProcessStoreOptions): Promise<RemoteMember> {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const listeners = new Map<number, (message: string) => void>();
  let asked = 0;
  let begin: () => void = () => undefined;
  const ready = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const tell = (mark: number, message: string) => {
    try {
      listeners.get(mark)?.(message);
    } catch {
      // Those of the contract throw now and then.
    }
  };
  const line = open(kind, options, ({ ready: is, id = 0, value, error, mark, message }) => {
    if (is) begin();
    if (mark !== undefined) tell(mark, message as string);
    if (error === undefined) waiting.get(id)?.resolve(value);
    else waiting.get(id)?.reject(new Error(error));
    waiting.delete(id);
  });
  const ask = (member: string, ...args: unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      asked += 1;
      waiting.set(asked, { resolve, reject });
      line.post({ id: asked, member, args });
    });
  await ready;
  const kill = () => {
    for (const { reject } of waiting.values()) reject(new Error('killed'));
    waiting.clear();
    return line.kill();
  };
  return {
    store: {
      get: async (key) => (await ask('get', key)) as string | undefined,
      set: (key, value, ttl) => ask('set', key, value, ttl),
      add: async (key, n, ttl) => (await ask('add', key, n, ttl)) as number,
      publish: (channel, message) => ask('publish', channel, message),
      async subscribe(channel, listener) {
        asked += 1;
        const mark = asked;
        listeners.set(mark, listener);
        await ask('subscribe', mark, channel);
        return () => ask('end', mark);
      },
    },
    leads: async () => (await ask('leads')) === true,
    stall: (ms) => ask('stall', ms),
    kill,
    signal: (name) => line.signal(name),
    [Symbol.asyncDispose]: async () => void (await kill()),
  };
}

/** A folder for sockets that goes with the test. */
export function socketFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'sockets-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Numbers in [0, 1), the same ones for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
