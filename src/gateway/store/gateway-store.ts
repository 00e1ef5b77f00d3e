/**
 * The port to whatever outlives the gateway's process: configuration made in the dashboard, client keys, the log of calls, and what was
 * used. Everything is synchronous; a call waits for none of it.
 */
import type { KeyLimits } from '../config/settings.ts';
import type { ConfigChange, StoredConfig } from '../config/stored-config.ts';
import type { CallRecord, LogPage, LogQuery, UsageQuery, UsageRow } from './call-record.ts';

/** A client key that the store keeps; the key itself is not. Made by `newClientKey`. */
export interface StoredKey {
  readonly id: string;
  /** One of a kind; usage and budgets go by it. */
  readonly name: string;
  /** SHA-256 of the key, in hex. */
  readonly digest: string;
  /** Public names it may use; `undefined` = all. */
  readonly groups?: readonly string[] | undefined;
  readonly limits: KeyLimits;
  /** In ms since 1970; `undefined` = never. */
  readonly expiresAt?: number | undefined;
  readonly createdAt: number;
}

/** How the store is. */
export type StoreState =
  | { readonly is: 'well' }
  /** Calls go on. `lost` rows of the log could not be kept since the store was opened; what they used is still counted. */
  | { readonly is: 'degraded'; readonly reason: string; readonly lost: number };

/** What is kept of the log. */
export interface Keep {
  readonly retentionDays: number;
  readonly maxRows: number;
}

/** A store. Functions throw `StoreFailure` when it cannot be read or written now; `record` and `close` never throw. */
export interface GatewayStore {
  /** Where it is, for people: a path, or `memory`. */
  readonly place: string;
  readonly config: {
    read(): StoredConfig;
    /** One transaction. Whoever watches is told before it returns. */
    write(change: ConfigChange): void;
  };
  /** The gateway itself looks up these keys when calls come: they are no part of its settings. */
  readonly keys: {
    /** The newest last. */
    list(): readonly StoredKey[];
    /** @throws KeyTaken when a key has this name already. */
    add(key: StoredKey): void;
    /** Usage that was counted under its name stays. @returns false when there is none with this id. */
    delete(id: string): boolean;
    /** False once nobody could look for 60 s whether keys were revoked: then none of them opens anything. */
    readonly fresh: boolean;
  };
  readonly calls: {
    /** Never waits, never throws: kept in a bounded buffer and written at most 500 ms later. */
    record(call: CallRecord): void;
    page(query: LogQuery): LogPage;
    /** Sums, sorted by the fields they were asked by; kept for 400 days, whatever becomes of the log. */
    usage(query: UsageQuery): readonly UsageRow[];
    /** From now on so much of the log is kept. */
    keep(keep: Keep): void;
  };
  readonly state: StoreState;
  /**
   * Calls the listener after `config` or `keys` changed, by whomever: another process's changes are seen within two seconds; also when
   * `state` changed.
   * @returns what ends it.
   */
  watch(listener: (what: StoreChange) => void): () => void;
  /** Writes what is not written yet. Nothing may be asked afterwards. */
  close(): void;
}

/** What changed. */
export type StoreChange = 'config' | 'keys' | 'state';

/** The store cannot do this now; the message says why, without any secret. */
export class StoreFailure extends Error {
  override name = 'StoreFailure';
}

/** Another key of the store has this name. */
export class KeyTaken extends Error {
  override name = 'KeyTaken';

  constructor(name: string) {
    super(`There is a key named '${name}' already; choose another name, or revoke that one first.`);
  }
}
