/** The words in which an endpoint's live state speaks: why not, what runs, what changed. */
import type { Held } from './held.ts';
import type { QuotaMember } from './quota.ts';
import type { Waiting } from './silence.ts';
import type { Shown, TrackRecord } from './track-record.ts';

/** The states a breaker is shown in; `half-open` while its probe runs. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** Leave to send one attempt; handed back with its outcome. */
export interface Permit {
  readonly epoch: number;
  readonly probe: boolean;
  /** Let through although open, because nobody else is left: good news closes the breaker, bad news is none. */
  readonly panic?: boolean;
}

/** Why an endpoint may not take a call now. */
export interface Exclusion {
  /**
   * `limited`: the upstream asked for a pause. `doubtful`: its figures say that a limit is used up.
   * `refused`: it does not let us in or lacks the thing. `ejected`: health.
   */
  readonly kind: 'limited' | 'doubtful' | 'refused' | 'ejected';
  readonly reason: string;
  /** When it may end, in monotonic ms. */
  readonly until: number;
  /** True when a rate limit is the cause. */
  readonly rateLimited: boolean;
  /** True when it is out for its health as well. */
  readonly ejected: boolean;
}

/** A breaker transition, for events and logs. */
export interface Transition {
  readonly state: 'ejected' | 'restored';
  readonly model: string | undefined;
  readonly openMs: number;
}

/** An endpoint of that pool. */
export interface Neighbour {
  readonly settings: { readonly quotaGroup: string | undefined };
  readonly state: QuotaMember;
  /** Its own name of a model. */
  keyOf(model: string): string;
}

/** The pool that an attempt was made from, as far as breakers ask. */
export interface Neighbours {
  /** Share of the pool's endpoints for this model, by its public name, that would be out for their health with one more, in percent. */
  percentageOut(model: string): number;
  readonly endpoints: readonly Neighbour[];
}

/** One attempt as the endpoint keeps it: from its start until its body is over. */
export interface Load extends Shown, Waiting {
  /** By the endpoint's own name. */
  readonly model: string;
  /** By its public name. */
  asked: string;
  quotaGroup: string | undefined;
  /** The model's, as it was when the attempt began. */
  readonly record: TrackRecord;
  readonly neighbours: Neighbours | undefined;
  readonly permits: readonly [Permit | undefined, Permit | undefined];
  running: boolean;
  /** It is the only call sent to an endpoint that has gone silent. */
  probes: boolean;
  /** Set once its outcome was told. */
  judged: boolean;
  /** Set when another endpoint answered first and nothing came from here: many times faster, or after a hedge's delay. */
  beaten: 'far' | 'late' | undefined;
  /** What it holds of the endpoint's rate limits. */
  held: Held | undefined;
}

/** A failure that may be the call's own fault, `alike` = it met the same before: others will say whose it was. */
export type Suspicion = 'first' | 'alike';
