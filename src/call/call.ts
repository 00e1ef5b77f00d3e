/** What one call of the application is, as plain data: made by the seam, read by every later step, changed by none. */
import type { Demand } from './demand.ts';
import type { Operation } from './operations.ts';
import type { OwnedId } from './owned-id.ts';
import type { Hedging, Importance } from './steering.ts';

/** May the call be sent a second time? `free`: yes; `create`: only if nothing can exist yet; `once`: its body cannot be read again. */
export type Replay = 'free' | 'create' | 'once';

/** What a call's prompt begins with, as numbers worked out when asked for. */
export interface CallPrompt {
  /** A hash of what tells that calls share the beginning of their prompt; `undefined` = nothing does. */
  readonly prefix: number | undefined;
  /** The same for the part of it that other conversations may share: tools and instructions. */
  readonly stem: number | undefined;
  /** A hash that names the call's conversation; `undefined` when nothing of it can be cached, or nobody wants to know. */
  readonly conversation: number | undefined;
}

/** One call of the application. */
export interface Call {
  /** Unique within the process; carried by every event of the call. */
  readonly id: string;
  readonly operation: Operation;
  /** HTTP method, lower case. */
  readonly method: string;
  /** The public model name, before any model map. */
  readonly model: string | undefined;
  /** The public model name the caller wrote, while another one of `fallbacks` is asked in its place. */
  readonly insteadOf?: string | undefined;
  /** Whether the caller asked for an event stream. */
  readonly stream: boolean;
  /** What it will take of a rate limit. */
  readonly demand: Demand;
  readonly replay: Replay;
  /** `false` = the call is not hedged. */
  readonly hedge: Hedging | false;
  /** Ids in the call that belong to the endpoint which made them. */
  readonly ownerIds: readonly OwnedId[];
  readonly prompt: CallPrompt;
  /** Name of the endpoint the caller named, if any; such a call never fails over. */
  readonly pin: string | undefined;
  /** It asks for one endpoint's part of a list: nobody chose that endpoint for it. */
  readonly part?: boolean | undefined;
  /** Labels that whoever serves it must all have; sorted. */
  readonly tags: readonly string[];
  /** Calls of one session go to the same endpoint while it is eligible. */
  readonly session: string | undefined;
  /** How much it matters when calls have to wait. */
  readonly importance: Importance;
  /** How often the call may wait and go again. */
  readonly maxRetries: number;
  /** Attempts of the call over everything. */
  readonly maxAttempts: number;
  /** Monotonic time in ms at which the call began, and by which it must have its answer. */
  readonly startedAt: number;
  readonly deadline: number;
  /** The client's own timeout in ms. A single caller's may be shorter, and must not decide about an endpoint. */
  readonly clientTimeout: number;
  /** True when the call brings credentials of its own: what they are worth is nobody else's affair. */
  readonly ownCredentials: boolean;
  readonly signal: AbortSignal | undefined;
}
