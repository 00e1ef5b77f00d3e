/**
 * What the stores over one client listen to: one second connection for all of them, from the first listener to the last.
 * Why not on the user's: a connection that listens takes no other commands. It follows the user's client: ended with it, so
 * that a program that closes its client can end, and begun again with it. One that gives up by itself is made anew.
 */
import { systemClock } from '../index.ts';
import type { Link, Listening } from './clients.ts';

type Hear = (message: string) => void;

interface Channel {
  readonly listeners: Set<Hear>;
  /** The connection that it was begun on. */
  on: Listening | undefined;
  /** Resolves when the server has it. */
  begun: Promise<unknown>;
}

/** Before a connection that gave up is made anew, in ms. */
const AGAIN = 1_000;

const quietly = (work: () => unknown): void => {
  void (async () => work())().catch(() => undefined);
};

/** The channels heard through one client. */
export class Channels {
  readonly #link: Link;
  readonly #channels = new Map<string, Channel>();
  #listening: Listening | undefined;
  #unwatch: (() => void) | undefined;
  #cancelAgain: (() => void) | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  /** Hears a channel. @returns resolves, when it is heard, with what ends that; rejects when it is not to be had */
  async subscribe(name: string, listener: Hear): Promise<() => void> {
    // One of its own, so that the same function may listen twice.
    const own: Hear = (message) => listener(message);
    const channel = this.#channels.get(name) ?? { listeners: new Set(), on: undefined, begun: Promise.resolve() };
    this.#channels.set(name, channel);
    channel.listeners.add(own);
    const end = () => this.#leave(name, channel, own);
    try {
      this.#unwatch ??= this.#link.watch((event) => (event === 'ready' ? this.#beginAll() : this.#disconnect()));
      this.#begin(name, channel);
      await channel.begun;
    } catch (error) {
      end();
      throw error;
    }
    return end;
  }

  #begin(name: string, channel: Channel): void {
    const listening = this.#connection();
    if (channel.on === listening) return;
    channel.on = listening;
    channel.begun = Promise.resolve(listening.begin(name));
    channel.begun.catch(() => {
      if (channel.on === listening) channel.on = undefined;
    });
  }

  #beginAll(): void {
    for (const [name, channel] of this.#channels) quietly(() => this.#begin(name, channel));
  }

  #connection(): Listening {
    if (this.#listening) return this.#listening;
    const hear = (name: string, message: string) => {
      for (const listener of [...(this.#channels.get(name)?.listeners ?? [])]) quietly(() => listener(message));
    };
    const listening = this.#link.listen(hear, () => {
      if (this.#listening === listening) this.#gaveUp();
    });
    this.#listening = listening;
    return listening;
  }

  #gaveUp(): void {
    this.#disconnect();
    this.#cancelAgain ??= systemClock.after(
      AGAIN,
      () => {
        this.#cancelAgain = undefined;
        // Lost or closed, its client says when it is ready again.
        if (this.#link.standing() === 'ready') this.#beginAll();
      },
      false,
    );
  }

  #disconnect(): void {
    const listening = this.#listening;
    this.#listening = undefined;
    quietly(() => listening?.end());
  }

  #leave(name: string, channel: Channel, own: Hear): void {
    channel.listeners.delete(own);
    if (channel.listeners.size > 0 || this.#channels.get(name) !== channel) return;
    this.#channels.delete(name);
    if (this.#channels.size > 0) {
      quietly(() => this.#listening?.stop(name));
      return;
    }
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#cancelAgain?.();
    this.#cancelAgain = undefined;
    this.#disconnect();
  }
}
