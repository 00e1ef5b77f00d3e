/** What may happen to a call, and what is kept of it. The words of `CallStory`. */
import type { Outcome, Verdict } from '../call/outcome.ts';
import type { Attempt, Reply } from './attempt.ts';
import type { Late } from './clocks.ts';

/** A failure that may be the call's own fault. */
export interface Suspicion<R extends Reply> {
  readonly attempt: Attempt<R>;
  readonly verdict: Verdict;
  /** Nobody had to answer for it yet. */
  held: boolean;
}

/** A failure as the story keeps it. */
export interface Failure<R extends Reply> {
  readonly attempt: Attempt<R>;
  readonly error: unknown;
  readonly verdict: Verdict;
}

/** What may happen to a call while the loop waits. */
export type StoryEvent<R extends Reply> =
  | { readonly is: 'head' | 'body'; readonly attempt: Attempt<R>; readonly outcome: Outcome; readonly data?: unknown }
  | { readonly is: 'alarm'; readonly attempt: Attempt<R>; readonly late: Late }
  | { readonly is: 'deadline' | 'abort' }
  /** `early`: not by the wait's own end. */
  | { readonly is: 'woken'; readonly early: boolean }
  /** What ends the call came up outside of the loop. */
  | { readonly is: 'failed'; readonly error: unknown };
