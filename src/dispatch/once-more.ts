/** One endpoint of a lookup is asked once more at once: its connection was a stale one, or its credential. Called by the loop only. */
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { CallStory, Reply } from './call-story.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import { proceed, start } from './proceed.ts';

/** Asks again if that is paid for; the others that are asked run on beside. */
export function askOnceMore<R extends Reply>(story: CallStory<R>, endpoint: Endpoint, parts: DispatchParts): void {
  story.repeat(endpoint);
  const open = parts.pool.some(story.call, (each) => each === endpoint);
  // A fresh credential is no extra load; a lost connection that is tried again is.
  const lost = story.lookup?.get(endpoint)?.verdict.name === 'connection-lost';
  if (open && (!lost || parts.budget.withdraw())) {
    // No failover.
    story.last = undefined;
    start(story, endpoint, parts, false);
  } else if (story.live.size === 0) proceed(story, parts);
}
