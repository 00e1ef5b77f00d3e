/** Opens the event stream of a reply: reads it up to its first content, so that a call can go on elsewhere until then. */
import { keepRefusal } from '../../sdk/refusals.ts';
import type { AttemptFacts } from './attempt-facts.ts';
import { EventPass } from './event-pass.ts';
import type { Shown } from './opening.ts';
import type { Passing } from './passing.ts';

/** Reads a stream up to its first content. @throws what makes the call go on elsewhere. */
export function openEvents(facts: AttemptFacts, shows: Shown | undefined): Promise<Passing> {
  const { reply, safe } = facts;
  return new Promise((resolve, reject) => {
    const refused = (error: unknown, words: Uint8Array | undefined) => {
      if (words) keepRefusal(error, new Response(null, { headers: reply.headers }), words, safe);
      reject(error);
    };
    reply.pipe(new EventPass(facts, shows, { opened: resolve, refused }));
  });
}
