/** One attempt of a call and the port through which it goes out. The words that the story, the loop and the seam share. */
import type { AttemptReport } from '../call/outcome.ts';
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Load } from '../endpoint/live-facts.ts';
import type { Ending } from '../transport/pending-exchange.ts';
import type { AttemptEnd } from './attempt-end.ts';
import type { Bounds, Late } from './clocks.ts';

/** Good headers of a reply; what else it holds is the port's affair. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** `false`: only a place was wanted. Nothing was sent, so there is nothing to learn from it. */
  readonly sent?: false;
}

/** Told by the port about the connection, as far as it can see it. */
export interface Wire {
  readonly clock: Clock;
  answered(): void;
  failed(error: unknown): void;
}

/** What an attempt needs to be sent. */
export interface Sending {
  /** 0 for the first attempt of the call. */
  readonly index: number;
  /** The public name of the model to ask: the call's own, or the one asked in its place. */
  readonly model: string | undefined;
  /** Aborted when nobody wants the reply any more. Made when it is asked for; `ending` says the same for less. */
  readonly signal: AbortSignal;
  readonly ending: Ending;
  readonly wire: Wire;
  /** Sent along where the request has none of that name. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The port through which attempts go out: the endpoint's SDK client for SDK calls. Rejects with what the caller would see. */
export type Send<R extends Reply> = (endpoint: Endpoint, sending: Sending) => Promise<R>;

/** One attempt. */
export interface Attempt<R extends Reply> {
  readonly endpoint: Endpoint;
  readonly load: Load;
  readonly report: AttemptReport;
  readonly ending: AttemptEnd;
  reply: R | undefined;
  /** What `read` made of the reply. */
  data: unknown;
  /** How long the first content of its stream took, in ms; only where somebody listens. */
  firstMs: number | undefined;
  /** What the reply calls its model; empty where that is no name to be told. */
  replyModel: string | undefined;
  /** Set once the outcome was learnt from; nothing is told twice. */
  settled: boolean;
  /** Set when nothing of the request can have left this machine. */
  unsent: boolean;
  readonly bounds: Bounds;
  /** After how many ms from its start the call may be hedged; `undefined` = not at all. */
  readonly hedgeAfter: number | undefined;
  /** Set once it took longer than any usual attempt. */
  overdue: boolean;
  /** When it is looked at next, if at all; by `story.setAlarm`. */
  alarm: Alarm | undefined;
}

/** A moment at which a running attempt is looked at, in monotonic ms. */
export interface Alarm {
  readonly at: number;
  readonly late: Late;
  /** The one after it. */
  readonly next: Alarm | undefined;
}
