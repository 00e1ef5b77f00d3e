// What the store keeps secret, and by which key; and what it says when that key is not there.
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { memoryGatewayStore } from '../../../src/gateway/store/memory-gateway-store.ts';
import { newClientKey } from '../../../src/gateway/store/new-client-key.ts';
import { encryptionKey } from '../../../src/gateway/store/sqlite/encryption-key.ts';
import { Seal } from '../../../src/gateway/store/sqlite/seal.ts';
import { systemClock } from '../../../src/index.ts';
import { database, describeSqlite, newPath, openStore } from './open-store.ts';
import { callOf } from './store-contract.ts';

const HEX = 'ab'.repeat(32);
const BASE64 = Buffer.alloc(32, 7).toString('base64');
const PHRASE = 'correct horse battery staple';
const SECRETS = ['sk-live-4f9c2d71e8', 'Bearer hidden-in-a-header', 'user:pass-in-url'];

const endpoints = {
  east: {
    apiKey: SECRETS[0],
    baseURL: `https://${SECRETS[2]}@api.example.com/v1`,
    defaultHeaders: { authorization: SECRETS[1] },
  },
};

/** Every byte that stands on disk. */
const onDisk = (path: string) =>
  ['', '-wal', '-shm', '.key'].filter((end) => existsSync(path + end)).map((end) => readFileSync(path + end));

describeSqlite('secrets at rest', () => {
  it.each<[string, Record<string, string>]>([
    ['a key file', {}],
    ['a key of the environment', { LBO_ENCRYPTION_KEY: HEX }],
    ['a pass phrase', { LBO_ENCRYPTION_KEY: PHRASE }],
  ])('are not on disk, encrypted with %s, and are read again', (_, env) => {
    const path = newPath();
    const store = openStore(path, undefined, env);
    store.config.write({ endpoints });
    store.config.write({ endpoints: { gone: { apiKey: SECRETS[0] } } });
    store.config.write({ endpoints: { gone: null } });
    const { key, stored } = newClientKey({ name: 'team', limits: {} }, systemClock);
    store.keys.add(stored);
    store.calls.record(callOf());
    store.calls.page({});
    // With the write-ahead log, and after it went into the file.
    const before = onDisk(path);
    store.close();
    for (const look of [before, onDisk(path)])
      for (const secret of [...SECRETS, key, key.slice(7), 'ab'.repeat(32), PHRASE])
        for (const bytes of look) expect(bytes.includes(secret as string)).toBe(false);
    const again = openStore(path, undefined, env);
    expect(again.config.read().endpoints).toEqual(endpoints);
    again.close();
    expect(existsSync(`${path}.key`)).toBe(Object.keys(env).length === 0);
  });

  it('are kept by files that only their owner can read', () => {
    const path = newPath();
    const store = openStore(path);
    store.config.write({ endpoints });
    for (const end of ['', '-wal', '-shm', '.key'])
      expect([end, statSync(path + end).mode & 0o777]).toEqual([end, 0o600]);
    store.close();
    chmodSync(`${path}.key`, 0o640);
    const open = openStore(path);
    expect(() => open.config.read()).toThrow(`chmod 600 ${path}.key`);
    // What needs no key goes on.
    expect(open.keys.list()).toEqual([]);
    open.close();
  });

  it.each<[string, Record<string, string>, Record<string, string>, (path: string) => void, RegExp]>([
    [
      'another key',
      { LBO_ENCRYPTION_KEY: HEX },
      { LBO_ENCRYPTION_KEY: BASE64 },
      () => {},
      /encrypted with another key than that of LBO_ENCRYPTION_KEY/,
    ],
    [
      'another phrase',
      { LBO_ENCRYPTION_KEY: PHRASE },
      { LBO_ENCRYPTION_KEY: `${PHRASE}!` },
      () => {},
      /another key than that of LBO_ENCRYPTION_KEY, a pass phrase/,
    ],
    [
      'no key file',
      {},
      {},
      (path) => rmSync(`${path}.key`),
      /is missing: set LBO_ENCRYPTION_KEY, or put the key file back to .*\.key/,
    ],
    [
      'another key file',
      {},
      {},
      (path) => writeFileSync(`${path}.key`, HEX),
      /another key than that of the key file .*\.key/,
    ],
    ['a key file that is none', {}, {}, (path) => writeFileSync(`${path}.key`, 'x'), /holds no key of 32 bytes in hex/],
    [
      'a short phrase',
      {},
      { LBO_ENCRYPTION_KEY: 'secret' },
      () => {},
      /too short: give 32 bytes as hex or base64 \(openssl rand -hex 32\)/,
    ],
  ])('stay closed with %s, and the message says what to do and nothing secret', (_, before, after, change, says) => {
    const path = newPath();
    const store = openStore(path, undefined, before);
    store.config.write({ endpoints });
    store.close();
    change(path);
    const again = openStore(path, undefined, after);
    let said = '';
    try {
      again.config.read();
    } catch (error) {
      said = String((error as Error).stack);
    }
    expect(said).toMatch(says);
    for (const secret of [HEX, BASE64, PHRASE, ...SECRETS]) expect(said).not.toContain(secret);
    expect(() => again.config.write({ endpoints: {} })).toThrow(says);
    again.close();
  });

  it.each<[string, Record<string, string>, (path: string) => Record<string, string>]>([
    ['a key', { LBO_ENCRYPTION_KEY: HEX }, () => ({ LBO_ENCRYPTION_KEY: BASE64, LBO_ENCRYPTION_KEY_PREVIOUS: HEX })],
    [
      'a pass phrase',
      { LBO_ENCRYPTION_KEY: PHRASE },
      () => ({ LBO_ENCRYPTION_KEY: `${PHRASE}!`, LBO_ENCRYPTION_KEY_PREVIOUS: PHRASE }),
    ],
    [
      'a key file',
      {},
      (path) => ({ LBO_ENCRYPTION_KEY: HEX, LBO_ENCRYPTION_KEY_PREVIOUS: readFileSync(`${path}.key`, 'utf8') }),
    ],
  ])('made with %s are given another one, and are closed to the one before', (_, before, both) => {
    const path = newPath();
    const store = openStore(path, undefined, before);
    store.config.write({ endpoints, groups: { g: { endpoints: [{ endpoint: 'east' }] } }, drained: ['east'] });
    const all = store.config.read();
    expect(store.rekey?.()).toBe(false);
    const env = both(path);
    const next = openStore(path, undefined, env);
    // Read and written by the key before, as long as it was not given the other one.
    expect(next.config.read()).toEqual(all);
    next.config.write({ endpoints: { west: { apiKey: 'sk-west' } } });
    expect(store.config.read().endpoints.west).toEqual({ apiKey: 'sk-west' });
    next.config.write({ endpoints: { west: null } });
    expect(next.rekey?.()).toBe(true);
    expect(next.rekey?.()).toBe(false);
    expect(next.config.read()).toEqual(all);
    // A process that has only the key before neither reads nor writes any more, and says why.
    const says =
      /another key than that of .*To give it a new key, start with the old one as LBO_ENCRYPTION_KEY_PREVIOUS/;
    expect(() => store.config.read()).toThrow(says);
    expect(() => store.config.write({ drained: [] })).toThrow(says);
    store.close();
    next.close();
    const { LBO_ENCRYPTION_KEY: present } = env;
    const last = openStore(path, undefined, { LBO_ENCRYPTION_KEY: present as string });
    expect(last.config.read()).toEqual(all);
    last.close();
  });

  it('are told apart from those of a third key, and stay whole where one of them is damaged', () => {
    const path = newPath();
    const store = openStore(path, undefined, { LBO_ENCRYPTION_KEY: HEX });
    store.config.write({ endpoints: { east: { apiKey: 'sk-east' }, west: { apiKey: 'sk-west' } } });
    store.close();
    const third = openStore(path, undefined, { LBO_ENCRYPTION_KEY: BASE64, LBO_ENCRYPTION_KEY_PREVIOUS: PHRASE });
    expect(() => third.rekey?.()).toThrow(
      /another key than that of LBO_ENCRYPTION_KEY, and than that of LBO_ENCRYPTION_KEY_PREVIOUS/,
    );
    third.close();
    const db = database(path);
    const everything = () => db.prepare('SELECT * FROM config, secret').all();
    db.exec("UPDATE config SET value = zeroblob(64) WHERE name = 'west'");
    const before = everything();
    const next = openStore(path, undefined, { LBO_ENCRYPTION_KEY: BASE64, LBO_ENCRYPTION_KEY_PREVIOUS: HEX });
    expect(() => next.rekey?.()).toThrow(/its entry 'west' cannot be read/);
    expect(everything()).toEqual(before);
    next.close();
    db.close();
  });

  it('cannot be changed, nor put in the place of others', () => {
    const path = newPath();
    const store = openStore(path);
    store.config.write({ endpoints: { east: { apiKey: 'sk-east' }, west: { apiKey: 'sk-west' } } });
    store.close();
    const swap = (sql: string) => {
      const db = database(path);
      db.exec(sql);
      db.close();
      const again = openStore(path);
      try {
        return again.config.read();
      } finally {
        again.close();
      }
    };
    const other = "(SELECT value FROM config WHERE name = 'west')";
    expect(() => swap(`UPDATE config SET value = ${other} WHERE name = 'east'`)).toThrow(
      "its entry 'east' cannot be read",
    );
    expect(() => swap("UPDATE config SET value = x'00' WHERE name = 'east'")).toThrow(
      "its entry 'east' cannot be read",
    );
    expect(Object.keys(swap("DELETE FROM config WHERE name = 'east'").endpoints)).toEqual(['west']);
  });
});

