/** What the reading of one reply is told: the words between the seam, which wires it, and those who read. */
import type { Call } from '../call/call.ts';
import type { Clock } from '../clock.ts';
import type { StreamEnd } from '../dispatch/watched.ts';

/** Takes a reply's bytes as they came, beside what is made of them. */
export interface ByteKeeper {
  /** The body of a buffered reply. */
  whole(body: Uint8Array): void;
  /** One event of a stream came, or what is `silent`: a comment, blank lines. */
  came(block: Uint8Array, silent: boolean): void;
  /** What came so far belongs to the event just taken. */
  mark(): void;
}

/** What reading needs. */
export interface Reading {
  /** What was asked for: the request's body as an object. */
  readonly asked: unknown;
  /** The id of the object that the reply must be, where it shall tell who has it; `true` = it must be an object at all. */
  readonly sought?: string | true | undefined;
  /** Set for a caller who wants bytes. */
  bytes?: ByteKeeper | undefined;
  readonly call: Call;
  readonly clock: Clock;
  readonly maxResponseBytes: number;
  readonly streamIdleTimeout: number;
  /** False when nobody else could take the call: then nothing is held back. */
  mayMove(): boolean;
  /** True when somebody else shall be asked for an answer that a content filter cut off. */
  mayMoveFiltered(): boolean;
  /** Takes the endpoint's credentials out of an error. */
  safe(error: unknown): unknown;
  /** The endpoint handed out these ids. */
  learnIds(ids: readonly string[]): void;
  /** The first content of a stream came. */
  contentCame(): void;
  /** A stream that was handed out is over. */
  streamEnded(end: StreamEnd): void;
}
