// The store of one app's processes: who may use it, who shares it with whom, what it costs the process, what is said when it is
// used in a wrong way or cannot work.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, LoadBalancedOpenAI, processStore } from '../../src/index.ts';
import { PROTOCOL } from '../../src/state/process/frame.ts';
import { recordEvents } from '../../src/testing/index.ts';
import { remoteMember, socketFolder } from './process/remote-member.ts';

const HOUR = 3_600_000;
const me = process.geteuid?.();
const inside = (folder: string) => join(folder, `lbo-${me}`);
const sockets = (folder: string) => readdirSync(inside(folder));
const stores = (path: string, count: number) =>
  Array.from({ length: count }, (_, i) => processStore({ name: `app-${i}`, folder: path }));

describe('options', () => {
  it.each<[options: unknown, words: RegExp]>([
    ['my-app', /options must be an object such as \{ name: 'my-app' \}, got a text/],
    [null, /got null/],
    [{ names: 'a' }, /'names' is no option; there are name and folder/],
    [{ name: 7 }, /name must be a text, got a number/],
    [{ name: '' }, /name is empty/],
    [{ folder: 'run' }, /folder must be an absolute path, got 'run'/],
    [{ folder: '/a\0b' }, /folder has a zero byte/],
    [{ folder: `/${'long/'.repeat(20)}` }, /folder is too long: .* at most \d+ bytes/],
  ])('%j is refused', (options, words) => {
    const make = () => processStore(options as never);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(words);
  });

  it('the same ones give the same store; another name is another app', async () => {
    using folder = socketFolder();
    const [one, other] = stores(folder.path, 2);
    expect(processStore({ name: 'app-0', folder: folder.path })).toBe(one);
    await one!.set('key', 'of one', HOUR);
    expect(await other!.get('key')).toBeNull();
    expect(sockets(folder.path)).toHaveLength(2);
  });

  it('who speaks the first form of frames meets elsewhere', async () => {
    using folder = socketFolder();
    await stores(folder.path, 1)[0]!.get('key');
    const [one, other] = [1, PROTOCOL].map((spoken) =>
      createHash('sha256')
        .update(JSON.stringify([spoken, 'name', 'app-0']))
        .digest('base64url')
        .slice(0, 16),
    );
    expect([sockets(folder.path), one === other]).toEqual([[other], false]);
  });

  it('opens nothing before it is used', () => {
    using folder = socketFolder();
    stores(folder.path, 1);
    expect(existsSync(inside(folder.path))).toBe(false);
  });
});

describe('what is asked in a wrong way is refused, and the store goes on', () => {
  it.each<[what: string, ask: (store: ReturnType<typeof processStore>) => unknown, words: RegExp]>([
    ['a key that is no text', (store) => store.get(7 as never), /the key must be a text, got a number/],
    ['a value that is no text', (store) => store.set('a', {} as never, 1), /the value must be a text, got an? object/],
    ['a ttl without end', (store) => store.set('a', 'b', Number.POSITIVE_INFINITY), /ttl must be a number/],
    ['no number', (store) => store.add('a', Number.NaN, 1), /n must be a number, got NaN/],
    ['a text of 300,000 letters', (store) => store.publish('a', 'x'.repeat(300_000)), /300000 letters; 262144 are/],
  ])('%s', async (_, ask, words) => {
    using folder = socketFolder();
    const [store] = stores(folder.path, 1);
    await expect(ask(store!)).rejects.toThrow(words);
    await store!.set('key', 'value', HOUR);
    expect(await store!.get('key')).toBe('value');
  });
});

