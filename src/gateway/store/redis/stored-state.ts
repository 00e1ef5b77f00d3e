/** Configuration and client keys where they stand in Redis: read, and changed in one step. The mirror keeps the copy. */
import { randomUUID } from 'node:crypto';
import { StoreFailure } from '../gateway-store.ts';
import type { Seal } from '../sqlite/seal.ts';
import { NotAnswered, type RedisConnection, type Reply } from './connection.ts';
import type { Copy, CopyReader, Part } from './copy.ts';
import { BEGIN, FIELDS, PUT_BACK, REKEY, WRITE } from './scripts.ts';

/** What changes with every change. */
export interface Versions {
  /** Of the store; `undefined` = there is none. */
  readonly id: string | undefined;
  readonly config: number;
  readonly keys: number;
}

const sealed = (seal: Seal, part: Part, value: unknown): string =>
  Buffer.from(seal.close(JSON.stringify(value), part)).toString('base64');

/** One store. */
export class StoredState {
  readonly #connection: RedisConnection;
  readonly #key: string;
  readonly #reader: CopyReader;

  /** @param key where all of it stands, and the channel that tells of changes. */
  constructor(connection: RedisConnection, key: string, reader: CopyReader) {
    this.#connection = connection;
    this.#key = key;
    this.#reader = reader;
  }

  /** @throws StoreFailure, as all of these. */
  async versions(): Promise<Versions> {
    const fields = ['id', 'config:version', 'keys:version'];
    const [id, config, keys] = (await this.#connection.send('HMGET', this.#key, ...fields)) as (string | null)[];
    return { id: id || undefined, config: Number(config), keys: Number(keys) };
  }

  /** All of it. @throws WrongKey */
  async read(): Promise<Copy> {
    return this.#reader.read((await this.#connection.send('HMGET', this.#key, ...FIELDS)) as (string | null)[]);
  }

  /** Makes a store where there is none. */
  async begin(): Promise<void> {
    const { salt, proof } = this.#reader.newProof();
    await this.#connection.run(BEGIN, [this.#key], [randomUUID(), salt, proof]);
  }

  /** What a server forgot, the gateways know. */
  async putBack({ id, salt, proof, versions, texts }: Copy): Promise<void> {
    const values = [versions.config, texts.config, versions.keys, texts.keys];
    await this.#connection.run(PUT_BACK, [this.#key], [id, salt, proof, this.#key, ...values]);
  }

  /** A part as it stands there. @param copy what it is a part of. */
  textOf(part: Part, value: unknown, copy: Copy): string {
    return part === 'keys' ? JSON.stringify(value) : sealed(this.#reader.sealFor(copy).seal, part, value);
  }

  /** Whether the present key is the one that it was taken from: a gateway that starts as before does not turn it back. */
  async hasLeft(): Promise<boolean> {
    const found = (await this.#connection.send('HMGET', this.#key, 'left:salt', 'left:proof')) as (string | null)[];
    const [salt, proof] = found;
    return Boolean(salt && proof) && this.#reader.isPresent(salt as string, proof as string);
  }

  /** Encrypts it with the present key. @returns false when it is another one by now. */
  async rekey({ id, proof: before, versions, config }: Copy): Promise<boolean> {
    const { salt, proof, seal } = this.#reader.newProof();
    const args = [id, before, versions.config, salt, proof, sealed(seal, 'config', config), this.#key];
    return (await this.#connection.run(REKEY, [this.#key], args)) !== -1;
  }

  /** Changes a part that is still the one before. @returns its version; `undefined` = it is another one by now. */
  async write(part: Part, text: string, { id, versions }: Copy): Promise<number | undefined> {
    const args = [id, part, versions[part], text, this.#key];
    const run = () => this.#connection.run(WRITE, [this.#key], args);
    const version = await run().catch((error) => this.#settled(part, text, error));
    return version === -1 ? undefined : (version as number);
  }

  /** What became of a change that was not answered: its version when it was made. @throws StoreFailure that says what is sure. */
  async #settled(part: Part, text: string, error: unknown): Promise<Reply> {
    if (!(error instanceof NotAnswered)) throw error;
    let found: Reply;
    try {
      found = await this.#connection.send('HMGET', this.#key, `${part}:version`, part);
    } catch {
      throw new StoreFailure(`${error.message} What was asked for may still be done once it answers; look again then.`);
    }
    const [version, now] = found as readonly Reply[];
    if (now !== text) throw error;
    return Number(version);
  }
}
