/** Could a call still go on elsewhere? Then a stream's preamble is held back, and a filtered answer. Read by the seam. */
import { entryFor } from '../call/model-map.ts';
import type { Attempt, CallStory, Reply } from './call-story.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import { mayFallBack } from './fall-back.ts';

/** True while somebody could take the call over should `attempt` fail, or while its first content decides something. */
export function mayMove<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  { pool, settings }: Pick<DispatchParts, 'pool' | 'settings'>,
): boolean {
  const { call, only, tried, barred } = story;
  // Beside another attempt the first content decides whose answer it is.
  if (story.live.size > 1) return true;
  if (call.replay !== 'free') return false;
  // Nor can a bound on the first content be kept once something was handed out.
  if (attempt.bounds.certain) return true;
  if (mayFallBack(story, settings)) return true;
  if (!settings.failover || only || story.counted + 1 >= call.maxAttempts) return false;
  return pool.some(call, (other) => other !== attempt.endpoint && !tried.has(other) && !barred.has(other));
}

/** True while somebody shall be asked in the place of an answer that a content filter cut off, and can be. */
export function mayMoveFiltered<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  parts: Pick<DispatchParts, 'pool' | 'settings'>,
): boolean {
  const { model, insteadOf } = story.call;
  const { failoverOn, fallbacks } = parts.settings;
  const isListed = (name: string | undefined) =>
    fallbacks !== undefined && name !== undefined && entryFor(fallbacks['content-filter'], name) !== undefined;
  const listed = isListed(model) || isListed(insteadOf);
  return (listed || failoverOn.includes('content-filter')) && mayMove(story, attempt, parts);
}