it('a memory store keeps none on disk', () => {
  const store = memoryGatewayStore();
  store.config.write({ endpoints });
  expect(store.config.read().endpoints).toEqual(endpoints);
});

it.each([
  [HEX, 'ab'.repeat(32)],
  [HEX.toUpperCase(), 'ab'.repeat(32)],
  [BASE64, '07'.repeat(32)],
  [BASE64.replace('=', ''), '07'.repeat(32)],
  [Buffer.alloc(32, 251).toString('base64url'), 'fb'.repeat(32)],
])('a key of the environment may be written as %s', (text, hex) => {
  const { key } = encryptionKey('x', { LBO_ENCRYPTION_KEY: ` ${text}\n` }, Buffer.alloc(16), true);
  expect(key.toString('hex')).toBe(hex);
});

it('a pass phrase makes another key with another salt', () => {
  const keys = [0, 1].map(
    (salt) => encryptionKey('x', { LBO_ENCRYPTION_KEY: PHRASE }, Buffer.alloc(16, salt), true).key,
  );
  expect(keys[0]?.equals(keys[1] as Buffer)).toBe(false);
  expect(keys[0]?.equals(createHash('sha256').update(PHRASE).digest())).toBe(false);
});

it('what is sealed twice looks different, and opens only where it stood', () => {
  const seal = new Seal(Buffer.alloc(32, 1));
  const [one, other] = [seal.close('text ✓', 'a'), seal.close('text ✓', 'a')];
  expect(Buffer.from(one).equals(other)).toBe(false);
  expect(seal.open(one, 'a')).toBe('text ✓');
  expect(() => seal.open(one, 'b')).toThrow();
  one[one.length - 1] = (one.at(-1) as number) ^ 1;
  expect(() => seal.open(one, 'a')).toThrow();
});
