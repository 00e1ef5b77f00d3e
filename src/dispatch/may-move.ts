/** Could a stream without content still go on elsewhere? Then its preamble is held back. Read by the seam. */
import type { Attempt, CallStory, Reply } from './call-story.ts';
import { boundsOf } from './clocks.ts';
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
  if (boundsOf(call, attempt.endpoint, pool, settings).content.certain) return true;
  if (mayFallBack(story, settings)) return true;
  if (!settings.failover || only || story.counted + 1 >= call.maxAttempts) return false;
  return pool.some(call, (other) => other !== attempt.endpoint && !tried.has(other) && !barred.has(other));
}
