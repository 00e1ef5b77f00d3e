/** The end of a call: what is left open is decided, and everybody hears of it. */
import type { Decision } from '../call/decision.ts';
import { answerFor, blameAll } from './blame.ts';
import type { CallStory, Reply } from './call-story.ts';
import type { DispatchParts } from './dispatch-parts.ts';

/** The call is over: tells everybody, once. @param ok the caller got an answer. */
export function finish<R extends Reply>(story: CallStory<R>, ok: boolean, parts: DispatchParts, error?: unknown): void {
  if (story.over) return;
  if (ok) blameAll(story, parts);
  else answerFor(story, parts);
  story.close();
  const { events, clock, hedges, now, throttle } = parts;
  story.place?.leave();
  story.place = undefined;
  if (now.closed && now.running.size === 0) now.whenIdle?.();
  // One that ended while its reply rested was told of then.
  if (story.heard) return;
  story.heard = true;
  if (ok) throttle?.accepted();
  if (ok && story.won?.report.beside === 'hedge') hedges.told();
  if (!events.wants('call-end')) return;
  const { id: callId, startedAt, operation, insteadOf, stream } = story.call;
  const { won, decisions: taken = [] } = story;
  let decisions: Decision[] | undefined;
  events.emit({
    type: 'call-end',
    at: clock.date(),
    callId,
    operation: operation.name,
    model: insteadOf ?? story.call.model,
    stream,
    ok,
    ms: clock.now() - startedAt,
    firstMs: won?.firstMs === undefined ? undefined : won.load.startedAt + won.firstMs - startedAt,
    error: ok || !(error instanceof Error) ? undefined : error.constructor.name,
    // Copies: the attempts may go on after this, and who listens may keep what it was told.
    attempts: story.reports.map((report) => ({ ...report })),
    get decisions() {
      decisions ??= taken.map((each) => each.tell());
      return decisions;
    },
  });
}
