/**
 * Configuration and client keys as all gateways on one Redis have them: a copy in memory that calls are answered by, changed in Redis
 * as a whole or not at all, told to the others at once, and looked after twice a second for whoever missed that.
 */
import type { Clock } from '../../../clock.ts';
import type { Env } from '../../../config/inheritance.ts';
import { ChangedMeanwhile } from '../gateway-store.ts';
import type { RedisConnection } from './connection.ts';
import { type Copy, CopyReader, EMPTY, type Part, type Parts, WrongKey } from './copy.ts';
import { StoredState } from './stored-state.ts';

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
  readonly #reader: CopyReader;
  #copy: Copy | undefined;
  readonly #state: StoredState;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #loading: Promise<void> | undefined;
  #writing = 0;
  #timer: (() => void) | undefined;
  #closed = false;

  constructor(parts: MirrorParts) {
    this.#parts = parts;
    const { connection, env, key } = parts;
    this.#reader = new CopyReader(connection.place, env);
    this.#state = new StoredState(connection, key, this.#reader);
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

  /** Reads it as it stands now. @throws StoreFailure */
  async read(): Promise<void> {
    // What is being read now may be older than what this is about.
    await this.#loading?.catch(() => undefined);
    await this.#load();
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
    const before = this.#copy;
    const at = this.#parts.clock.now();
    const { id, config, keys } = await this.#state.versions();
    if (id !== undefined && id === before?.id && config === before.versions.config && keys === before.versions.keys) {
      this.#lookedAt = at;
      return;
    }
    // A gateway that began while the server was empty may have been faster, and made a new store in which nothing is yet.
    const isNew = config === 0 && keys === 0;
    const isOlder = before && (config < before.versions.config || keys < before.versions.keys);
    const lost = before && (id === undefined || (id === before.id ? isOlder : isNew && isOlder));
    if (lost) await this.#state.putBack(before);
    else if (id === undefined) await this.#state.begin();
    const now = await this.#state.read();
    if (this.#writing > 0 || this.#copy !== before) return;
    this.#copy = now;
    this.#lookedAt = at;
    for (const part of ['config', 'keys'] as const)
      if (before?.id !== now.id || before.versions[part] !== now.versions[part]) this.#parts.changed(part);
  }

  /**
   * Changes a part: in Redis first, then here.
   * @throws ChangedMeanwhile when somebody else changed it since this gateway looked; then it has looked again. StoreFailure.
   */
  async write<Which extends Part>(part: Which, value: Parts[Which]): Promise<void> {
    if (!this.#copy) {
      // What was made of nothing would take the place of all that stands there.
      await this.#load();
      throw new ChangedMeanwhile();
    }
    const before = this.#copy;
    const text = this.#state.textOf(part, value, before);
    this.#writing += 1;
    try {
      const version = await this.#state.write(part, text, before);
      if (version !== undefined) {
        const now = this.#copy;
        const [versions, texts] = [
          { ...now.versions, [part]: version },
          { ...now.texts, [part]: text },
        ];
        this.#copy = { ...now, [part]: value, versions, texts };
        this.#parts.changed(part);
        return;
      }
    } finally {
      this.#writing -= 1;
    }
    await this.look();
    throw new ChangedMeanwhile();
  }

  /** Encrypts it with the present key. @returns whether it was by the one before. @throws StoreFailure. */
  async rekey(): Promise<boolean> {
    const before = this.#copy;
    if (!before || !this.#reader.sealFor(before).isPrevious || (await this.#state.hasLeft())) return false;
    const isDone = await this.#state.rekey(before);
    await this.read();
    // Somebody else changed it, or was faster.
    return isDone || this.rekey();
  }

  /** Follows no more. */
  close(): void {
    this.#closed = true;
    this.#timer?.();
  }
}
