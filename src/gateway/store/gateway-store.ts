/**
 * The port to whatever outlives the gateway's process: configuration made in the dashboard, client keys, the log of calls, and what was
 * used. What calls need is in memory and answers at once; what people ask for or change may be a promise.
 */
import type { SharedStore } from '../../state/shared-store.ts';
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

/** At once, or a moment later. */
export type Sooner<Value> = Value | Promise<Value>;

/** What a client key used here since that was told last, and by what it is held. */
export interface KeyUse {
  readonly name: string;
  /** Which limits these are: other ones under the same name are counted apart. */
  readonly id: string;
  readonly perMinute: { readonly calls?: number | undefined; readonly tokens?: number | undefined };
  readonly calls: number;
  readonly tokens: number;
  readonly cost: number;
  /** When the cost was spent, in UTC, as `2030-01-31` and `2030-01`. */
  readonly day: string;
  readonly month: string;
  /** What was told last of the money that all spent then: what is counted is no less. */
  readonly told: { readonly day: number; readonly month: number };
}

/** Which of those that one sender sends one after the other; sent again it has the same number, and counts once. */
export interface Numbered {
  readonly by: string;
  /** From 1 on. */
  readonly number: number;
}

/** What a key has left and has spent, over all gateways. */
export interface KeyStanding {
  /** Of the minute's; `undefined` = it has no such limit. */
  readonly calls: number | undefined;
  readonly tokens: number | undefined;
  readonly day: number;
  readonly month: number;
}

/** What gateways on one store share beside what it keeps. */
export interface SharedByGateways {
  /** What their pools share. */
  readonly pools: SharedStore;
  /** Adds what keys used here. Rejects with StoreFailure. */
  tally(sent: Numbered, uses: readonly KeyUse[]): Promise<readonly KeyStanding[]>;
}

/** A store. Functions throw, or reject with, `StoreFailure` when it cannot be read or written now; `record` and `close` never do. */
export interface GatewayStore {
  /** Where it is, for people: a path, an address without its password, or `memory`. */
  readonly place: string;
  readonly config: {
    read(): StoredConfig;
    /** One transaction. Whoever watches is told before it is over. @throws ChangedMeanwhile */
    write(change: ConfigChange): Sooner<void>;
  };
  /** The gateway itself looks up these keys when calls come: they are no part of its settings. */
  readonly keys: {
    /** The newest last. */
    list(): readonly StoredKey[];
    /** @throws KeyTaken when a key has this name already. */
    add(key: StoredKey): Sooner<void>;
    /** Usage that was counted under its name stays. @returns false when there is none with this id. */
    delete(id: string): Sooner<boolean>;
    /** False once nobody could look for 60 s whether keys were revoked: then none of them opens anything. */
    readonly fresh: boolean;
    /** False as long as nobody could read them at all. @default true */
    readonly known?: boolean;
  };
  readonly calls: {
    /** Never waits, never throws: kept in a bounded buffer and written at most 500 ms later. */
    record(call: CallRecord): void;
    page(query: LogQuery): Sooner<LogPage>;
    /** Sums, sorted by the fields they were asked by; kept for 400 days, whatever becomes of the log. */
    usage(query: UsageQuery): Sooner<readonly UsageRow[]>;
    /** From now on so much of the log is kept. */
    keep(keep: Keep): void;
  };
  readonly state: StoreState;
  /**
   * Encrypts what was encrypted with the key before with the present one, all of it or nothing. Until that is done it is read, and
   * written, by the key before.
   * @returns whether there was something to do. @throws StoreFailure.
   */
  rekey?(): Sooner<boolean>;
  /** Where several gateways are on one store. */
  readonly shared?: SharedByGateways;
  /**
   * Calls the listener after `config` or `keys` changed, by whomever: another process's changes are seen within two seconds; also when
   * `state` changed.
   * @returns what ends it.
   */
  watch(listener: (what: StoreChange) => void): () => void;
  /** Writes what is not written yet. Nothing may be asked afterwards. */
  close(): Sooner<void>;
}

/** A store that is this process's alone to reach: everything at once. */
export interface LocalStore extends GatewayStore {
  readonly config: Pick<GatewayStore['config'], 'read'> & { write(change: ConfigChange): void };
  readonly keys: Omit<GatewayStore['keys'], 'add' | 'delete'> & {
    add(key: StoredKey): void;
    delete(id: string): boolean;
  };
  readonly calls: Omit<GatewayStore['calls'], 'page' | 'usage'> & {
    page(query: LogQuery): LogPage;
    usage(query: UsageQuery): readonly UsageRow[];
  };
  rekey?(): boolean;
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

/** Another gateway changed the configuration at the same time. */
export class ChangedMeanwhile extends Error {
  override name = 'ChangedMeanwhile';

  constructor() {
    super('Another gateway changed this at the same time; nothing was changed here. Look again, and try once more.');
  }
}
