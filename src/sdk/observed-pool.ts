/** What an observer may look at of the pool it observes: its state as it is when asked, and whether it is closed. */
import type { Core } from './core.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';

/** A pool as its observers see it. */
export interface ObservedPool {
  /** The state as `balancer.snapshot()` gives it. */
  snapshot(): Snapshot;
  /** Its client was closed; it takes no more calls. */
  readonly closed: boolean;
}

/** As long as there is the pool, there is what its observers hold of it, even weakly. */
const views = new WeakMap<Core, ObservedPool>();

/** Shows a new pool to those of its observers that watch pools. @returns the pool's parts. */
export function observed(core: Core): Core {
  const { settings, pool, dispatcher, log } = core;
  const watchers =
    pool.endpoints.length > 0 ? settings.observers.filter(({ watch }) => typeof watch === 'function') : [];
  if (watchers.length === 0) return core;
  const view: ObservedPool = {
    snapshot: () => snapshotOf(core),
    get closed() {
      return dispatcher.parts.now.closed;
    },
  };
  views.set(core, view);
  for (const observer of watchers) {
    try {
      observer.watch?.(view);
    } catch (error) {
      log.mishap('an observer threw', error);
    }
  }
  return core;
}
