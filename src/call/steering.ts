/** What steers a call besides its content: said by the client it is made on, or by the code around it. Read by eligibility, choice and waiting. */

/** How calls are hedged: a second attempt elsewhere for a call that is slow to begin. */
export interface Hedging {
  /** Hedges per call, over all calls. */
  readonly budget: number;
  /** Slow = slower than this share of the model's calls. */
  readonly quantile: number;
  /** Never earlier than this, in ms. */
  readonly minDelay: number;
}

/** How much a call matters when calls have to wait. */
export type Importance = 'low' | 'normal' | 'high';

/** Checked steering. What is not said is open. */
export interface Steering {
  /** The only endpoint the calls may go to; they never fail over. */
  readonly endpoint?: string | undefined;
  /** Labels that an endpoint must all have; sorted, each once. */
  readonly tags: readonly string[];
  /** Calls of one session go to the same endpoint while it is eligible. */
  readonly session?: string | undefined;
  readonly importance?: Importance | undefined;
  readonly hedge?: Hedging | false | undefined;
}

/** Nothing said. */
export const unsteered: Steering = { tags: [] };

/** Tags as the rest of the library compares them: sorted, each once. */
export function tagSet(tags: readonly string[]): readonly string[] {
  return tags.length === 0 ? unsteered.tags : [...new Set(tags)].sort();
}

/** Both together: what `inner` says counts, tags add up. Why: who narrows calls down must not be widened by what lies further in. */
export function joined(outer: Steering, inner: Steering): Steering {
  if (outer === unsteered) return inner;
  if (inner === unsteered) return outer;
  const said = Object.entries(inner).filter(([, value]) => value !== undefined);
  return { ...outer, ...Object.fromEntries(said), tags: tagSet([...outer.tags, ...inner.tags]) };
}

/** The tags among `wanted` that are not in `tags`. */
export function missingTags(wanted: readonly string[], tags: readonly string[]): readonly string[] {
  return wanted.length === 0 ? wanted : wanted.filter((tag) => !tags.includes(tag));
}
