/** What a client with a store shares with others: who owns which id, and what is found out about its endpoints. */
import { SharedIds } from '../affinity/shared-ids.ts';
import { duration } from '../call/describe.ts';
import type { Clock } from '../clock.ts';
import { aboutOf } from '../endpoint/cooldown.ts';
import { guarded, type Registry } from '../endpoint/registry.ts';
import type { Emitter } from '../observe/emitter.ts';
import type { PoolLog } from '../observe/pool-log.ts';
import type { Member } from '../pool/places.ts';
import type { Pool } from '../pool/pool.ts';
import { syncOf } from '../pool/sync.ts';
import type { Fact } from '../pool/sync-message.ts';
import type { SharedStore } from '../state/shared-store.ts';
import { storeNews } from './store-news.ts';

/** What is shared, and who hears of it. */
export interface ShareParts {
  readonly store: SharedStore;
  readonly storeTimeout: number;
  readonly registry: Registry;
  readonly pool: Pool;
  readonly events: Emitter;
  readonly log: PoolLog;
  readonly clock: Clock;
}

/** A client's part in it. */
export interface Share {
  readonly ids: SharedIds;
  /** Endpoints were added. */
  readonly refresh: () => void;
  /** Takes no part any more. */
  readonly leave: () => void;
}

/** Tells those who listen to a client what it learnt from others. */
function announceHeard(fact: Fact, { events, log, clock }: Pick<ShareParts, 'events' | 'log' | 'clock'>): void {
  const about = { at: clock.date(), endpoint: fact.endpoint, elsewhere: true } as const;
  if (fact.is === 'cooldown') {
    const { scope, key, ms, reason } = fact;
    const { model } = aboutOf(scope, key);
    events.emit({ type: 'endpoint-cooldown', ...about, model, ms, reason });
  } else if (fact.is === 'ejected') {
    const { model, ms } = fact;
    log.transition(fact.endpoint, 'ejected', `another process says so, for ${duration(ms)}`);
    events.emit({ type: 'endpoint-ejected', ...about, model, openMs: ms, reason: 'told by another process' });
  } else if (fact.is === 'restored') {
    log.transition(fact.endpoint, 'restored', 'another process says so');
    events.emit({ type: 'endpoint-restored', ...about, model: fact.model });
  }
}

/** Begins to share. */
export function share({ store, storeTimeout, registry, pool, events, log, clock }: ShareParts): Share {
  const guard = guarded(registry, store, clock);
  const sync = syncOf(registry, guard, clock);
  // A name that means another endpoint elsewhere says nothing of who has an id.
  const nameOf = (name: string) => (sync.disputed(name) ? undefined : pool.named(name)?.name);
  const ids = new SharedIds(guard, nameOf, storeNews({ events, log, clock }), storeTimeout);
  const member: Member = {
    get endpoints() {
      return pool.endpoints;
    },
    get changes() {
      return pool.changes;
    },
    heard: (fact) => announceHeard(fact, { events, log, clock }),
    complain: (reason) => {
      log.notShared(reason);
      events.emit({ type: 'store-degraded', at: clock.date(), reason });
    },
  };
  const leave = sync.join(member);
  return { ids, refresh: () => sync.refresh(), leave };
}
