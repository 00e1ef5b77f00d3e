/**
 * What the store asks of the user's client, for both libraries.
 * Why structural: the user's version is used, whatever it is, and nobody installs a client that he does not use.
 */

interface Emits {
  on(event: string, listener: (...told: unknown[]) => void): unknown;
  off(event: string, listener: (...told: unknown[]) => void): unknown;
}

/** A client of `redis` (or `@redis/client`) 5 or 6: a single one, of a cluster or of sentinels. */
export interface NodeRedisClient extends Emits {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  get(key: string): PromiseLike<unknown>;
  set(key: string, value: string, options: { expiration: { type: 'PX'; value: number } }): PromiseLike<unknown>;
  evalSha(sha: string, options: { keys: string[]; arguments: string[] }): PromiseLike<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): PromiseLike<unknown>;
  publish(channel: string, message: string): PromiseLike<unknown>;
  /** Another one for the same server, to listen with. */
  duplicate(): object;
  /** Since version 5. */
  destroy(): unknown;
}

/** A client of `ioredis` 5 or 6: a single one, through sentinels, or of a cluster. */
export interface IoredisClient extends Emits {
  readonly status: string;
  get(key: string): PromiseLike<unknown>;
  set(key: string, value: string, px: 'PX', ms: number): PromiseLike<unknown>;
  evalsha(sha: string, keys: number, ...parts: string[]): PromiseLike<unknown>;
  eval(script: string, keys: number, ...parts: string[]): PromiseLike<unknown>;
  publish(channel: string, message: string): PromiseLike<unknown>;
  /** Another one for the same server, to listen with. */
  duplicate(): object;
}

/** What `redisStore` takes. */
export type RedisClient = NodeRedisClient | IoredisClient;

/** Where a client stands: `closed` is for good unless its owner opens it again, `lost` comes back by itself. */
export type Standing = 'ready' | 'connecting' | 'lost' | 'closed';

/** Hears a channel over a connection of its own. */
export interface Listening {
  /** Resolves when the channel is heard. */
  begin(channel: string): PromiseLike<unknown>;
  /** Hears it no more. */
  stop(channel: string): PromiseLike<unknown>;
  /** Ends the connection. */
  end(): unknown;
}

/** The user's client as the store sees it, the same for both libraries. */
export interface Link {
  /** Whether it is of a cluster. */
  readonly cluster: boolean;
  /** Where it stands now. */
  standing(): Standing;
  get(key: string): PromiseLike<unknown>;
  set(key: string, value: string, ms: number): PromiseLike<unknown>;
  /** Runs a script that is known by its hash; rejects with NOSCRIPT when the server has forgotten it. */
  runKnown(sha: string, key: string, args: string[]): PromiseLike<unknown>;
  run(script: string, key: string, args: string[]): PromiseLike<unknown>;
  publish(channel: string, message: string): PromiseLike<unknown>;
  /** A second connection; its faults are nobody's but its own. @param gaveUp it ended, and does not come back by itself */
  listen(hear: (channel: string, message: string) => void, gaveUp: () => void): Listening;
  /** Told of `ready` and `end` of the client. @returns what ends this */
  watch(told: (event: 'ready' | 'end') => void): () => void;
}
