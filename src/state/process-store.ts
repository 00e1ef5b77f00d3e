/**
 * A store for the worker threads and processes of one app on one machine, without a server. Why a socket of their own and
 * neither `BroadcastChannel` nor `process.send`: those reach threads only, or need code in the primary; this is one way for all.
 */
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, sep } from 'node:path';
import { plain, quoted } from '../call/describe.ts';
import { systemClock } from '../clock.ts';
import { ConfigurationError } from '../errors.ts';
import { CHANNELS, LONGEST_TEXT, PROTOCOL } from './process/frame.ts';
import { Member } from './process/member.ts';
import { Place } from './process/place.ts';
import type { SharedStore } from './shared-store.ts';

/** What `processStore` may be told. */
export interface ProcessStoreOptions {
  /**
   * Who shares: all processes and threads of this user and machine with the same name. Name it where the processes of one app
   * are started from different packages or folders, or different apps from the same one.
   * @default made of the package of the program, that of the working folder, and `NODE_ENV`
   */
  readonly name?: string | undefined;
  /** A folder for the socket: any that is there for all of them and can be written to. @default that for temporary files */
  readonly folder?: string | undefined;
}

/** One for each place and thread. */
const stores = new Map<string, SharedStore>();

function problem(path: string, message: string): never {
  throw new ConfigurationError('invalid_value', `processStore(): ${path} ${message}.`, [{ path, message }]);
}

const kindOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'an array'
      : typeof value === 'string'
        ? 'a text'
        : `a ${typeof value}`;

function check(options: unknown): asserts options is ProcessStoreOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    problem('options', `must be an object such as { name: 'my-app' }, got ${kindOf(options)}`);
  for (const [key, value] of Object.entries(options)) {
    if (key !== 'name' && key !== 'folder') problem(quoted(key), 'is no option; there are name and folder');
    if (value === undefined) continue;
    if (typeof value !== 'string') problem(key, `must be a text, got ${kindOf(value)}`);
    if (value === '') problem(key, 'is empty; give one, or leave it out');
    if (value.includes('\0')) problem(key, 'has a zero byte in it');
    if (key === 'folder' && !isAbsolute(value)) problem(key, `must be an absolute path, got ${quoted(value)}`);
  }
}

/** The nearest folder upwards that has a package.json; beside the outermost `node_modules` when there is one. */
function packageOf(path: string): string {
  const outside = path.split(`${sep}node_modules${sep}`)[0] as string;
  for (let folder = outside; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) return outside;
  }
}

/** What the processes and threads of one app have in common. */
function appOf(): string[] {
  const { 1: script = '' } = process.argv;
  let folder = '';
  try {
    folder = process.cwd();
  } catch {
    // It was removed.
  }
  const program = isAbsolute(script) && existsSync(script) ? packageOf(dirname(realpathSync(script))) : '';
  return [program, folder && packageOf(folder), process.env.NODE_ENV ?? ''];
}

const text = (what: string, value: string): string => {
  if (typeof value !== 'string') throw new TypeError(`processStore: the ${what} must be a text, got ${kindOf(value)}`);
  if (value.length <= LONGEST_TEXT) return value;
  throw new RangeError(`processStore: the ${what} has ${value.length} letters; ${LONGEST_TEXT} are the limit`);
};
const number = (what: string, value: number): number => {
  if (Number.isFinite(value)) return value;
  throw new TypeError(`processStore: ${what} must be a number, got ${plain(String(value))}`);
};

/** The store of a member. */
function storeOf(member: Member): SharedStore {
  return {
    get: async (key) => (await member.ask('g', text('key', key))) as string | null,
    set: async (key, value, ttl) => member.ask('s', text('key', key), text('value', value), number('ttl', ttl)),
    add: async (key, n, ttl) => (await member.ask('a', text('key', key), number('n', n), number('ttl', ttl))) as number,
    publish: async (channel, message) => member.ask('p', text('channel', channel), text('message', message)),
    async subscribe(channel, listener) {
      const { channels } = member;
      if (!channels.has(text('channel', channel)) && channels.names.length >= CHANNELS)
        throw new RangeError(`processStore: one process listens to at most ${CHANNELS} channels`);
      const remove = channels.add(channel, listener);
      const end = () => {
        remove();
        if (!channels.has(channel)) member.ask('-', channel).catch(() => undefined);
      };
      try {
        await member.ask('+', channel);
      } catch (error) {
        remove();
        throw error;
      }
      return end;
    },
  };
}

/**
 * A store that all worker threads, `cluster` workers and other processes of one app share, on one machine, for as long as one of
 * them runs. One of them leads and answers the others, through a socket that only this user can open; when it ends, is killed or
 * stands still, another one takes over with all that was answered so far: two others, or as many as there are, have said that
 * they know a change before it is answered, and nobody else leads while one of them lives. Who gets no processor time for 0.4 s is
 * not waited for, and counts again once it was told everything. So what was answered is lost only when all who know it are gone,
 * or give no sign for 2 s; until then questions wait, and are rejected after 2 s. At most 200,000 keys are kept. Nothing is opened
 * before the store is used, and it keeps no process from ending. The same options give the same store.
 *
 * Where no socket can be made, its promises are rejected: clients then go by what their own process knows and say so by the event
 * `store-degraded`.
 * @throws ConfigurationError when an option is wrong
 * @example new LoadBalancedOpenAI(endpoints, { store: processStore() })
 */
export function processStore(options: ProcessStoreOptions = {}): SharedStore {
  check(options);
  const { name, folder = tmpdir() } = options;
  const app = JSON.stringify([PROTOCOL, ...(name === undefined ? ['app', ...appOf()] : ['name', name])]);
  const place = new Place(folder, createHash('sha256').update(app).digest('base64url').slice(0, 16));
  if (options.folder !== undefined && place.tooLong)
    problem('folder', `is too long: with what is added, the path of a socket has at most ${place.tooLong} bytes`);
  const store = stores.get(place.path) ?? storeOf(new Member(systemClock, place));
  stores.set(place.path, store);
  return store;
}
