/** The tables of a store, step by step: a file of an older version goes through the steps that it has not seen, in one transaction. */
import type { DatabaseSync } from 'node:sqlite';
import { StoreFailure } from '../gateway-store.ts';

/** Says that a database is ours: `LBOG`. */
const APPLICATION_ID = 0x4c_42_4f_47;

/** What made each version out of the one before. Never changed once published; a new one is added at the end. */
export const schemaSteps: readonly string[] = [
  `CREATE TABLE secret (
     id INTEGER PRIMARY KEY CHECK (id = 1), salt BLOB NOT NULL, proof BLOB NOT NULL
   ) STRICT;
   CREATE TABLE config (
     kind TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, name)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE client_key (
     seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, digest TEXT NOT NULL UNIQUE, value TEXT NOT NULL
   ) STRICT;
   CREATE TABLE revision (what TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   INSERT INTO revision VALUES ('config', 0), ('keys', 0);
   CREATE TABLE call (
     seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, model TEXT, endpoint TEXT, key TEXT, status INTEGER NOT NULL, value TEXT NOT NULL
   ) STRICT;
   CREATE INDEX call_by_model ON call (model, seq);
   CREATE INDEX call_by_endpoint ON call (endpoint, seq);
   CREATE INDEX call_by_key ON call (key, seq);
   CREATE INDEX call_failed ON call (seq) WHERE status >= 400;
   CREATE TABLE usage (
     day TEXT NOT NULL, key TEXT NOT NULL, model TEXT NOT NULL, endpoint TEXT NOT NULL,
     calls INTEGER NOT NULL, failed INTEGER NOT NULL,
     tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, cached_in INTEGER NOT NULL, cost REAL NOT NULL,
     PRIMARY KEY (day, key, model, endpoint)
   ) STRICT, WITHOUT ROWID;`,
  'ALTER TABLE usage ADD COLUMN caller_errors INTEGER NOT NULL DEFAULT 0',
];

const numberOf = (db: DatabaseSync, sql: string): number =>
  Number(Object.values(db.prepare(sql).get() as Record<string, number>)[0]);

/**
 * Brings a database to the newest version.
 * @throws StoreFailure for one that is somebody else's, or newer; the error of SQLite.
 */
export function migrate(db: DatabaseSync, path: string, steps: readonly string[] = schemaSteps): void {
  const version = () => numberOf(db, 'PRAGMA user_version');
  const check = () => {
    const owner = numberOf(db, 'PRAGMA application_id');
    if (owner !== APPLICATION_ID && (owner !== 0 || numberOf(db, 'SELECT count(*) FROM sqlite_schema') > 0))
      throw new StoreFailure(`${path} is the database of another program. Choose another file.`);
    if (version() > steps.length)
      throw new StoreFailure(
        `${path} was written by a newer version (schema ${version()}; this one knows ${steps.length}). Use that version, or another file.`,
      );
  };
  check();
  if (version() === steps.length) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have been faster.
    check();
    for (const step of steps.slice(version())) db.exec(step);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${steps.length}; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
