/** Says in the log how the store is: once when it fails, once when it works again. */
import type { GatewayLog } from '../http/log.ts';
import type { GatewayStore } from './gateway-store.ts';

/** Begins to. @returns what ends it. */
export function tellOfStore(store: Pick<GatewayStore, 'state' | 'watch'>, log: GatewayLog): () => void {
  let was = store.state;
  return store.watch((what) => {
    const { state } = store;
    if (what !== 'state') return;
    if (state.is === was.is) {
      was = state;
      return;
    }
    if (state.is === 'degraded')
      log.error('The store cannot be used; calls go on, and what they use is counted in memory.', {
        reason: state.reason,
      });
    else log.info('The store works again.', was.is === 'degraded' ? { lost: was.lost } : {});
    was = state;
  });
}

const lostBy = ({ state }: GatewayStore) => (state.is === 'degraded' ? state.lost : 0);

/** Closes it, and says what could not be written. */
export async function closeStore(store: GatewayStore, log: GatewayLog): Promise<void> {
  const before = lostBy(store);
  await store.close();
  const lost = lostBy(store) - before;
  if (lost > 0)
    log.error('The store took no more: what the last calls used is not counted there.', { ...store.state, lost });
}
