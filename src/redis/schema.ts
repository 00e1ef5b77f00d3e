/**
 * Which release's data is under the prefix: said by one key, so that data of another schema is never mixed with ours.
 * Asked before the first command, and again after whatever failed (it may be another server now) and every hour, in passing.
 */
import { type Clock, ConfigurationError } from '../index.ts';
import type { Link } from './clients.ts';
import { CLAIM, runScript } from './scripts.ts';

/** The schema of what this release writes; the 1 in `lbo:1:`. */
const SCHEMA = '1';
/** Ms. */
const HOUR = 3_600_000;

/** The schema in use under one prefix. */
export class Schema {
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #key: string;
  readonly #ttl: number;
  #askAgainAt = Number.NEGATIVE_INFINITY;
  #sure = false;
  #asking: Promise<void> | undefined;

  constructor(link: Link, clock: Clock, prefix: string, ttl: number) {
    this.#link = link;
    this.#clock = clock;
    this.#key = `${prefix}lbo:schema`;
    this.#ttl = Math.ceil(ttl);
  }

  /** What to wait for before a command; `undefined` when the schema is known to be ours. */
  get wait(): Promise<void> | undefined {
    const due = this.#clock.now() >= this.#askAgainAt;
    if (this.#sure && !due) return undefined;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    if (!this.#sure) return this.#asking;
    this.#asking.catch(() => undefined);
    return undefined;
  }

  /** Something failed: who knows what answers next. */
  doubt(): void {
    this.#sure = false;
  }

  async #ask(): Promise<void> {
    this.#askAgainAt = this.#clock.now() + HOUR;
    let found: unknown;
    try {
      found = await this.#find();
    } catch (error) {
      this.doubt();
      throw error;
    }
    this.#sure = String(found) === SCHEMA;
    if (this.#sure) return;
    const problem = `the key '${this.#key}' says that data of schema ${JSON.stringify(String(found)).slice(0, 40)} is there, and this release has ${SCHEMA}: give it a prefix of its own`;
    throw new ConfigurationError(
      'redis_schema',
      `redisStore: ${problem}, redisStore(client, { prefix: 'v${SCHEMA}:' }).`,
      [{ path: 'prefix', message: problem }],
    );
  }

  /** Where nothing may be written, on a replica, it can still be read. */
  async #find(): Promise<unknown> {
    try {
      return await runScript(this.#link, CLAIM, this.#key, [SCHEMA, String(this.#ttl)]);
    } catch (error) {
      const found = await this.#link.get(this.#key);
      if (found !== null && found !== undefined) return found;
      throw error;
    }
  }
}
