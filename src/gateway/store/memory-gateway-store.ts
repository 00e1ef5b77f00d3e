/** A store that ends with its process: for demos, for tests, and for whoever wants nothing written. */
import { type Clock, systemClock } from '../../clock.ts';
import { type ConfigChange, changed, type StoredConfig } from '../config/stored-config.ts';
import type { CallRecord, LogPage, LogQuery } from './call-record.ts';
import { type Keep, KeyTaken, type LocalStore, type StoreChange, type StoredKey } from './gateway-store.ts';
import { PackedCalls } from './packed-calls.ts';
import { cursorOf, pageSize } from './page-size.ts';
import { firstDayKept, ModelNames, sumUp, UsageSums } from './usage-sums.ts';

/** Calls kept, whatever the configuration says: memory is no place for a million. */
const MOST_CALLS = 10_000;
const DAY = 86_400_000;

const matches = (call: CallRecord, { model, endpoint, key, status }: LogQuery) =>
  (model === undefined || call.model === model) &&
  (endpoint === undefined || call.endpoint === endpoint) &&
  (key === undefined || call.key === key) &&
  (status === undefined || (status === 'failed' ? call.status >= 400 : call.status === status));

class MemoryStore implements LocalStore {
  readonly place = 'memory';
  readonly state = { is: 'well' } as const;
  readonly #clock: Clock;
  readonly #listeners = new Set<(what: StoreChange) => void>();
  readonly #usage = new UsageSums();
  readonly #models = new ModelNames();
  #config: StoredConfig = { endpoints: {}, groups: {}, drained: [] };
  #keys: readonly StoredKey[] = [];
  #keep: Keep = { retentionDays: 7, maxRows: MOST_CALLS };
  readonly #calls = new PackedCalls();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  #tell(what: StoreChange): void {
    for (const listener of [...this.#listeners]) listener(what);
  }

  readonly config = {
    read: (): StoredConfig => this.#config,
    write: (change: ConfigChange): void => {
      this.#config = changed(this.#config, change);
      this.#tell('config');
    },
  };

  readonly keys = {
    fresh: true,
    list: (): readonly StoredKey[] => this.#keys,
    add: (key: StoredKey): void => {
      if (this.#keys.some(({ name }) => name === key.name)) throw new KeyTaken(key.name);
      this.#keys = [...this.#keys, key];
      this.#tell('keys');
    },
    delete: (id: string): boolean => {
      const rest = this.#keys.filter((key) => key.id !== id);
      if (rest.length === this.#keys.length) return false;
      this.#keys = rest;
      this.#tell('keys');
      return true;
    },
  };

  readonly calls = {
    record: (call: CallRecord): void => {
      this.#usage.add(call, this.#models.of(call));
      this.#calls.add(call);
      this.#trim();
    },
    page: (query: LogQuery): LogPage => this.#page(query),
    usage: (query: Parameters<typeof sumUp>[1]) => sumUp(this.#usage.cells, query),
    keep: (keep: Keep): void => {
      this.#keep = keep;
      this.#trim();
    },
  };

  #trim(): void {
    const most = Math.min(MOST_CALLS, this.#keep.maxRows);
    const since = this.#clock.date() - this.#keep.retentionDays * DAY;
    const over = this.#calls.end - this.#calls.start - most;
    if (over <= most / 10 && (this.#calls.oldest ?? since) >= since) return;
    this.#calls.drop(this.#calls.end - most, since);
    this.#usage.dropBefore(firstDayKept(this.#clock.date()));
  }

  #page(query: LogQuery): LogPage {
    const limit = pageSize(query.limit);
    const calls: CallRecord[] = [];
    const first = Math.max(this.#calls.start, this.#calls.end - Math.min(MOST_CALLS, this.#keep.maxRows));
    const end = Math.min(this.#calls.end, cursorOf(query.before));
    for (const [number, call] of this.#calls.before(end, first, query)) {
      if (!matches(call, query)) continue;
      calls.push(call);
      if (calls.length === limit) return { calls, next: number > first ? String(number) : null };
    }
    return { calls, next: null };
  }

  watch(listener: (what: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
  }
}

/** A store in memory, empty. */
export function memoryGatewayStore(clock: Clock = systemClock): LocalStore {
  return new MemoryStore(clock);
}
