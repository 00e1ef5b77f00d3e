/**
 * The channels of a store that somebody listens to: one subscription for each, however many listen, made anew after the store
 * was away. Why so: a store that lost its connection may have lost who listened there, and says nothing of it.
 */
import type { SharedStore } from './shared-store.ts';
import { Users } from './users.ts';

/** A subscription that takes longer, in ms, is tried again. */
const SUBSCRIBE_WITHIN = 2_000;
/** Nobody publishes a message as long as this. */
const LONGEST = 100_000;

type Hear = (message: unknown) => void;

interface Channel {
  /** Who listens; nobody of them is kept alive by that. */
  readonly users: Users<(message: string) => void>;
  /** The subscription that counts, and what ends it. */
  current: { readonly hear: Hear; readonly end: () => unknown } | undefined;
  busy: boolean;
}

/** Ends a subscription. A store that cannot is left with it: nothing it tells is heard any more. */
function endQuietly(end: () => unknown): void {
  try {
    const result = end();
    if (result instanceof Promise) result.catch(() => undefined);
  } catch {
    // Then it stays.
  }
}

/** Who listens to what, over one store. */
export class Channels {
  readonly #channels = new Map<string, Channel>();
  readonly #store: SharedStore;
  readonly #attempt: (ms: number, work: () => Promise<unknown>) => Promise<boolean>;

  /** @param attempt does one operation, if the store may be asked. */
  constructor(store: SharedStore, attempt: (ms: number, work: () => Promise<unknown>) => Promise<boolean>) {
    this.#store = store;
    this.#attempt = attempt;
  }

  /** Whether anybody listens to anything. */
  get used(): boolean {
    for (const [name, channel] of this.#channels) if (!channel.users.some) this.#end(name, channel);
    return this.#channels.size > 0;
  }

  /** Listens, for as long as somebody else holds the listener. @returns what ends that */
  subscribe(name: string, listener: (message: string) => void): () => void {
    let channel = this.#channels.get(name);
    if (!channel) {
      channel = { users: new Users(), current: undefined, busy: false };
      this.#channels.set(name, channel);
    }
    channel.users.add(listener);
    if (!channel.current) void this.#listen(name, channel);
    const reference = new WeakRef(listener);
    return () => {
      const [known, found] = [reference.deref(), this.#channels.get(name)];
      if (known && found && !found.users.remove(known)) this.#end(name, found);
    };
  }

  /** Listens where that failed. @param all also where a subscription is, which may be lost */
  again(all: boolean): void {
    for (const [name, channel] of this.#channels) if (all || !channel.current) void this.#listen(name, channel);
  }

  async #listen(name: string, channel: Channel): Promise<void> {
    if (channel.busy) return;
    channel.busy = true;
    const hear: Hear = (message) => {
      // While a subscription replaces another one, both hear the same.
      if ((channel.current?.hear ?? hear) === hear) this.#heard(name, channel, message);
    };
    let late = false;
    let end: (() => unknown) | undefined;
    const listens = await this.#attempt(SUBSCRIBE_WITHIN, async () => {
      const given: unknown = await this.#store.subscribe(name, hear);
      if (typeof given !== 'function') throw new TypeError(`subscribe() gave ${typeof given} in place of a function`);
      end = given as () => unknown;
      // Nobody waits for it any more.
      if (late) endQuietly(end);
    });
    late = true;
    channel.busy = false;
    if (!listens || !end) return;
    const before = channel.current;
    channel.current = { hear, end };
    if (before) endQuietly(before.end);
    if (this.#channels.get(name) !== channel) endQuietly(end);
  }

  #heard(name: string, channel: Channel, message: unknown): void {
    if (this.#channels.get(name) !== channel || typeof message !== 'string' || message.length > LONGEST) return;
    if (channel.users.some) channel.users.tell(message);
    else this.#end(name, channel);
  }

  #end(name: string, channel: Channel): void {
    this.#channels.delete(name);
    if (channel.current) endQuietly(channel.current.end);
    channel.current = undefined;
  }
}
