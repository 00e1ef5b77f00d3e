/** A store in the memory of this process: for several clients of one process, and for tests. */
import { type Clock, systemClock } from '../clock.ts';
import { Facts } from './facts.ts';
import { Listeners } from './listeners.ts';
import type { SharedStore } from './shared-store.ts';

/**
 * A store that lives as long as this process. It answers at once, keeps at most 200,000 keys, and forgets the oldest beyond
 * them.
 * @param clock another one only in tests.
 */
export function memoryStore(clock: Clock = systemClock): SharedStore {
  const facts = new Facts(clock);
  const channels = new Listeners();
  return {
    get: (key) => facts.get(key)?.value,
    set: (key, value, ttl) => facts.put(key, value, clock.now() + ttl),
    add(key, n, ttl) {
      const before = facts.get(key);
      const total = Number(before?.value ?? 0) + n;
      facts.put(key, String(total), before?.until ?? clock.now() + ttl);
      return total;
    },
    publish(channel, message) {
      // Not within the sender's own call.
      queueMicrotask(() => channels.tell(channel, message));
    },
    subscribe: (channel, listener) => channels.add(channel, listener),
  };
}
