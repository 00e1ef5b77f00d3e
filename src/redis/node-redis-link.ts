/** The link over a client of `redis` or `@redis/client`. */
import type { Link, Listening, NodeRedisClient } from './clients.ts';
import { watching } from './watching.ts';

interface Duplicate {
  readonly isOpen: boolean;
  on(event: 'error' | 'end', listener: () => void): unknown;
  connect(): PromiseLike<unknown>;
  subscribe(channel: string, hear: (message: string, channel: string) => void): PromiseLike<unknown>;
  unsubscribe(channel: string): PromiseLike<unknown>;
  destroy(): unknown;
}

/** @param client a connected one */
export function nodeRedisLink(client: NodeRedisClient): Link {
  let wasReady = false;
  return {
    cluster: typeof (client as { getRandomNode?: unknown }).getRandomNode === 'function',
    standing() {
      if (!client.isOpen) return 'closed';
      if (client.isReady) {
        wasReady = true;
        return 'ready';
      }
      return wasReady ? 'lost' : 'connecting';
    },
    get: (key) => client.get(key),
    set: (key, value, ms) => client.set(key, value, { expiration: { type: 'PX', value: ms } }),
    runKnown: (sha, key, args) => client.evalSha(sha, { keys: [key], arguments: args }),
    run: (script, key, args) => client.eval(script, { keys: [key], arguments: args }),
    publish: (channel, message) => client.publish(channel, message),
    listen: (hear, gaveUp) => listening(client.duplicate() as Duplicate, hear, gaveUp),
    watch: (told) => watching(client, told),
  };
}

function listening(
  duplicate: Duplicate,
  hear: (channel: string, message: string) => void,
  gaveUp: () => void,
): Listening {
  // Without a listener an error of the connection would end the process.
  duplicate.on('error', () => {
    if (!duplicate.isOpen) gaveUp();
  });
  const connected = Promise.resolve(duplicate.connect());
  connected.catch(gaveUp);
  duplicate.on('end', gaveUp);
  return {
    begin: (channel) => connected.then(() => duplicate.subscribe(channel, (message) => hear(channel, message))),
    stop: (channel) => connected.then(() => duplicate.unsubscribe(channel)),
    end: () => duplicate.destroy(),
  };
}
