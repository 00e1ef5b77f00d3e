/** Tells those who listen to a client what becomes of the store it shares with others. */
import type { Clock } from '../clock.ts';
import type { Emitter } from '../observe/emitter.ts';
import type { PoolLog } from '../observe/pool-log.ts';
import type { StoreNews } from '../state/store-health.ts';

/** A listener for the news of a store. */
export function storeNews(parts: { events: Emitter; log: PoolLog; clock: Clock }): (news: StoreNews) => void {
  const { events, log, clock } = parts;
  return (news) => {
    if (news.is === 'behind') {
      log.storeBehind();
      return;
    }
    log.storeChanged(news);
    const at = clock.date();
    if (news.is === 'degraded') events.emit({ type: 'store-degraded', at, reason: news.reason });
    else events.emit({ type: 'store-recovered', at, lost: news.lost });
  };
}
