/** The configuration in the store's file. All of it is encrypted: keys stand in more places than in those named so. */
import type { Env } from '../../../config/inheritance.ts';
import { type ConfigChange, changed, type StoredConfig, type WrittenOptions } from '../../config/stored-config.ts';
import { StoreFailure } from '../gateway-store.ts';
import type { Connection } from './connection.ts';
import { encryptionKey } from './encryption-key.ts';
import { type FittingSeal, newProof, type Seal, sealOf, secretOf } from './seal.ts';

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
  #found: (FittingSeal & { readonly proof: Buffer }) | undefined;

  constructor(connection: Connection, env: Env) {
    this.#connection = connection;
    this.#env = env;
  }

  /** The file may be another one now, with another key. */
  forget(): void {
    this.#found = undefined;
  }

  #sealed(): Seal {
    // Another process may have given it another key.
    const proof = secretOf(this.#connection)?.proof;
    if (!this.#found || !proof || !this.#found.proof.equals(proof)) {
      const fits = sealOf(this.#connection, this.#env);
      this.#found = { ...fits, proof: Buffer.from((secretOf(this.#connection) ?? { proof: new Uint8Array() }).proof) };
    }
    return this.#found.seal;
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
      const read = JSON.parse(this.#opened(seal, kind, name, value)) as unknown;
      if (kind === DRAINED) drained = read as readonly string[];
      else (tables[kind] as Record<string, WrittenOptions>)[name] = read as WrittenOptions;
    }
    return {
      endpoints: tables.endpoints as StoredConfig['endpoints'],
      groups: tables.groups as StoredConfig['groups'],
      drained,
    };
  }

  #opened(seal: Seal, kind: string, name: string, value: Uint8Array): string {
    try {
      return seal.open(value, placeOf(kind, name));
    } catch {
      throw new StoreFailure(`The store ${this.#connection.path} is damaged: its entry '${name}' cannot be read.`);
    }
  }

  /** Encrypts all of it with the present key. To be called within a transaction. @returns false when it is by this key. */
  rekey(): boolean {
    const before = this.#sealed();
    if (!this.#found?.isPrevious) return false;
    const connection = this.#connection;
    const { seal, salt, proof } = newProof((own) => encryptionKey(connection.path, this.#env, own, false).key);
    const rows = connection.statement('SELECT kind, name, value FROM config').all() as unknown as Row[];
    const put = connection.statement('UPDATE config SET value = ? WHERE kind = ? AND name = ?');
    for (const { kind, name, value } of rows)
      put.run(seal.close(this.#opened(before, kind, name, value), placeOf(kind, name)), kind, name);
    connection.statement('UPDATE secret SET salt = ?, proof = ? WHERE id = 1').run(salt, proof);
    return true;
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

  /** Makes sure that the key is the right one, before a transaction begins. @returns whether it is the one before. @throws StoreFailure. */
  unlock(): boolean {
    this.#sealed();
    return this.#found?.isPrevious ?? false;
  }
}
