// A thread or a process that does with a store of its own what it is told, and tells what it hears.
import { lstatSync, type Stats } from 'node:fs';
import { Server } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { SharedStore } from '../../../../src/index.ts';
import { processStore } from '../../../../src/state/process-store.ts';

type Order = {
  id: number;
  member: 'get' | 'set' | 'add' | 'publish' | 'subscribe' | 'end' | 'stall' | 'leads';
  args: unknown[];
};

const send = (message: unknown) => (parentPort ? parentPort.postMessage(message) : void process.send?.(message));
const store: SharedStore = processStore(workerData ?? JSON.parse(process.env.STORE ?? '{}'));
/** Its sockets, and where they were first. */
const sockets: { server: Server; path: string; file: Stats | undefined }[] = [];
const { listen } = Server.prototype;
Server.prototype.listen = function (this: Server, ...args: unknown[]) {
  const [{ path }] = args as [{ path: string }];
  // It may be gone again, where somebody else was quicker.
  const file = () => lstatSync(path, { throwIfNoEntry: false });
  this.once('listening', () => sockets.push({ server: this, path, file: file() }));
  return (listen as (...args: unknown[]) => Server).apply(this, args);
} as typeof listen;
/** It leads when one of them is in the place: there until somebody else takes it. */
const leads = () =>
  sockets.some(({ server, path, file }) => {
    const there = lstatSync(path.slice(0, -7), { throwIfNoEntry: false });
    return server.listening && there !== undefined && there.ino === file?.ino && there.mtimeMs === file.mtimeMs;
  });
const ends = new Map<unknown, () => unknown>();

async function run({ member, args }: Order): Promise<unknown> {
  if (member === 'subscribe') {
    const [mark, channel] = args as [number, string];
    const hear = (message: string) => {
      send({ mark, message });
      throw new Error('every listener here throws, which hurts nobody');
    };
    ends.set(mark, await store.subscribe(channel, hear));
    return undefined;
  }
  if (member === 'leads') return leads();
  if (member === 'end') return ends.get(args[0])?.();
  if (member === 'stall') for (const until = performance.now() + Number(args[0]); performance.now() < until; );
  if (member === 'stall') return undefined;
  return (store[member] as (...args: unknown[]) => unknown)(...args);
}

async function obey(order: Order): Promise<void> {
  try {
    send({ id: order.id, value: (await run(order)) ?? undefined });
  } catch (error) {
    send({ id: order.id, error: String(error) });
  }
}

if (parentPort) parentPort.on('message', obey);
else process.on('message', (order) => void obey(order as Order));
send({ ready: true });
