/**
 * The store that several gateways have in common, on Redis or Valkey. What calls need is a copy in memory; what they used is written
 * behind them. Whatever happens to Redis while a gateway runs, calls go on.
 */
import { type Clock, systemClock } from '../../../clock.ts';
import type { Env } from '../../../config/inheritance.ts';
import { redisStore } from '../../../redis/index.ts';
import { type ConfigChange, changed, type StoredConfig } from '../../config/stored-config.ts';
import type { CallRecord, LogQuery, UsageQuery } from '../call-record.ts';
import {
  type GatewayStore,
  type Keep,
  type SharedByGateways,
  type StoreChange,
  StoreFailure,
  type StoreState,
} from '../gateway-store.ts';
import { RedisConnection } from './connection.ts';
import { KeptCalls } from './kept-calls.ts';
import { keyList } from './key-list.ts';
import { Mirror } from './mirror.ts';
import { tally } from './tally.ts';
import { WriteBehind } from './write-behind.ts';

/** What a store is opened with. */
export interface RedisStoreOptions {
  /** Such as `redis://user:password@host:6379/0`, or `rediss://` for TLS. */
  readonly url: string;
  /** Where `LBO_ENCRYPTION_KEY` stands, and perhaps `LBO_ENCRYPTION_KEY_PREVIOUS`. */
  readonly env: Env;
  /** Another one only in tests. */
  readonly clock?: Clock | undefined;
}

const PREFIX = 'lbo:1:gateway:';
const PRUNE_EVERY = 60_000;
const PRUNE_NEXT = 100;
class RedisGatewayStore implements GatewayStore {
  readonly place: string;
  readonly shared: SharedByGateways;
  readonly keys: GatewayStore['keys'];
  readonly #connection: RedisConnection;
  readonly #clock: Clock;
  readonly #mirror: Mirror;
  readonly #queue: WriteBehind;
  readonly #calls: KeptCalls;
  readonly #listeners = new Set<(what: StoreChange) => void>();
  readonly #problems: { read: string | undefined; write: string | undefined } = { read: undefined, write: undefined };
  readonly #endSharing: () => Promise<void>;
  #pruning: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(connection: RedisConnection, { env, clock = systemClock }: RedisStoreOptions) {
    this.place = connection.place;
    this.#connection = connection;
    this.#clock = clock;
    this.#mirror = new Mirror({
      ...{ connection, clock, env, key: `${PREFIX}state` },
      changed: (part) => this.#tell(part),
      tell: (problem) => this.#note('read', problem),
    });
    this.keys = keyList(this.#mirror);
    this.#queue = new WriteBehind({
      ...{ connection, clock, prefix: PREFIX },
      tell: (problem) => this.#note('write', problem),
    });
    this.#calls = new KeptCalls(connection, PREFIX, clock);
    const pools = redisStore(connection.client as unknown as Parameters<typeof redisStore>[0], { prefix: PREFIX });
    this.#endSharing = () => pools.close();
    this.shared = { pools, tally: (sent, uses) => tally(connection, PREFIX, sent, uses) };
  }

  /** Reads what is there, and follows it. */
  async begin(): Promise<void> {
    await this.#mirror.begin();
    this.#prune(PRUNE_EVERY);
  }

  #tell(what: StoreChange): void {
    for (const listener of [...this.#listeners]) listener(what);
  }

  #note(how: 'read' | 'write', problem: unknown): void {
    const reason = problem === undefined ? undefined : ((problem as Error).message ?? String(problem));
    if (this.#problems[how] === reason) return;
    this.#problems[how] = reason;
    this.#tell('state');
  }

  readonly config = {
    read: (): StoredConfig => this.#mirror.now.config,
    write: (change: ConfigChange): Promise<void> =>
      this.#mirror.write('config', changed(this.#mirror.now.config, change)),
  };

  rekey(): Promise<boolean> {
    return this.#mirror.rekey();
  }

  readonly calls = {
    record: (call: CallRecord): void => {
      if (!this.#closing) this.#queue.add(call);
    },
    page: async (query: LogQuery) => {
      await this.#queue.flush();
      return this.#calls.page(query, this.#queue.keep);
    },
    usage: async (query: UsageQuery) => {
      await this.#queue.flush();
      return this.#calls.usage(query);
    },
    keep: (keep: Keep): void => {
      this.#queue.keep = keep;
    },
  };

  #prune(after: number): void {
    const prune = async () => {
      // Whoever writes calls tells of what fails; this waits for the next time.
      const more = await this.#calls.prune(this.#queue.keep).catch(() => false);
      if (!this.#closing) this.#prune(more ? PRUNE_NEXT : PRUNE_EVERY);
    };
    this.#pruning = this.#clock.after(after, () => void prune(), false);
  }

  get state(): StoreState {
    const reason = this.#problems.read ?? this.#problems.write;
    return reason === undefined ? { is: 'well' } : { is: 'degraded', reason, lost: this.#queue.lost };
  }

  watch(listener: (what: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#listeners.clear();
    this.#mirror.close();
    this.#pruning?.();
    await this.#queue.close();
    await this.#endSharing();
    this.#connection.close();
  }
}

/**
 * Opens the store on a Redis. One that cannot be reached now is tried again for as long as it takes; `state` says so.
 * @throws StoreFailure saying what is wrong with the address or the key.
 */
export async function redisGatewayStore(options: RedisStoreOptions): Promise<GatewayStore> {
  const connection = await RedisConnection.open(options.url);
  try {
    const store = new RedisGatewayStore(connection, options);
    await store.begin();
    return store;
  } catch (error) {
    connection.close();
    throw error instanceof StoreFailure ? error : new StoreFailure(connection.reason(error));
  }
}
