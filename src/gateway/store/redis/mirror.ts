/**
 * Configuration and client keys as all gateways on one Redis have them: a copy in memory that calls are answered by, changed in Redis
 * as a whole or not at all, told to the others at once, and looked after twice a second for whoever missed that.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock } from '../../../clock.ts';
import type { Env } from '../../../config/inheritance.ts';
import { ChangedMeanwhile } from '../gateway-store.ts';
import { PROOF, SALT } from '../sqlite/seal.ts';
import type { RedisConnection } from './connection.ts';
import { type Copy, CopyReader, EMPTY, type Part, type Parts, WrongKey } from './copy.ts';
import { BEGIN, FIELDS, PUT_BACK, WRITE } from './scripts.ts';

/** How often the versions are looked at, in ms. */
const LOOK_EVERY = 500;
/** What nobody could look at for so long, in ms, is not trusted any more. */
const TRUSTED = 60_000;

/** What it is made of. */
export interface MirrorParts {
  readonly connection: RedisConnection;
  readonly clock: Clock;
  readonly env: Env;
  /** Where all of it stands, and the channel that tells of changes. */
  readonly key: string;
  readonly changed: (part: Part) => void;
  /** Told why it cannot be read; `undefined` = it can. */
  readonly tell: (problem: unknown) => void;
}

/** The copy. */
export class Mirror {
  readonly #parts: MirrorParts;
  #copy: Copy | undefined;
  readonly #reader: CopyReader;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;
  #writing = 0;
  #timer: (() => void) | undefined;
  #closed = false;

  constructor(parts: MirrorParts) {
    this.#parts = parts;
    this.#reader = new CopyReader(parts.connection.place, parts.env);
  }

  /** What is known; nothing, as long as nobody could read it. */
  get now(): Parts {
    return this.#copy ?? EMPTY;
  }

  /** It was read once. */
  get known(): boolean {
    return this.#copy !== undefined;
  }

  /** Somebody could look within the last minute. */
  get fresh(): boolean {
    return this.#parts.clock.now() - this.#lookedAt < TRUSTED;
  }

  /** Reads it, and follows it from now on. @throws StoreFailure for a key that is not the store's. */
  async begin(): Promise<void> {
    const { connection, key, tell } = this.#parts;
    try {
      await this.#load();
    } catch (error) {
      if (error instanceof WrongKey) throw error;
      tell(error);
    }
    await connection.listen(key, () => void this.look());
    this.#arm();
  }

  #arm(): void {
    this.#timer = this.#parts.clock.after(
      LOOK_EVERY,
      () => void this.look().finally(() => (this.#closed ? undefined : this.#arm())),
      false,
    );
  }

  /** Looks now. Never rejects. What is being written here is not looked at before that is over. */
  async look(): Promise<void> {
    // What is being read now may be older than what this is about.
    await this.#loading?.catch(() => undefined);
    if (this.#closed || this.#writing > 0) return;
    try {
      await this.#load();
      this.#parts.tell(undefined);
    } catch (error) {
      if (!this.#closed) this.#parts.tell(error);
    }
  }

  #load(): Promise<void> {
    this.#loading ??= this.#loaded().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #loaded(): Promise<void> {
    const { connection, key, clock } = this.#parts;
    const before = this.#copy;
    const at = clock.now();
    const [id, config, keys] = (await connection.send(
      'HMGET',
      key,
      'id',
      'config:version',
      'keys:version',
    )) as string[];
    if (id && id === before?.id && Number(config) === before.versions.config && Number(keys) === before.versions.keys) {
      this.#lookedAt = at;
      return;
    }
    const lost = before && (!id || (id === before.id && this.#isOlder(before, Number(config), Number(keys))));
    if (lost) await this.#putBack(before);
    else if (!id) await this.#found();
    const found = (await connection.send('HMGET', key, ...FIELDS)) as (string | null)[];
    if (this.#writing > 0 || this.#copy !== before) return;
    const now = this.#reader.read(found);
    this.#copy = now;
    this.#lookedAt = at;
    for (const part of ['config', 'keys'] as const)
      if (before?.id !== now.id || before.versions[part] !== now.versions[part]) this.#parts.changed(part);
  }

  #isOlder(before: Copy, config: number, keys: number): boolean {
    return config < before.versions.config || keys < before.versions.keys;
  }

  /** A new store. */
  async #found(): Promise<void> {
    const salt = randomBytes(SALT).toString('base64');
    const proof = Buffer.from(this.#reader.sealOf(salt).close(PROOF, PROOF)).toString('base64');
    await this.#parts.connection.run(BEGIN, [this.#parts.key], [randomUUID(), salt, proof]);
  }

  /** What a server forgot, the gateways know. */
  async #putBack({ id, salt, proof, versions, texts }: Copy): Promise<void> {
    const { connection, key } = this.#parts;
    const values = [versions.config, texts.config, versions.keys, texts.keys];
    await connection.run(PUT_BACK, [key], [id, salt, proof, key, ...values]);
  }

  /**
   * Changes a part: in Redis first, then here.
   * @throws ChangedMeanwhile when somebody else changed it since this gateway looked; then it has looked again. StoreFailure.
   */
  async write<Which extends Part>(part: Which, value: Parts[Which]): Promise<void> {
    const { connection, key, changed } = this.#parts;
    if (!this.#copy) await this.#load();
    const before = this.#copy as Copy;
    const text =
      part === 'config'
        ? Buffer.from(this.#reader.sealOf(before.salt).close(JSON.stringify(value), 'config')).toString('base64')
        : JSON.stringify(value);
    this.#writing += 1;
    let version: unknown;
    try {
      version = await connection.run(WRITE, [key], [before.id, part, before.versions[part], text, key]);
      if (version !== -1) {
        const now = this.#copy as Copy;
        const [versions, texts] = [
          { ...now.versions, [part]: version as number },
          { ...now.texts, [part]: text },
        ];
        this.#copy = { ...now, [part]: value, versions, texts };
        changed(part);
      }
    } finally {
      this.#writing -= 1;
    }
    if (version !== -1) return;
    await this.look();
    throw new ChangedMeanwhile();
  }

  /** Follows no more. */
  close(): void {
    this.#closed = true;
    this.#timer?.();
  }
}
