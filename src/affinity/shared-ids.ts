/**
 * Who owns which id, told to the store and asked of it. Of an id only its hash is ever there, and of an endpoint its name:
 * names are the identity under which several pools share ids.
 */
import { createHash } from 'node:crypto';
import type { GuardedStore } from '../state/guarded-store.ts';
import type { StoreNews } from '../state/store-health.ts';

/** The release of what is kept, so that another one may keep something else. */
const PREFIX = 'lbo:1:id:';

/** The key of an id. Public knowledge: whoever has the id can find its fact, nobody the id from its key. */
export function keyOf(id: string): string {
  return PREFIX + createHash('sha256').update(id).digest('base64url');
}

/** The ids that a client shares with others. */
export class SharedIds {
  readonly #store: GuardedStore;
  readonly #named: (name: string) => string | undefined;
  /** Held here, since the store's users are held weakly. */
  readonly #news: (news: StoreNews) => void;

  readonly #timeout: number | undefined;

  /**
   * @param named the pool's own name of an endpoint that is called so; `undefined` when there is none.
   * @param news told what becomes of the store.
   * @param timeout how long a question may take, in ms. @default the store's own bound
   */
  constructor(
    store: GuardedStore,
    named: (name: string) => string | undefined,
    news: (news: StoreNews) => void,
    timeout?: number,
  ) {
    this.#timeout = timeout;
    this.#store = store;
    this.#named = named;
    this.#news = news;
    store.users.add(news);
  }

  /** Somebody owns an id; to be kept for so long, in ms. Returns at once. */
  tell(id: string, owner: string, ttl: number): void {
    this.#store.write(keyOf(id), owner, ttl);
  }

  /** The endpoint of this pool that others know as the owner. Within a moment; never rejects. */
  async ask(id: string): Promise<string | undefined> {
    const name = await this.#store.read(keyOf(id), this.#timeout);
    // An endpoint of another pool, or one that is gone or called otherwise now: as good as unknown, the endpoints may know.
    return name === undefined ? undefined : this.#named(name);
  }

  /** Resolves when what was told is written, or cannot be; then the store is left alone. */
  async close(): Promise<void> {
    await this.#store.flush();
    if (!this.#store.users.remove(this.#news)) this.#store.rest();
  }
}
