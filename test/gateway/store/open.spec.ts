// Files that a store is opened on: its own of any age, somebody else's, broken ones, and none at all.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { StoreFailure } from '../../../src/gateway/store/gateway-store.ts';
import { migrate, schemaSteps } from '../../../src/gateway/store/sqlite/schema.ts';
import { database, describeSqlite, newFolder, newPath, openStore } from './open-store.ts';
import { callOf, keyOf } from './store-contract.ts';

const changed = (path: string, sql: string) => {
  const db = database(path);
  db.exec(sql);
  db.close();
};

function failure(path: string): string {
  try {
    openStore(path).close();
    return 'opened';
  } catch (error) {
    expect(error).toBeInstanceOf(StoreFailure);
    return (error as Error).message;
  }
}

describeSqlite('opening a file', () => {
  it('keeps everything from one time to the next', () => {
    const path = newPath();
    const first = openStore(path);
    const [key, call] = [keyOf('team'), callOf({ at: Date.now() })];
    first.keys.add(key);
    first.config.write({ groups: { fast: { strategy: 'least-busy' } }, drained: ['a'] });
    first.calls.record(call);
    first.close();
    const second = openStore(path);
    expect(second.keys.list()).toEqual([key]);
    expect(second.config.read()).toEqual({
      endpoints: {},
      groups: { fast: { strategy: 'least-busy' } },
      drained: ['a'],
    });
    expect(second.calls.page({}).calls).toEqual([call]);
    expect(second.calls.usage({ by: ['key'] })).toMatchObject([{ key: 'team-a', calls: 1, tokensIn: 10 }]);
    second.close();
    // Once more changes nothing, and what comes after the end is not taken.
    second.close();
    second.calls.record(call);
  });

  it('refuses what is no database, what is damaged, what is somebody else’s and what is newer', () => {
    const text = newPath();
    writeFileSync(text, 'endpoints: []\n'.repeat(500));
    expect(failure(text)).toMatch(/cannot be used: it is no database\. Move it away/);
    expect(readFileSync(text, 'utf8')).toMatch(/^endpoints/);

    const foreign = newPath();
    changed(foreign, 'CREATE TABLE theirs (x)');
    expect(failure(foreign)).toBe(`${foreign} is the database of another program. Choose another file.`);

    const newer = newPath();
    openStore(newer).close();
    changed(newer, 'PRAGMA user_version = 99');
    expect(failure(newer)).toMatch(/was written by a newer version \(schema 99; this one knows \d\)/);

    const damaged = newPath();
    const store = openStore(damaged);
    for (let at = 0; at < 500; at += 1) store.calls.record(callOf());
    store.close();
    const bytes = readFileSync(damaged);
    writeFileSync(damaged, bytes.fill(0x5a, 8_192, bytes.byteLength - 4_096));
    expect(failure(damaged)).toMatch(/damaged.*Move it away to begin with an empty one/s);
  });

  it('refuses places where nothing can be', () => {
    const folder = newFolder();
    mkdirSync(join(folder, 'is-a-folder'));
    expect(failure(join(folder, 'is-a-folder'))).toMatch(/cannot be opened: it is a folder/);
    expect(failure(join(folder, 'nowhere', 'x.db'))).toMatch(
      /The folder .*nowhere of the store does not exist; make it/,
    );
  });

  it('waits for another process that is just making it', () => {
    const path = newPath();
    const [one, other] = [openStore(path), openStore(path)];
    one.config.write({ endpoints: { a: { apiKey: 'sk-1' } } });
    expect(other.config.read().endpoints).toEqual({ a: { apiKey: 'sk-1' } });
    for (const store of [one, other]) store.close();
  });
});

describeSqlite('a schema', () => {
  const steps = [...schemaSteps, 'ALTER TABLE call ADD COLUMN region TEXT', 'CREATE TABLE extra (x)'];
  const versionOf = (db: DatabaseSync) => db.prepare('PRAGMA user_version').get()?.user_version;

  it('is brought to its newest version step by step, with all that stands in it', () => {
    const path = newPath();
    const store = openStore(path);
    store.calls.record(callOf());
    store.close();
    const db = database(path);
    migrate(db, path, steps);
    expect(versionOf(db)).toBe(steps.length);
    expect(db.prepare('SELECT model, region FROM call').all()).toMatchObject([{ model: 'gpt-5', region: null }]);
    migrate(db, path, steps);
    db.close();
    expect(failure(path)).toContain('newer version');
  });

  it('keeps the usage of a file that was made before callers’ errors were counted', () => {
    const path = newPath();
    const old = database(path);
    migrate(old, path, schemaSteps.slice(0, 1));
    old.exec("INSERT INTO usage VALUES ('2030-01-31', 'team-a', 'gpt-5', 'east', 9, 2, 10, 5, 4, 0.5)");
    old.close();
    const store = openStore(path);
    expect(store.calls.usage({ by: ['key'] })).toMatchObject([{ key: 'team-a', calls: 9, failed: 2, callerErrors: 0 }]);
    store.close();
  });

  it('is left as it was by a step that fails', () => {
    const path = newPath();
    openStore(path).close();
    const db = database(path);
    expect(() => migrate(db, path, [...steps, 'CREATE TABLE call (x)'])).toThrow(/already exists/);
    expect(versionOf(db)).toBe(schemaSteps.length);
    expect(db.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'extra'").get()).toMatchObject({ n: 0 });
    db.close();
    openStore(path).close();
  });
});