describe('other users', () => {
  it('can open neither the folder nor the socket', async () => {
    using folder = socketFolder();
    const [store] = stores(folder.path, 1);
    await store!.get('key');
    expect(statSync(inside(folder.path)).mode & 0o777).toBe(0o700);
    const [socket] = sockets(folder.path);
    expect(statSync(join(inside(folder.path), socket!)).mode & 0o777).toBe(0o600);
  });

  it.runIf(me === 0)('are refused by the system', async () => {
    using folder = socketFolder();
    chmodSync(folder.path, 0o755);
    const [store] = stores(folder.path, 1);
    await store!.get('key');
    const path = join(inside(folder.path), sockets(folder.path)[0]!);
    const script = `process.setuid(65534); require('node:net').connect(${JSON.stringify(path)}).on('connect', () => console.log('in')).on('error', (error) => console.log(error.code))`;
    expect(execFileSync(process.execPath, ['-e', script]).toString().trim()).toBe('EACCES');
  });

  it('who has opened the folder to others, or put something else there, is told so', async () => {
    const bad: [RegExp, (path: string) => void][] = [
      [/is open to other users: chmod 700 it/, (path) => mkdirSync(path, { mode: 0o755 })],
      [/is no folder: remove it/, (path) => writeFileSync(path, '')],
      [/is no folder: remove it/, (path) => symlinkSync('/tmp', path)],
    ];
    for (const [words, spoil] of bad) {
      using folder = socketFolder();
      spoil(inside(folder.path));
      const [store] = stores(folder.path, 1);
      await expect(store!.get('key')).rejects.toThrow(words);
    }
  });
});

describe('where no socket can be made', () => {
  it('says what to do when the folder is a file', async () => {
    using folder = socketFolder();
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    const store = processStore({ name: 'file', folder: file });
    await expect(store.get('key')).rejects.toThrow(/cannot be made \(ENOTDIR\): give a folder that exists/);
  });

  it('calls go on, the event says why, and it works as soon as it can', async () => {
    using folder = socketFolder();
    const gone = join(folder.path, 'gone');
    const store = processStore({ name: 'gone', folder: gone });
    await expect(store.get('key')).rejects.toThrow(/cannot be made \(ENOENT\): give a folder that exists/);
    // Asked again at once, it does not look again.
    mkdirSync(gone);
    await expect(store.get('key')).rejects.toThrow(/ENOENT/);
    await expect.poll(() => Promise.resolve(store.get('key')).catch(() => 'not yet'), { timeout: 5_000 }).toBe(null);
  });

  it('the client says so by its usual event', async () => {
    using folder = socketFolder();
    const store = processStore({ name: 'event', folder: join(folder.path, 'none') });
    const fetch = async () =>
      Response.json({ id: 'resp_1', object: 'response', status: 'completed', output: [], model: 'gpt-5' });
    await using client = new LoadBalancedOpenAI([{ name: 'a', apiKey: 'sk-a', fetch }], { store });
    const recorder = recordEvents(client);
    await client.responses.create({ model: 'gpt-5', input: 'hi' });
    const { reason } = await recorder.until('store-degraded');
    expect(reason).toMatch(/cannot be made \(ENOENT\)/);
  });
});

