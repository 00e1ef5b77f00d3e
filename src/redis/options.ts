/** The options of the store, checked. */
import { ConfigurationError } from '../index.ts';

/** Options of `redisStore`. */
export interface RedisStoreOptions {
  /**
   * Stands before every key and channel, so that several programs can share one Redis without sharing state.
   * @default ''
   */
  readonly prefix?: string;
  /**
   * The longest time that a key is kept, in ms; longer ones are cut to it.
   * @default 2_592_000_000 (30 days)
   */
  readonly maxTtl?: number;
}

const DAY = 86_400_000;
/** Ids are known for so long. */
const LONGEST = 30 * DAY;
/** A key that lives shorter would be gone before anybody could read it. */
const SHORTEST = 1_000;

const wrong = (path: string, problem: string) =>
  new ConfigurationError('redis_options', `redisStore(client, { ${path} }): ${problem}.`, [{ path, message: problem }]);

/** The options, with the defaults. @throws ConfigurationError that names the option */
export function checkedOptions(options: RedisStoreOptions): Required<RedisStoreOptions> {
  if (typeof options !== 'object' || options === null) throw wrong('…', `expected an object, got ${typeof options}`);
  for (const name of Object.keys(options))
    if (name !== 'prefix' && name !== 'maxTtl') throw wrong(name, "no such option; there are 'prefix' and 'maxTtl'");
  const { prefix = '', maxTtl = LONGEST } = options;
  if (typeof prefix !== 'string') throw wrong('prefix', `expected a text such as 'shop:', got ${typeof prefix}`);
  if (!Number.isFinite(maxTtl) || maxTtl < SHORTEST)
    throw wrong('maxTtl', `expected a number of ms, at least ${SHORTEST}, got ${String(maxTtl)}`);
  return { prefix, maxTtl };
}
