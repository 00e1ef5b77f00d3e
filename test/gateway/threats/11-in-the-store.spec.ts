// Threat T11 where there is a query: whatever stands in a call, a key or a search of the log is a value that is bound, never a part of
// a statement.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { faultServer } from '../../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';
import { database, describeSqlite, newPath, openStore } from '../store/open-store.ts';

const EVIL = [
  "' OR '1'='1",
  "'; DROP TABLE call; --",
  '" OR ""="',
  "x' UNION SELECT value, value, value, value, value, value, value FROM config --",
  '%',
  '_',
  '%'.repeat(1_000),
  '?',
  ':name',
  '\\',
  '*',
];

describeSqlite('T11: a store in a file', () => {
  it('keeps every such text as it is, finds it as it is, and finds nothing else by it', async () => {
    const path = newPath();
    const store = openStore(path);
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith(
      {
        endpoints: [endpointOf(a)],
        adminKeys: [{ name: 'boss', key: 'ak-boss' }],
        clientKeys: [{ name: 'app', key: 'ck-app' }],
      },
      { store },
    );
    const admin = { authorization: 'Bearer ak-boss', 'content-type': 'application/json' };
    const client = { authorization: 'Bearer ck-app', 'content-type': 'application/json' };
    const asked = async (where: string) =>
      (await gateway.get(where, { headers: admin })).json() as Promise<{ calls?: { model: string }[] }>;
    for (const evil of EVIL) {
      const url = encodeURIComponent(evil);
      const wrong = await gateway.get('/v1/models', { headers: { authorization: `Bearer ${evil}` } });
      expect([evil, wrong.status]).toEqual([evil, 401]);
      await (await gateway.get('/v1/chat/completions', { ...chat(evil), headers: client })).text();
      const body = JSON.stringify({ name: evil });
      expect((await gateway.get('/admin/keys', { method: 'POST', headers: admin, body })).status).toBe(
        /^[\w.@-]{1,64}$/.test(evil) ? 201 : 422,
      );
      expect((await gateway.get(`/admin/keys/${url}`, { method: 'DELETE', headers: admin })).status).toBe(404);
      for (const field of ['endpoint', 'key', 'status', 'before', 'limit']) {
        const { status } = await gateway.get(`/admin/log?${field}=${url}`, { headers: admin });
        expect([field, evil, [200, 400, 422].includes(status)]).toEqual([field, evil, true]);
      }
      expect((await gateway.get(`/admin/usage?by=${url}`, { headers: admin })).status).toBeGreaterThanOrEqual(400);
    }
    for (const evil of EVIL) {
      const { calls = [] } = await asked(`/admin/log?limit=100&model=${encodeURIComponent(evil)}`);
      // What is kept of a name is its beginning.
      expect([evil, calls.map(({ model }) => model).filter((model) => !evil.startsWith(model))]).toEqual([evil, []]);
    }
    expect((await asked('/admin/log?limit=100')).calls?.length).toBeGreaterThanOrEqual(EVIL.length);
    const tables = database(path).prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'call'").get() as {
      n: number;
    };
    expect(tables.n).toBe(1);
  });

  it('has no statement with anything in it that comes from elsewhere', () => {
    const folder = new URL('../../../src/gateway/store/sqlite/', import.meta.url);
    for (const name of readdirSync(folder)) {
      const source = readFileSync(new URL(name, folder), 'utf8');
      for (const [statement] of source.matchAll(/`[^`]*\b(SELECT|INSERT|UPDATE|DELETE|PRAGMA)\b[^`]*`/g)) {
        const parts = [...statement.matchAll(/\$\{([^}]*)\}/g)].map(([, part]) => part);
        // Names of columns and conditions of this file's own tables, and numbers that are constants.
        for (const part of parts)
          expect([name, part]).toEqual([
            name,
            expect.stringMatching(
              /^(where\.join\(' AND '\)|columns|key === undefined \? '' : ' AND key = \?'|PATIENCE\.\w+|steps\.length|[A-Z_]+(\.\w+)?)$/,
            ),
          ]);
      }
    }
  });
});
