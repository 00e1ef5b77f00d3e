// Stores in files for tests, each in a folder of its own; and whether this Node has what they need.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterAll, describe } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import type { LocalStore } from '../../../src/gateway/store/gateway-store.ts';
import { sqliteGatewayStore } from '../../../src/gateway/store/sqlite/sqlite-gateway-store.ts';
import { storeProblem } from '../../../src/gateway/store/store-needs.ts';

/** Why stores in files cannot be tested here; `undefined` = they can. */
export const lacking = storeProblem({ store: { path: 'x' } }, process.versions.node);

/** Tests of stores in files; skipped, with the reason, where Node has no SQLite. */
export function describeSqlite(name: string, tests: () => void): void {
  describe.skipIf(lacking !== undefined)(lacking === undefined ? name : `${name} (${lacking})`, tests);
}

const root = mkdtempSync(join(tmpdir(), 'gateway-store-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let files = 0;

/** A folder of its own. */
export const newFolder = (): string => mkdtempSync(join(root, 'f-'));

/** The path of a store that is not there yet. */
export function newPath(): string {
  files += 1;
  return join(newFolder(), `store-${files}.db`);
}

/** A plain connection. */
export const database = (path: string): DatabaseSync =>
  new (process.getBuiltinModule('node:sqlite').DatabaseSync)(path);

/** Opens the store at a path. */
export const openStore = (path = newPath(), clock?: Clock, env: Record<string, string> = {}): LocalStore =>
  sqliteGatewayStore({ path, env, clock });
