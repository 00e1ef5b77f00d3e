/** The link over a client of `ioredis`. */
import type { IoredisClient, Link, Listening } from './clients.ts';
import { watching } from './watching.ts';

interface Duplicate {
  on(event: string, listener: (...told: string[]) => void): unknown;
  subscribe(channel: string): PromiseLike<unknown>;
  unsubscribe(channel: string): PromiseLike<unknown>;
  disconnect(): unknown;
}

/** What the second connection must do, whatever the user wants of the first: wait for the server, and listen again after it. */
const PATIENT = { lazyConnect: true, enableOfflineQueue: true, maxRetriesPerRequest: null, autoResubscribe: true };

/** @param client a connected one, or one that is on its way */
export function ioredisLink(client: IoredisClient): Link {
  let wasReady = false;
  const cluster = (client as { isCluster?: unknown }).isCluster === true;
  return {
    cluster,
    standing() {
      const { status } = client;
      if (status === 'end') return 'closed';
      if (status === 'ready') {
        wasReady = true;
        return 'ready';
      }
      return wasReady || status === 'reconnecting' || status === 'close' ? 'lost' : 'connecting';
    },
    get: (key) => client.get(key),
    set: (key, value, ms) => client.set(key, value, 'PX', ms),
    runKnown: (sha, key, args) => client.evalsha(sha, 1, key, ...args),
    run: (script, key, args) => client.eval(script, 1, key, ...args),
    publish: (channel, message) => client.publish(channel, message),
    listen(hear, gaveUp) {
      const duplicate: (...options: unknown[]) => object = client.duplicate;
      const own = duplicate.call(client, ...(cluster ? [[], PATIENT] : [PATIENT]));
      return listening(own as Duplicate, hear, gaveUp);
    },
    watch: (told) => watching(client, told),
  };
}

function listening(
  duplicate: Duplicate,
  hear: (channel: string, message: string) => void,
  gaveUp: () => void,
): Listening {
  // Without a listener it writes every error of the connection to the console.
  duplicate.on('error', () => undefined);
  duplicate.on('end', gaveUp);
  duplicate.on('message', (channel = '', message = '') => hear(channel, message));
  return {
    begin: (channel) => duplicate.subscribe(channel),
    stop: (channel) => duplicate.unsubscribe(channel),
    end: () => duplicate.disconnect(),
  };
}
