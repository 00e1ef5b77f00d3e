/**
 * A user's store made harmless: whatever it does, a read ends within a moment and never rejects, what is written or published
 * is nobody's wait, and who listens hears again after it was away. One for each store and process, so that what one client
 * finds out about it protects the next, and so that facts still on their way are bounded however many clients there are.
 */
import type { Clock } from '../clock.ts';
import { Channels } from './channels.ts';
import { FactQueue, LANES, WRITE_WITHIN } from './fact-queue.ts';
import type { SharedStore } from './shared-store.ts';
import { StoreHealth, type StoreKind, type StoreNews } from './store-health.ts';
import { Users } from './users.ts';
import { within } from './within.ts';

/** How long a read may take, in ms. */
const READ_WITHIN = 50;
/** No fact is as long as this. */
const LONGEST = 20_000;
/** Counters asked for at one time; more get no answer. */
const COUNTING = 1_000;
/** Where nobody listens and nothing is kept: what a store is tried with while there is nothing else to do. */
const PROBE = 'lbo:1:still-there';

/** Everything that clients do with one store. */
export class GuardedStore {
  readonly #store: SharedStore;
  readonly #clock: Clock;
  readonly #health: StoreHealth;
  readonly #facts: FactQueue;
  readonly #channels: Channels;
  /** Who hears its news; nobody of them is kept alive by that. */
  readonly users = new Users<(news: StoreNews) => void>();
  #publishing = 0;
  #counting = 0;
  /** How long the last read that somebody waited for was given, in ms: a try to read must not be easier than what follows it. */
  #readWithin = READ_WITHIN;
  #cancelProbe: (() => void) | undefined;

  constructor(store: SharedStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#health = new StoreHealth(clock, (news) => this.users.tell(news));
    const attempt = (kind: StoreKind, ms: number, work: () => Promise<unknown>) => this.#try(kind, ms, false, work);
    this.#facts = new FactQueue({ store, clock, health: this.#health, attempt });
    this.#channels = new Channels(store, (ms, work) => attempt('subscribe', ms, work));
  }

  /** Whether facts can be kept, as far as is known. */
  get keeps(): boolean {
    return !this.#health.fails('read') && !this.#health.fails('write');
  }

  /**
   * What is kept under a key; `undefined` when there is nothing, or nobody who could say so in time. Never rejects.
   * @param ms how long it may take. @default 50
   */
  async read(key: string, ms = READ_WITHIN): Promise<string | undefined> {
    this.#readWithin = ms;
    return this.#facts.get(key) ?? this.#find(key, ms, true);
  }

  /** The same as others find it, without what is not written yet. Nobody waits for it: the process may end before. */
  found(key: string, ms: number): Promise<string | undefined> {
    return this.#find(key, ms, false);
  }

  async #find(key: string, ms: number, keepAlive: boolean): Promise<string | undefined> {
    let value: string | undefined;
    await this.#try('read', ms, keepAlive, async () => {
      const found: unknown = await this.#store.get(key);
      if (found === undefined || found === null) return;
      if (typeof found !== 'string') throw new TypeError(`get() gave ${typeof found} in place of a text`);
      if (found.length > LONGEST) throw new TypeError(`get() gave a text of ${found.length} letters, which nobody set`);
      value = found;
    });
    return value;
  }

  /** Keeps a fact, soon and if it can be; returns at once. */
  write(key: string, value: string, ttl: number): void {
    this.#facts.put(key, value, ttl);
    if (!this.#health.well) this.#probeLater();
  }

  /** Keeps a fact now or not at all. @returns whether it is kept. Never rejects. */
  keep(key: string, value: string, ttl: number): Promise<boolean> {
    return this.#try('write', WRITE_WITHIN, false, async () => this.#store.set(key, value, ttl));
  }

  /** Adds to a counter. @returns the new total; `undefined` when the store is not well, or too late. Never rejects. */
  async add(key: string, n: number, ttl: number): Promise<number | undefined> {
    if (this.#counting >= COUNTING) return undefined;
    this.#counting += 1;
    let total: number | undefined;
    await this.#try('write', WRITE_WITHIN, false, async () => {
      const found: unknown = await this.#store.add(key, n, ttl);
      if (typeof found !== 'number' || !Number.isFinite(found))
        throw new TypeError(`add() gave ${typeof found} in place of a total`);
      total = found;
    });
    this.#counting -= 1;
    return total;
  }

  /** Tells a message to everybody who listens now; while the store is not well, nobody hears of it. @returns whether it was told. Never rejects. */
  async publish(channel: string, message: string): Promise<boolean> {
    if (this.#publishing >= LANES) return false;
    this.#publishing += 1;
    // The caller goes first.
    await Promise.resolve();
    const told = await this.#try('publish', WRITE_WITHIN, false, async () => this.#store.publish(channel, message));
    this.#publishing -= 1;
    return told;
  }

  /**
   * Hears what is told on a channel: as soon as the store lets it, and again after it was away. What is told meanwhile is
   * missed. Never throws.
   * @param listener held weakly.
   * @returns what ends this; may be called twice
   */
  subscribe(channel: string, listener: (message: string) => void): () => void {
    const end = this.#channels.subscribe(channel, listener);
    if (!this.#health.well) this.#probeLater();
    return end;
  }

  /** Resolves when everything is written, or when it cannot be. */
  flush(): Promise<void> {
    if (this.#facts.empty) return Promise.resolve();
    const flushed = this.#facts.flush();
    if (this.#health.fails('read')) this.#probe();
    return flushed;
  }

  /** Nobody uses the store any more: lets it be. What could not be written is written when somebody uses it again. */
  rest(): void {
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
  }

  /** Does one operation, if the store may be asked. @returns whether it was answered as it should */
  async #try(kind: StoreKind, ms: number, keepAlive: boolean, work: () => Promise<unknown>): Promise<boolean> {
    const asked = this.#health.ask(kind);
    if (asked === 'no') return false;
    try {
      await within(this.#clock, ms, keepAlive, work);
    } catch (error) {
      this.#health.failed(kind, error);
      this.#probeLater();
      this.#facts.endFlushes();
      return false;
    }
    if (this.#health.worked(kind, asked)) this.rest();
    if (asked === 'yes') return true;
    this.#facts.soon();
    // Where a try to subscribe was answered, only the other channels are left.
    this.#channels.again(kind !== 'subscribe');
    return true;
  }

  /** What fails is tried again for as long as somebody needs it: with what waits to be written, else with nothing at all. */
  #probeLater(): void {
    if (this.#cancelProbe || (this.#facts.empty && !this.#channels.used)) return;
    this.#cancelProbe = this.#clock.after(
      Math.max(1, this.#health.pause()),
      () => {
        this.#cancelProbe = undefined;
        this.#probe();
        if (!this.#health.well) this.#probeLater();
      },
      false,
    );
  }

  #probe(): void {
    for (const kind of this.#health.failing) {
      if (this.#health.pause(kind) > 0) continue;
      if (kind === 'read') void this.#find(PROBE, this.#readWithin, false);
      else if (kind === 'publish') void this.publish(PROBE, '');
      else if (kind === 'subscribe') this.#channels.again(false);
      else if (this.#facts.empty) this.write(PROBE, '', 1_000);
      else this.#facts.pump();
    }
  }
}