describe('strangers on the socket', () => {
  const opened = (path: string) =>
    new Promise<Socket>((resolve) => {
      const socket = connect(path, () => resolve(socket));
    });
  const ended = (socket: Socket) =>
    new Promise((resolve) =>
      socket
        .on('error', () => undefined)
        .once('close', resolve)
        .resume(),
    );

  it.each<[what: string, bytes: string | Buffer]>([
    ['no JSON', 'GET / HTTP/1.1\r\n\r\n'],
    ['no frame', '{"a":1}\n'],
    ['a wish before a greeting', '["s",1,"key","worse",1000]\n'],
    ['another protocol', '["hi",99,"me",0,[]]\n'],
    ['a greeting that is none', `["hi",${PROTOCOL},7,0,[]]\n`],
    ['a wish that is none', `["hi",${PROTOCOL},"me",0,[]]\n["?",1,"key"]\n`],
    ['a record that is none', `["hi",${PROTOCOL},"me",0,[]]\n["k","key",7,1,1]\n`],
    ['a number that is none', `["hi",${PROTOCOL},"me",0,[]]\n["a",1,"key",null,1000]\n`],
    ['a line without end', Buffer.alloc(5_000_000, 'x')],
    ['bytes of no text', Buffer.from([0xff, 0xfe, 0x00, 0x0a])],
  ])('%s: cut off, and nothing is changed', async (_, bytes) => {
    using folder = socketFolder();
    await using member = await remoteMember('fork', { name: 'hostile', folder: folder.path });
    await member.store.set('key', 'value', HOUR);
    const socket = await opened(join(inside(folder.path), sockets(folder.path)[0]!));
    const end = ended(socket);
    socket.write(bytes);
    await end;
    expect(await member.store.get('key')).toBe('value');
  });

  it('who says nothing is sent away after a while', async () => {
    using folder = socketFolder();
    await using member = await remoteMember('fork', { name: 'mute', folder: folder.path });
    await member.store.get('key');
    await ended(await opened(join(inside(folder.path), sockets(folder.path)[0]!)));
  });

  it('who listens and never reads costs bounded memory, and holds nobody up', async () => {
    using folder = socketFolder();
    await using member = await remoteMember('fork', { name: 'stuck', folder: folder.path });
    await member.store.get('key');
    const socket = await opened(join(inside(folder.path), sockets(folder.path)[0]!));
    socket.on('error', () => undefined).pause();
    socket.write(`["hi",${PROTOCOL},"stuck",0,["news"]]\n`);
    const message = 'x'.repeat(200_000);
    let published = 0;
    // 8 MiB may wait for it, and what the system keeps beside that.
    for (; published < 100; published++) await member.store.publish('news', message);
    const end = ended(socket);
    socket.resume();
    await end;
    expect(published).toBe(100);
    expect(socket.bytesRead).toBeLessThan(16_000_000);
  });
});

describe('the process', () => {
  const script = fileURLToPath(new URL('./process/children/ends.ts', import.meta.url));
  const run = (folder: string, what: string) =>
    JSON.parse(
      execFileSync(process.execPath, [script, JSON.stringify({ name: 'ends', folder }), what], {
        timeout: 20_000,
      }).toString(),
    ) as { ms: number };

  it('ends by itself when it leads, and leaves no file', () => {
    using folder = socketFolder();
    run(folder.path, 'once');
    expect(sockets(folder.path)).toEqual([]);
  });

  it('ends by itself when another one leads', async () => {
    using folder = socketFolder();
    await using member = await remoteMember('fork', { name: 'ends', folder: folder.path });
    await member.store.set('told', 'x', HOUR);
    run(folder.path, 'once');
    expect(await member.store.get('said')).toBe('at the end');
    expect(sockets(folder.path)).toHaveLength(1);
  });

  it('replaces what a killed one has left', async () => {
    using folder = socketFolder();
    const options = { name: 'ends', folder: folder.path };
    const member = await remoteMember('fork', options);
    await member.store.get('key');
    await member.kill();
    expect(sockets(folder.path)).toHaveLength(1);
    run(folder.path, 'once');
    expect(sockets(folder.path)).toEqual([]);
  });

  it('goes on sharing after its files were removed', async () => {
    using folder = socketFolder();
    const options = { name: 'swept', folder: folder.path };
    await using one = await remoteMember('fork', options);
    await using other = await remoteMember('thread', options);
    await one.store.set('key', 'value', HOUR);
    expect(await other.store.get('key')).toBe('value');
    rmSync(inside(folder.path), { recursive: true });
    await pause(1_200);
    expect(await other.store.get('key')).toBe('value');
    await other.store.set('key', 'after', HOUR);
    expect(await one.store.get('key')).toBe('after');
  });

  it('keeps 200,000 keys, and those who join later know them', { timeout: 60_000 }, async () => {
    using folder = socketFolder();
    const options = { name: 'many', folder: folder.path };
    const store = processStore(options);
    await store.get('key');
    for (let i = 0; i < 200_010; i++) void store.set(`key-${i}`, 'x', HOUR);
    expect(await store.get('key-9')).toBeNull();
    expect(await store.get('key-200009')).toBe('x');
    await using other = await remoteMember('thread', options);
    expect(await other.store.get('key-10')).toBe('x');
    expect(await other.store.get('key-9')).toBeUndefined();
  });
});
