/** What the watch over a stream is told of it, and what it tells. Filled in by whoever reads the reply. */
import type { StreamKind } from '../call/operations.ts';
import type { Clock } from '../clock.ts';

/** How a stream that was handed out ended. */
export type StreamEnd =
  | { readonly is: 'complete' }
  /** The consumer stopped, aborted or dropped it; `said`: after content had come. */
  | { readonly is: 'left'; readonly said: boolean }
  /** `late`: given up at the call's deadline. */
  | { readonly is: 'failed'; readonly error: unknown; readonly late?: true };

/** Waits for the next event of a stream; told one of these once, at once or later. */
export interface Taker<Item> {
  came(event: Item): void;
  ended(): void;
  broke(error: unknown): void;
}

/** Where the events of a stream come from. */
export interface EventSource<Item> {
  /** Asks for the next event. Not while somebody waits, and not after the end. */
  pull(to: Taker<Item>): void;
  /** Nobody wants more. */
  leave(): Promise<void>;
}

/** What the watch needs to know of the stream. */
export interface Watched {
  readonly kind: StreamKind;
  /** How many answers it is made of. */
  readonly answers: number;
  readonly clock: Clock;
  /** Longest silence between events while somebody waits for one, in ms. */
  readonly idleTimeout: number;
  /** How long whoever reads it waits for the answer to begin, in ms. */
  readonly timeLeft: () => number;
  /** What the answer begins with. */
  readonly begins: 'with content' | 'with any event';
  /** True once somebody aborted the request: then the SDK ends the iteration without an error, and so does the watch. */
  readonly aborted: () => boolean;
  /** True when the bytes of the stream ended with `[DONE]`. */
  readonly sawDone: () => boolean;
  /** Monotonic time of the last byte that was more than a comment; comments alone count for 15 min in all. */
  readonly lastByteAt: () => number;
  /** How much came so far. */
  readonly bytesRead: () => number;
  /** Stops the request. */
  readonly stop: () => void;
  /** Turns what the transfer threw into what the caller shall see. */
  readonly translate: (error: unknown) => unknown;
  /** The error that an event stands for. */
  readonly failureIn: (event: unknown) => unknown;
  /** The error of a stream that ended too early. @param where in words. */
  readonly cutShort: (where: string) => unknown;
  readonly onEvent: (event: unknown) => void;
  /** The first content came. */
  readonly onContent: () => void;
  readonly onEnd: (end: StreamEnd) => void;
}
