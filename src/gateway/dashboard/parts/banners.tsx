/** What is wrong with the whole: the gateway does not answer, its store is not well. */
import { askNow, connection, live } from '../live.ts';
import { say } from '../say.ts';

/** The lines above every page; none when all is well. */
export function Banners() {
  const store = live.value?.store;
  return (
    <div aria-live="assertive" class="banners">
      {connection.value.is === 'lost' && (
        <div class="banner bad" role="alert">
          <p>
            <strong>{say('lost')}</strong> {say('lost.more')}
          </p>
          <button type="button" onClick={askNow}>
            {say('retry')}
          </button>
        </div>
      )}
      {store?.is === 'degraded' && (
        <div class="banner warn" role="status">
          <p>
            <strong>{say('store.degraded')}</strong> {store.reason ?? ''}{' '}
            {store.lost ? say('store.lost', { count: store.lost }) : ''}
          </p>
        </div>
      )}
    </div>
  );
}
