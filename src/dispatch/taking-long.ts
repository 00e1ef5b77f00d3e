/** What happens to an attempt that takes long, and to those that lost: rescue, cut, drop. Called by the loop only. */
import type { Cut, Outcome } from '../call/outcome.ts';
import { timeoutError } from '../errors.ts';
import type { Attempt, CallStory, Reply } from './call-story.ts';
import { boundsOf } from './clocks.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import { learn } from './learn.ts';
import { choose, start } from './proceed.ts';

type Failure = Outcome & { is: 'error' };

/** The outcome of an attempt that the library itself ended. */
export function cutOutcome(cut: Cut): Failure {
  return { is: 'error', error: timeoutError(), phase: 'head', sent: 'maybe', cut };
}

/** Notes how long something took at an endpoint, for what later attempts may take. */
export function took<R extends Reply>(
  attempt: Attempt<R>,
  what: 'plain' | 'head' | 'content',
  { clock }: DispatchParts,
): void {
  const { endpoint, load } = attempt;
  endpoint.state.latency(load.model)?.[what].record(clock.now() - load.startedAt);
}

function tookAtLeast<R extends Reply>(story: CallStory<R>, attempt: Attempt<R>, parts: DispatchParts): void {
  took(attempt, !story.call.stream ? 'plain' : attempt.reply ? 'content' : 'head', parts);
}

/**
 * An attempt takes long: a second one starts beside a plain call, a stream is cut if somebody else can take it.
 * @returns the outcome to fail the attempt with, if it is to be cut.
 */
export function takesLong<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  parts: DispatchParts,
): Failure | undefined {
  const { call } = story;
  const { settings, budget } = parts;
  if (!boundsOf(call, attempt.endpoint, settings).content.certain) {
    const may = settings.failover && story.counted + story.live.size < call.maxAttempts;
    const another = may ? choose(story, parts) : undefined;
    if (!another) return undefined;
    if (!call.stream) {
      if (!story.rescued && budget.withdraw()) {
        story.rescued = true;
        start(story, another, parts, false);
      }
      return undefined;
    }
  }
  tookAtLeast(story, attempt, parts);
  return cutOutcome('attempt-timeout');
}

/** Gives up every attempt still running. */
export function dropAll<R extends Reply>(story: CallStory<R>, outcome: Failure, parts: DispatchParts): void {
  for (const attempt of [...story.live]) {
    if (outcome.cut) tookAtLeast(story, attempt, parts);
    learn(story, attempt, outcome, parts);
    story.live.delete(attempt);
    attempt.controller.abort();
  }
}
