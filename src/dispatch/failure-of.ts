/** What a call ends with when nothing is left to try: the error that counted, or why nobody could take it. */
import { answerKeptIn } from '../errors.ts';
import type { Refusal } from '../pool/eligibility.ts';
import type { Attempt, CallStory, Reply } from './call-story.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import { standInsOf } from './fall-back.ts';
import { unheard } from './lookup.ts';
import { noEndpointAvailable } from './no-endpoint.ts';
import { queueOf } from './situation.ts';

/** What the caller gets when no attempt is left: the error that counted, marked if the work may have been done all the same. */
export function failureOf<R extends Reply>(
  story: CallStory<R>,
  parts: DispatchParts,
  met: readonly Refusal[] = [],
): unknown {
  const { told, call } = story;
  // Somebody who may have it could not be asked: then nobody knows whether it is missing.
  const open = story.lookup ? unheard(story, parts.pool) : [];
  if (!told || open.length > 0) {
    const now = told
      ? open
      : parts.pool.refusals(call, story.tried).filter(({ endpoint }) => !story.only || endpoint === story.only);
    // Those that ended while the decision was made are still why it was made.
    const refusals = [...now, ...met.filter(({ endpoint }) => !now.some((other) => other.endpoint === endpoint))];
    if (!told) parts.log.allOut(refusals.map(({ endpoint, reason }) => `${endpoint.name} ${reason}`).join('; '));
    const why = { queue: queueOf(story, refusals, parts), standIns: standInsOf(story) };
    return noEndpointAvailable(call, refusals, parts.clock.now(), parts.now.lastError, why);
  }
  const { error, verdict } = told;
  if (call.replay !== 'free' && verdict.maybeExecuted && typeof error === 'object' && error !== null) {
    Object.defineProperty(error, 'maybeExecuted', { value: true, enumerable: true, configurable: true });
  }
  return error;
}

/** The answer that was filtered, when others did no better: it is what the caller gets after all. */
export function keptAnswer<R extends Reply>(story: CallStory<R>, error: unknown): Attempt<R> | undefined {
  const answer = answerKeptIn(error);
  const attempt = story.told?.attempt;
  if (answer === undefined || !attempt) return undefined;
  attempt.data = answer;
  attempt.report.verdict = 'ok';
  story.won = attempt;
  return attempt;
}
