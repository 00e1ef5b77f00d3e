/**
 * The port for what several processes share: facts such as "this id belongs to azure-eu", never locks.
 * Why so small: five members are written in an hour over anything that keeps text, and each promise below can be tested
 * (`sharedStoreContract` of load-balanced-openai/testing).
 */

/** A value, or the promise of one. */
type Sooner<Value> = Value | PromiseLike<Value>;

/**
 * A place for facts, for everybody who has the same one. Each member may answer at once or by a promise. A store may fail,
 * throw or hang as it likes: then clients go by what they know themselves, and no call waits longer than a moment.
 */
export interface SharedStore {
  /**
   * What is kept under a key: the value set last, by whomever.
   * @returns `undefined` or `null` when there is none, or none any more
   */
  get(key: string): Sooner<string | undefined | null>;
  /**
   * Keeps a value in place of the one before, exactly as it is: any text, also an empty one. Who asks after it is kept
   * gets it.
   * @param ttl how long, in ms, up to 30 days and more; counted anew from this call. Afterwards it is gone, at most a
   * second late; before that it may be lost, but never replaced by another one.
   */
  set(key: string, value: string, ttl: number): Sooner<unknown>;
  /**
   * Adds to a counter, which begins at 0, in one step: of calls at the same time none is lost. Counters and values never
   * share a key.
   * @param n a whole number, also below 0
   * @param ttl how long the counter lives, in ms, from its first call on; later ones do not prolong it, and the next one
   * begins at 0 again
   * @returns the new total
   */
  add(key: string, n: number, ttl: number): Sooner<number>;
  /** Tells a message to everybody who listens to the channel now, the sender's own listeners included. Nothing is kept. */
  publish(channel: string, message: string): Sooner<unknown>;
  /**
   * Hears what is told on a channel from now on, each message once, in the order of its sender. A listener that throws hurts
   * neither the store nor the others.
   * @returns what ends this; may be called twice
   */
  subscribe(channel: string, listener: (message: string) => void): Sooner<() => unknown>;
}

/** The names of its members. */
export const storeMembers = [
  'get',
  'set',
  'add',
  'publish',
  'subscribe',
] as const satisfies readonly (keyof SharedStore)[];
