/**
 * The store in a file of SQLite's. Whatever happens to the file while the gateway runs, calls go on: what cannot be written waits
 * within bounds, and the file is tried again until it works.
 */
import { type Clock, systemClock } from '../../../clock.ts';
import type { Env } from '../../../config/inheritance.ts';
import type { ConfigChange, StoredConfig } from '../../config/stored-config.ts';
import type { CallRecord, LogPage, LogQuery, UsageQuery, UsageRow } from '../call-record.ts';
import type { Keep, LocalStore, StoreChange, StoredKey, StoreState } from '../gateway-store.ts';
import { firstDayKept } from '../usage-sums.ts';
import { CallTable } from './call-table.ts';
import { ConfigTable } from './config-table.ts';
import { Connection, NotOpen } from './connection.ts';
import { failureOf, isBroken, reasonOf } from './failure.ts';
import { KeyTable } from './key-table.ts';
import { WatchFile } from './watch-file.ts';
import { WriteBehind } from './write-behind.ts';

/** What a store is opened with. */
export interface SqliteStoreOptions {
  /** The file; made when it is not there, with rights for its owner alone. */
  readonly path: string;
  /** Where `LBO_ENCRYPTION_KEY` may stand, and `LBO_ENCRYPTION_KEY_PREVIOUS`. */
  readonly env: Env;
  /** Another one only in tests. */
  readonly clock?: Clock | undefined;
}

const DAY = 86_400_000;
const PRUNE_EVERY = 60_000;
/** Rows deleted as one, a few ms; and how long until the next, in ms. */
const PRUNED = { rows: 1_000, next: 100 };

class SqliteStore implements LocalStore {
  readonly place: string;
  readonly #clock: Clock;
  readonly #connection: Connection;
  readonly #configTable: ConfigTable;
  readonly #keyTable: KeyTable;
  readonly #callTable: CallTable;
  readonly #queue: WriteBehind;
  readonly #file: WatchFile;
  readonly #listeners = new Set<(what: StoreChange) => void>();
  readonly #problems: { read: string | undefined; write: string | undefined } = { read: undefined, write: undefined };
  #keep: Keep = { retentionDays: 7, maxRows: 1_000_000 };
  #pruning: (() => void) | undefined;
  #closed = false;

  constructor({ path, env, clock = systemClock }: SqliteStoreOptions) {
    this.place = path;
    this.#clock = clock;
    const connection = new Connection(path);
    this.#connection = connection;
    this.#configTable = new ConfigTable(connection, env);
    this.#keyTable = new KeyTable(connection);
    this.#callTable = new CallTable(connection);
    const table = this.#callTable;
    this.#queue = new WriteBehind({ connection, table, clock, tell: (problem) => this.#note('write', problem) });
    this.#file = new WatchFile({
      ...{ connection, clock },
      changed: (what) => this.#tell(what),
      reopened: () => this.#configTable.forget(),
      tell: (problem) => this.#note('read', problem),
    });
    this.#prune(PRUNE_EVERY);
  }

  #tell(what: StoreChange): void {
    for (const listener of [...this.#listeners]) listener(what);
  }

  #note(how: 'read' | 'write', problem: unknown): void {
    if (problem instanceof NotOpen && this.state.is === 'degraded') return;
    const reason = problem === undefined ? undefined : reasonOf(problem);
    // Opened again by the next look, or by a write that comes before it.
    if (problem !== undefined && isBroken(problem)) this.#connection.close();
    if (this.#problems[how] === reason) return;
    this.#problems[how] = reason;
    this.#tell('state');
  }

  /** @throws StoreFailure */
  #now<Result>(run: () => Result): Result {
    try {
      return run();
    } catch (error) {
      throw failureOf(error, this.place);
    }
  }

  #change<Result>(what: 'config' | 'keys', run: () => Result): Result {
    const result = this.#now(() =>
      this.#connection.change(() => {
        const done = run();
        if (done !== false) this.#file.revise(what);
        return done;
      }),
    );
    if (result === false) return result;
    this.#file.note(what);
    this.#tell(what);
    return result;
  }

  readonly config = {
    read: (): StoredConfig => this.#now(() => this.#configTable.read()),
    write: (change: ConfigChange): void => {
      this.#now(() => this.#configTable.unlock());
      this.#change('config', () => this.#configTable.write(change));
    },
  };

  rekey(): boolean {
    // Mostly there is nothing to do, and a start waits for nobody who writes.
    return this.#now(() => this.#configTable.unlock()) && this.#change('config', () => this.#configTable.rekey());
  }

  readonly keys = this.#keys();

  #keys(): LocalStore['keys'] {
    const fresh = () => this.#file.fresh;
    return {
      list: (): readonly StoredKey[] => this.#now(() => this.#keyTable.list()),
      add: (key) => this.#change('keys', () => this.#keyTable.add(key)),
      delete: (id) => this.#change('keys', () => this.#keyTable.delete(id)),
      get fresh() {
        return fresh();
      },
    };
  }

  readonly calls = {
    record: (call: CallRecord): void => {
      if (!this.#closed) this.#queue.add(call);
    },
    page: (query: LogQuery): LogPage => {
      this.#queue.flush();
      return this.#now(() => this.#callTable.page(query, this.#keep.maxRows));
    },
    usage: (query: UsageQuery): readonly UsageRow[] => {
      this.#queue.flush();
      return this.#now(() => this.#callTable.usage(query));
    },
    keep: (keep: Keep): void => {
      this.#keep = keep;
      this.#queue.keeps = keep.maxRows > 0;
    },
  };

  /** Deletes what is too old or too much, a piece at a time. */
  #prune(after: number): void {
    const prune = () => {
      let deleted = 0;
      const date = this.#clock.date();
      const { retentionDays, maxRows } = this.#keep;
      try {
        this.#connection.transaction(() => {
          deleted = this.#callTable.prune(date - retentionDays * DAY, maxRows, PRUNED.rows);
          if (deleted < PRUNED.rows) this.#callTable.pruneUsage(firstDayKept(date));
        });
      } catch {
        // Whoever writes calls tells of it; this waits for the next time.
      }
      this.#prune(deleted >= PRUNED.rows ? PRUNED.next : PRUNE_EVERY);
    };
    this.#pruning = this.#clock.after(after, prune, false);
  }

  get state(): StoreState {
    const reason = this.#problems.read ?? this.#problems.write;
    return reason === undefined ? { is: 'well' } : { is: 'degraded', reason, lost: this.#queue.lost };
  }

  watch(listener: (what: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listeners.clear();
    this.#queue.close();
    this.#file.close();
    this.#pruning?.();
    this.#connection.close();
  }
}

/**
 * Opens the store in a file, or makes one.
 * @throws StoreFailure saying what is wrong with the file and what to do. Needs Node 22.13.
 */
export function sqliteGatewayStore(options: SqliteStoreOptions): LocalStore {
  return new SqliteStore(options);
}
