/** A store in the memory of this process: for several clients of one process, and for tests. */
import { type Clock, systemClock } from '../clock.ts';
import type { SharedStore } from './shared-store.ts';

/** Keys kept; beyond them the one written longest ago goes. */
const LIMIT = 200_000;

interface Kept {
  readonly value: string;
  /** Monotonic time in ms when it is gone. */
  readonly until: number;
}

/**
 * A store that lives as long as this process. It answers at once, keeps at most 200,000 keys, and forgets the oldest beyond
 * them.
 * @param clock another one only in tests.
 */
export function memoryStore(clock: Clock = systemClock): SharedStore {
  const facts = new Map<string, Kept>();
  const channels = new Map<string, Set<(message: string) => void>>();
  const get = (key: string) => {
    const kept = facts.get(key);
    if (!kept || clock.now() < kept.until) return kept;
    facts.delete(key);
    return undefined;
  };
  const put = (key: string, value: string, until: number) => {
    facts.delete(key);
    facts.set(key, { value, until });
    for (const [oldest, kept] of facts) {
      if (facts.size <= LIMIT && clock.now() < kept.until) break;
      facts.delete(oldest);
    }
  };
  const tell = (listener: (message: string) => void, message: string) => {
    try {
      const result: unknown = listener(message);
      // An async listener's rejection would otherwise end the process.
      if (result instanceof Promise) result.catch(() => undefined);
    } catch {
      // The listener's own affair.
    }
  };
  return {
    get: (key) => get(key)?.value,
    set: (key, value, ttl) => put(key, value, clock.now() + ttl),
    add(key, n, ttl) {
      const before = get(key);
      const total = Number(before?.value ?? 0) + n;
      put(key, String(total), before?.until ?? clock.now() + ttl);
      return total;
    },
    publish(channel, message) {
      // Not within the sender's own call.
      queueMicrotask(() => {
        for (const listener of [...(channels.get(channel) ?? [])]) tell(listener, message);
      });
    },
    subscribe(channel, listener) {
      const listeners = channels.get(channel) ?? new Set();
      channels.set(channel, listeners);
      // One of its own, so that the same function may listen twice.
      const own = (message: string) => listener(message);
      listeners.add(own);
      return () => {
        listeners.delete(own);
        if (listeners.size === 0 && channels.get(channel) === listeners) channels.delete(channel);
      };
    },
  };
}
