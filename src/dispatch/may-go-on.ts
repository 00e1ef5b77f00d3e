/** Who pays for an extra attempt. Asked before each of them; what goes free is booked as well. */
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { CallStory, Reply } from './call-story.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import { causeOf } from './fall-back.ts';

/** A failover to an endpoint that failed less often than this of late is free. */
const SOUND = 0.1;

/** Is this extra attempt free, or paid for by the retry budget? */
export function mayGoOn<R extends Reply>(story: CallStory<R>, endpoint: Endpoint, parts: DispatchParts): boolean {
  const cause = causeOf(story);
  if (cause?.name === 'rate-limited' || cause?.name === 'connect-failed') return true;
  // What this machine had no socket for was no load for anybody, nor is the wait after it.
  if ((cause ?? story.failure?.verdict)?.name === 'local-error') return true;
  const sound = cause && story.failovers === 0 && endpoint.state.failureRate.value < SOUND;
  // Never refused, but booked: what goes free is not there for others.
  if (parts.budget.withdraw() || sound) return true;
  parts.events.emit({ type: 'budget-exhausted', at: parts.clock.date(), callId: story.call.id });
  return false;
}
