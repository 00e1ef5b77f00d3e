/**
 * Hands events to listeners. A listener that throws never reaches a call: it is counted, reported once, and stays.
 * Why not node:events: its `error` event and its throwing listeners would do just that.
 */
import { channelHeard, channelsHeard, publish } from './channels.ts';
import type { BalancerEvent, BalancerEvents, EventName, Observer } from './events.ts';
import { type SendWithin, sendWithin } from './send-within.ts';

type Listener = (event: never) => void;

/** Delivers events to the listeners of a pool, and to the subscribers of the process's channels. */
export interface Emitter {
  /** True when somebody listens. */
  readonly active: boolean;
  /** True when somebody hears events of this name, so that building one is worth it. */
  wants(name: EventName): boolean;
  /** Sends an attempt in the contexts of observers; `undefined` while none has any. */
  readonly sending: SendWithin | undefined;
  /** Delivers one event; never throws. */
  emit(event: BalancerEvent): void;
  /** Adds a listener for one event, or for all with `'*'`. */
  on(name: EventName | '*', listener: Listener): void;
  /** Removes a listener added before. */
  off(name: EventName | '*', listener: Listener): void;
  /** Removes every listener; the channels' subscribers stay. */
  clear(): void;
}

/** An observer may say that there is nothing for it to do. */
function isAwake(listener: Observer | Listener): boolean {
  try {
    return (listener as Observer).idle !== true;
  } catch {
    return true;
  }
}

/**
 * @param observers hear everything from the start.
 * @param onListenerError told about the first error a listener throws.
 */
export function emitter(observers: readonly Observer[], onListenerError: (error: unknown) => void): Emitter {
  const listeners = new Map<string, Set<Listener>>();
  const all = new Set<Listener>(observers as readonly Listener[]);
  let reported = false;
  const failed = (error: unknown) => {
    if (reported) return;
    reported = true;
    try {
      onListenerError(error);
    } catch {
      // The logger is the user's code as well.
    }
  };
  const call = (listener: Listener, event: BalancerEvent) => {
    try {
      const result = (listener as (event: BalancerEvent) => unknown)(event);
      // An async listener's rejection would otherwise end the process.
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
  const setOf = (name: EventName | '*') => {
    if (name === '*') return all;
    const set = listeners.get(name) ?? new Set();
    listeners.set(name, set);
    return set;
  };
  const anyAwake = () => {
    for (const listener of all) if (isAwake(listener)) return true;
    return false;
  };
  const contexts = observers.filter((observer) => typeof observer.sending === 'function');
  const within = sendWithin(contexts, failed);
  return {
    get sending() {
      return within && contexts.some(isAwake) ? within : undefined;
    },
    get active() {
      return anyAwake() || listeners.size > 0 || channelsHeard();
    },
    wants: (name) => anyAwake() || listeners.has(name) || channelHeard(name),
    emit(event) {
      publish(event);
      const named = listeners.get(event.type);
      // Mostly there is one, for everything or for this.
      if (all.size + (named?.size ?? 0) === 1) {
        const [only] = named ?? all;
        call(only as Listener, event);
        return;
      }
      // Copies: a listener may add and remove listeners.
      for (const listener of [...(named ?? []), ...all]) call(listener, event);
    },
    on: (name, listener) => void setOf(name).add(listener),
    off(name, listener) {
      const set = setOf(name);
      set.delete(listener);
      if (name !== '*' && set.size === 0) listeners.delete(name);
    },
    clear() {
      listeners.clear();
      all.clear();
    },
  };
}

/** The listener type for one event name. */
export type ListenerOf<Name extends EventName | '*'> = (
  event: Name extends EventName ? { type: Name } & BalancerEvents[Name] : BalancerEvent,
) => void;
