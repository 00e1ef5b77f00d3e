/**
 * The store port on Redis or Valkey, through the user's own client.
 * Why it refuses at once while the connection is lost: both clients queue commands then, without a bound and to be sent much
 * later; a fact of minutes ago is none, and the caller goes on with what it knows itself.
 */
import { ClosedError, type SharedStore, systemClock } from '../index.ts';
import { Channels } from './channels.ts';
import { linkOf } from './check-client.ts';
import type { Link, RedisClient, Standing } from './clients.ts';
import { checkedOptions, type RedisStoreOptions } from './options.ts';
import { reasonOf } from './reasons.ts';
import { Schema } from './schema.ts';
import { ADD, PUBLISH, runScript } from './scripts.ts';

/** Commands without an answer; beyond them the server is taken for gone, so that a queue cannot grow for ever. */
const UNANSWERED = 5_000;

/** A store that can be closed; the client it is over stays as it is. */
export interface RedisStore extends SharedStore {
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string, ttl: number): Promise<void>;
  add(key: string, n: number, ttl: number): Promise<number>;
  publish(channel: string, message: string): Promise<void>;
  subscribe(channel: string, listener: (message: string) => void): Promise<() => void>;
  /** Ends every subscription and the connection for them. The client given to `redisStore` stays open: it is yours. */
  close(): Promise<void>;
}

const nothing = (): void => undefined;

function begun<Answer>(work: () => PromiseLike<Answer>): Promise<Answer> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Stores over one client share its second connection. */
const channelsOf = new WeakMap<Link, Channels>();

const STANDING: Record<Exclude<Standing, 'ready' | 'connecting'>, string> = {
  lost: 'the connection to Redis is lost; its client is trying to get it back',
  closed: 'the Redis client was closed; close it after the clients that share through it',
};

/**
 * A store over Redis 6 or later, or Valkey.
 * @param client a connected client of `redis` or `ioredis`. It is used as it is, and duplicated once to listen; give it a
 * listener for `error`, as its library asks for.
 * @throws ConfigurationError when it is no such client, or not connected
 * @example const client = new LoadBalancedOpenAI(endpoints, { store: redisStore(await createClient({ url }).connect()) });
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): RedisStore {
  const { prefix, maxTtl } = checkedOptions(options);
  const link = linkOf(client);
  const channels = channelsOf.get(link) ?? new Channels(link);
  channelsOf.set(link, channels);
  const schema = new Schema(link, systemClock, prefix, maxTtl);
  const ends = new Set<() => void>();
  let unanswered = 0;
  let closed = false;

  const ms = (ttl: number) => Math.ceil(Math.min(Math.max(1, ttl), maxTtl)) || 1;
  /** Why nothing can be asked now. */
  const refusal = (): Error | undefined => {
    if (closed) return new ClosedError('This Redis store was closed; make another one with redisStore(client).');
    const standing = link.standing();
    if (standing === 'lost' || standing === 'closed') {
      // It may be another server that comes back.
      schema.doubt();
      return new Error(STANDING[standing]);
    }
    return unanswered < UNANSWERED ? undefined : new Error(`${UNANSWERED} commands wait for an answer of Redis`);
  };
  const failed = (error: unknown): never => {
    unanswered -= 1;
    schema.doubt();
    throw reasonOf(error);
  };
  // Why no async function: each would cost every write two promises more.
  const ask = <Answer, Value>(work: () => PromiseLike<Answer>, value: (answer: Answer) => Value): Promise<Value> => {
    const refused = refusal();
    if (refused) return Promise.reject(refused);
    unanswered += 1;
    const wait = schema.wait;
    const answer = wait ? wait.then(work) : begun(work);
    return answer.then((given) => {
      unanswered -= 1;
      return value(given);
    }, failed);
  };

  return {
    get: (key) =>
      ask(
        () => link.get(prefix + key),
        (found) => (found === null || found === undefined ? undefined : String(found)),
      ),
    set: (key, value, ttl) => ask(() => link.set(prefix + key, value, ms(ttl)), nothing),
    add: (key, n, ttl) => ask(() => runScript(link, ADD, prefix + key, [String(n), String(ms(ttl))]), Number),
    publish(channel, message) {
      const name = prefix + channel;
      const tell = () => (link.cluster ? runScript(link, PUBLISH, name, [name, message]) : link.publish(name, message));
      return ask(tell, nothing);
    },
    subscribe: (channel, listener) =>
      ask(
        () => channels.subscribe(prefix + channel, listener),
        (end) => {
          if (closed) end();
          ends.add(end);
          return () => {
            ends.delete(end);
            end();
          };
        },
      ),
    async close() {
      closed = true;
      for (const end of ends) end();
      ends.clear();
    },
  };
}
