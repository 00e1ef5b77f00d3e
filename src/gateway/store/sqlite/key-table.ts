/** The client keys in the store's file: what is known of them, never the keys. */
import { KeyTaken, type StoredKey } from '../gateway-store.ts';
import type { Connection } from './connection.ts';

type Rest = Omit<StoredKey, 'id' | 'name' | 'digest'>;

/** The table. */
export class KeyTable {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** All, the newest last. */
  list(): StoredKey[] {
    const rows = this.#connection.statement('SELECT id, name, digest, value FROM client_key ORDER BY seq').all();
    return (rows as unknown as Record<'id' | 'name' | 'digest' | 'value', string>[]).map(
      ({ id, name, digest, value }) => ({
        ...{ id, name, digest },
        ...(JSON.parse(value) as Rest),
      }),
    );
  }

  /** To be called within a transaction. @throws KeyTaken. */
  add({ id, name, digest, ...rest }: StoredKey): void {
    if (this.#connection.statement('SELECT 1 FROM client_key WHERE name = ?').get(name)) throw new KeyTaken(name);
    this.#connection
      .statement('INSERT INTO client_key (id, name, digest, value) VALUES (?, ?, ?, ?)')
      .run(id, name, digest, JSON.stringify(rest));
  }

  /** To be called within a transaction. @returns false when there is none. */
  delete(id: string): boolean {
    return Number(this.#connection.statement('DELETE FROM client_key WHERE id = ?').run(id).changes) > 0;
  }
}
