/** What the reading of one attempt's reply needs of its call and the pool: wired together here. */
import { contentOf } from '../call/json-text.ts';
import type { Attempt } from '../dispatch/call-story.ts';
import { mayMove, mayMoveFiltered } from '../dispatch/may-move.ts';
import type { Served } from './handover.ts';
import type { Reading } from './reading.ts';
import type { SdkReply } from './sdk-reply.ts';
import { streamEnded } from './served.ts';

/** How `attempt` is read. */
export function readingOf(served: Served, attempt: Attempt<SdkReply>): Reading {
  const { core, story, options, sought, handover } = served;
  const { settings, dispatcher } = core;
  return {
    call: story.call,
    asked: contentOf(options.body),
    sought,
    clock: settings.clock,
    maxResponseBytes: settings.maxResponseBytes,
    streamIdleTimeout: settings.streamIdleTimeout,
    mayMove: () => mayMove(story, attempt, dispatcher.parts),
    mayMoveFiltered: () => mayMoveFiltered(story, attempt, dispatcher.parts),
    safe: (error) => (attempt.reply as SdkReply).safe(error),
    learnIds(ids) {
      if (!handover.part) core.affinity.learn(ids, attempt.endpoint.name);
    },
    contentCame: () => dispatcher.proved(story, attempt),
    streamEnded(end) {
      // The stream of an attempt that lost to another one was never handed out.
      if (story.won === attempt) streamEnded(served, end);
    },
  };
}
