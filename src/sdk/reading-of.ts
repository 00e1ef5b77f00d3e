/** What the reading of one attempt's reply needs of its call and the pool: wired together here. */
import { contentOf } from '../call/json-text.ts';
import type { Attempt } from '../dispatch/call-story.ts';
import { mayMove, mayMoveFiltered } from '../dispatch/may-move.ts';
import type { StreamEnd } from '../dispatch/watched.ts';
import type { Core } from './core.ts';
import type { Reading } from './reading.ts';
import type { SdkReply } from './sdk-reply.ts';
import type { Served } from './served.ts';

/** @param ended a stream that was handed out is over. */
export function readingOf(
  core: Core,
  { story, options, part, sought }: Served,
  attempt: Attempt<SdkReply>,
  ended: (end: StreamEnd) => void,
): Reading {
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
      if (!part) core.affinity.learn(ids, attempt.endpoint.name);
    },
    contentCame: () => dispatcher.proved(story, attempt),
    streamEnded(end) {
      // The stream of an attempt that lost to another one was never handed out.
      if (story.won === attempt) ended(end);
    },
  };
}
