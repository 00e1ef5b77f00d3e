/** One connection to a store's file: opened with what it must be opened with, its statements prepared once, opened again when it broke. */
import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreFailure } from '../gateway-store.ts';
import { failureOf } from './failure.ts';
import { migrate } from './schema.ts';

/** Others may hold the file for so long, in ms: at the start, and for changes that somebody waits for. */
const PATIENCE = { opening: 5_000, changing: 1_000 };
/** Files up to this size are checked before they are used; larger ones would take too long. */
const CHECKED = 64 * 2 ** 20;

/** What the file is: another one under the same name is not it. */
const identityOf = (path: string): string | undefined => {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats && `${stats.dev}:${stats.ino}`;
};

function madeReady(path: string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) throw new StoreFailure(`The folder ${folder} of the store does not exist; make it first.`);
  try {
    // Before SQLite does: it holds who may call what, which is nobody else's business.
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EISDIR' ? 'it is a folder' : `it may not be written (${code})`;
    throw new StoreFailure(`The store ${path} cannot be opened: ${why}.`);
  }
}

let loaded: typeof import('node:sqlite') | undefined;

/** Node 22 warns of it at every start, which tells users of the gateway nothing that they could act on; other warnings are kept. */
function builtIn(): typeof import('node:sqlite') {
  if (loaded) return loaded;
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: never[]) => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) emitWarning.call(process, warning, ...rest);
  };
  try {
    loaded = process.getBuiltinModule('node:sqlite');
    return loaded;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function opened(path: string, checks: boolean): DatabaseSync {
  madeReady(path);
  const sqlite = builtIn();
  const db = new sqlite.DatabaseSync(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${PATIENCE.opening}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL`);
    db.exec('PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864');
    migrate(db, path);
    if (checks && (statSync(path).size ?? 0) <= CHECKED) {
      const { quick_check: found } = db.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
      if (found !== 'ok') throw new StoreFailure(`The store ${path} is damaged (${found}).`);
    }
    db.exec('PRAGMA busy_timeout = 0');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** It broke, and was not opened again yet. */
export class NotOpen extends StoreFailure {
  override name = 'NotOpen';
}

/** A connection. Its functions throw `StoreFailure` or SQLite's own errors. */
export class Connection {
  readonly path: string;
  #db: DatabaseSync | undefined;
  #identity: string | undefined;
  #statements = new Map<string, StatementSync>();

  /** @throws StoreFailure saying what is wrong with the file. */
  constructor(path: string) {
    this.path = path;
    try {
      this.#open(true);
    } catch (error) {
      const { message } = failureOf(error, path);
      throw new StoreFailure(
        /damaged|no database/.test(message) ? `${message} Move it away to begin with an empty one.` : message,
      );
    }
  }

  #open(checks: boolean): void {
    this.#db = opened(this.path, checks);
    this.#identity = identityOf(this.path);
  }

  /**
   * Opens the file again. Why never another one that came in its place: what stands in the write-ahead log beside it belongs to the
   * first, and would be put into the other.
   */
  reopen(): void {
    this.close();
    const now = identityOf(this.path);
    if (now === undefined) throw new StoreFailure('its file is gone');
    if (now !== this.#identity)
      throw new StoreFailure('its file was replaced by another one, which the gateway takes when it is restarted');
    this.#open(false);
  }

  /** The file is open, and still where it was. */
  get inPlace(): boolean {
    return this.#db !== undefined && identityOf(this.path) === this.#identity;
  }

  /** A statement, prepared once. */
  statement(sql: string): StatementSync {
    if (!this.#db) throw new NotOpen('it is not open');
    let found = this.#statements.get(sql);
    if (!found) {
      found = this.#db.prepare(sql);
      this.#statements.set(sql, found);
    }
    return found;
  }

  /** All of it or nothing. */
  transaction<Result>(run: () => Result): Result {
    const db = this.#db;
    if (!db) throw new NotOpen('it is not open');
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = run();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      // Some errors have rolled it back already.
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }

  /** The same for a change that somebody waits for: others may be writing for a moment. */
  change<Result>(run: () => Result): Result {
    this.#db?.exec(`PRAGMA busy_timeout = ${PATIENCE.changing}`);
    try {
      return this.transaction(run);
    } finally {
      this.#db?.exec('PRAGMA busy_timeout = 0');
    }
  }

  close(): void {
    const db = this.#db;
    this.#db = undefined;
    this.#statements = new Map();
    try {
      db?.close();
    } catch {
      // What is broken is closed as well as can be.
    }
  }
}
