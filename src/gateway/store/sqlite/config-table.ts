/** The configuration in the store's file. All of it is encrypted: keys stand in more places than in those named so. */
import type { Env } from '../../../config/inheritance.ts';
import { type ConfigChange, changed, type StoredConfig, type WrittenOptions } from '../../config/stored-config.ts';
import { StoreFailure } from '../gateway-store.ts';
import type { Connection } from './connection.ts';
import { type Seal, sealOf } from './seal.ts';

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly value: Uint8Array;
}

const DRAINED = 'drained';
const placeOf = (kind: string, name: string) => JSON.stringify([kind, name]);

/** The table. */
export class ConfigTable {
  readonly #connection: Connection;
  readonly #env: Env;
  #seal: Seal | undefined;

  constructor(connection: Connection, env: Env) {
    this.#connection = connection;
    this.#env = env;
  }

  /** The file may be another one now, with another key. */
  forget(): void {
    this.#seal = undefined;
  }

  #sealed(): Seal {
    this.#seal ??= sealOf(this.#connection, this.#env);
    return this.#seal;
  }

  /** All of it. @throws StoreFailure. */
  read(): StoredConfig {
    const seal = this.#sealed();
    const rows = this.#connection.statement('SELECT kind, name, value FROM config ORDER BY kind, name').all();
    const tables: Record<string, Record<string, WrittenOptions>> = {
      endpoints: Object.create(null),
      groups: Object.create(null),
    };
    let drained: readonly string[] = [];
    for (const { kind, name, value } of rows as unknown as Row[]) {
      let read: unknown;
      try {
        read = JSON.parse(seal.open(value, placeOf(kind, name)));
      } catch {
        throw new StoreFailure(`The store ${this.#connection.path} is damaged: its entry '${name}' cannot be read.`);
      }
      if (kind === DRAINED) drained = read as readonly string[];
      else (tables[kind] as Record<string, WrittenOptions>)[name] = read as WrittenOptions;
    }
    return {
      endpoints: tables.endpoints as StoredConfig['endpoints'],
      groups: tables.groups as StoredConfig['groups'],
      drained,
    };
  }

  /** To be called within a transaction. */
  write({ endpoints, groups, drained }: ConfigChange): void {
    const seal = this.#sealed();
    const put = this.#connection.statement('INSERT OR REPLACE INTO config (kind, name, value) VALUES (?, ?, ?)');
    const remove = this.#connection.statement('DELETE FROM config WHERE kind = ? AND name = ?');
    const set = (kind: string, name: string, value: unknown) =>
      put.run(kind, name, seal.close(JSON.stringify(value), placeOf(kind, name)));
    for (const [kind, table] of Object.entries({ endpoints, groups }))
      for (const [name, options] of Object.entries(table ?? {}))
        if (options === null) remove.run(kind, name);
        else set(kind, name, options);
    if (drained) set(DRAINED, '', changed({ endpoints: {}, groups: {}, drained: [] }, { drained }).drained);
  }

  /** Makes sure that the key is the right one, before a transaction begins. @throws StoreFailure. */
  unlock(): void {
    this.#sealed();
  }
}
