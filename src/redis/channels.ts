/**
 * What the stores over one client listen to: one second connection for all of them, from the first listener to the last.
 * Why not on the user's: a connection that listens takes no other commands. It follows the user's client: ended with it, so
 * that a program that closes its client can end, and begun again with it.
 */
import type { Link, Listening } from './clients.ts';

type Hear = (message: string) => void;

interface Channel {
  readonly listeners: Set<Hear>;
  /** Resolves when the server has it. */
  begun: Promise<unknown>;
}

function tell(listener: Hear, message: string): void {
  try {
    const result: unknown = listener(message);
    // An async listener's rejection would otherwise end the process.
    if (result instanceof Promise) result.catch(() => undefined);
  } catch {
    // The listener's own affair.
  }
}

/** The channels heard through one client. */
export class Channels {
  readonly #link: Link;
  readonly #channels = new Map<string, Channel>();
  #listening: Listening | undefined;
  #unwatch: (() => void) | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Hears a channel. @returns resolves, when it is heard, with what ends that; rejects when it is not to be had */
  async subscribe(name: string, listener: Hear): Promise<() => void> {
    // One of its own, so that the same function may listen twice.
    const own: Hear = (message) => listener(message);
    const channel = this.#channels.get(name) ?? this.#open(name);
    channel.listeners.add(own);
    const end = () => this.#leave(name, channel, own);
    try {
      await channel.begun;
    } catch (error) {
      end();
      throw error;
    }
    return end;
  }

  #open(name: string): Channel {
    const channel: Channel = { listeners: new Set(), begun: Promise.resolve() };
    this.#channels.set(name, channel);
    this.#unwatch ??= this.#link.watch((event) => (event === 'ready' ? this.#connect() : this.#disconnect()));
    this.#connect();
    if (this.#listening) this.#begin(this.#listening, name, channel);
    return channel;
  }

  #begin(listening: Listening, name: string, channel: Channel): void {
    channel.begun = Promise.resolve(listening.begin(name));
    channel.begun.catch(() => undefined);
  }

  #connect(): void {
    if (this.#listening || this.#channels.size === 0) return;
    const listening = this.#link.listen((name, message) => {
      for (const listener of [...(this.#channels.get(name)?.listeners ?? [])]) tell(listener, message);
    });
    this.#listening = listening;
    for (const [name, channel] of this.#channels) if (channel.listeners.size > 0) this.#begin(listening, name, channel);
  }

  #disconnect(): void {
    const listening = this.#listening;
    this.#listening = undefined;
    void Promise.resolve()
      .then(() => listening?.end())
      .catch(() => undefined);
  }

  #leave(name: string, channel: Channel, own: Hear): void {
    channel.listeners.delete(own);
    if (channel.listeners.size > 0 || this.#channels.get(name) !== channel) return;
    this.#channels.delete(name);
    if (this.#channels.size > 0) {
      Promise.resolve(this.#listening?.stop(name)).catch(() => undefined);
      return;
    }
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#disconnect();
  }
}
