/** How a call waits: for a slot in the line of its like, for a backoff by itself. Called by `proceed` only. */
import { abortError, ClosedError } from '../errors.ts';
import { holdWhileWaiting } from './blame.ts';
import type { CallStory, Reply } from './call-story.ts';
import { decidedToWait } from './decisions.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import { startOver } from './fall-back.ts';
import type { Place, Slot } from './line.ts';
import type { Step } from './next-step.ts';
import { anyEligible, lineOf, nextSlot } from './situation.ts';

type Wait = Step & { do: 'wait' };
type GoOn = <R extends Reply>(story: CallStory<R>, parts: DispatchParts) => void;

const NOW: Slot = { at: 0, pause: false };

/** Begins a wait. What ends it is left in `story.stopWaiting`. */
function begin<R extends Reply>(story: CallStory<R>, step: Wait, parts: DispatchParts, stop: () => void): void {
  const { room } = parts;
  const over = decidedToWait(story, step, parts);
  room.waiting += 1;
  const stopWaiting = (early?: boolean) => {
    stop();
    over?.();
    if (early && step.costs) story.waits -= 1;
    room.waiting -= 1;
    story.stopWaiting = undefined;
    story.inLine = undefined;
  };
  story.stopWaiting = stopWaiting;
}

function announce<R extends Reply>({ call }: CallStory<R>, { ms, reason }: Wait, parts: DispatchParts): void {
  parts.events.emit({ type: 'call-waiting', at: parts.clock.date(), callId: call.id, ms, reason });
}

/** Up to a tenth later, so that not everybody who began together comes at once, but never too late to go. */
function backOff<R extends Reply>(story: CallStory<R>, step: Wait, parts: DispatchParts): void {
  const { clock } = parts;
  const { ms } = step;
  const latest = story.call.deadline - clock.now() - 1;
  const later = Math.max(ms, Math.min(ms * (1 + 0.1 * clock.random()), latest));
  begin(story, step, parts, story.sleep(later));
  announce(story, step, parts);
}

function standInLine<R extends Reply>(story: CallStory<R>, step: Wait, parts: DispatchParts, goOn: GoOn): void {
  const { room, clock, now } = parts;
  const { call } = story;
  const until = clock.now() + step.ms;
  const maxWait = parts.settings.waitingRoom ? parts.settings.waitingRoom.maxWait : 0;
  let early = true;
  /** Its own pause is over: those that failed it before may be asked again. */
  const due = () => {
    if (!early || clock.now() < until) return;
    early = false;
    story.tried.clear();
    startOver(story);
  };
  const end = (act: () => void) => {
    story.stopWaiting?.(early);
    try {
      if (now.closed) throw new ClosedError();
      if (call.signal?.aborted) throw abortError(call.signal);
      act();
    } catch (error) {
      story.push({ is: 'failed', error });
    }
  };
  story.overdue = false;
  story.hadTurn = undefined;
  const key = lineOf(story, parts);
  const place: Place = {
    call,
    limit: Math.min(clock.now() + maxWait, call.deadline - 1),
    get over() {
      return call.signal?.aborted === true;
    },
    look() {
      due();
      return anyEligible(story, parts) ? NOW : nextSlot(story, until, parts);
    },
    go: () =>
      end(() => {
        story.hadTurn = key;
        goOn(story, parts);
      }),
    giveUp: () =>
      end(() => {
        story.overdue = true;
        goOn(story, parts);
      }),
  };
  const { pause } = nextSlot(story, until, parts);
  begin(story, step, parts, room.join(key, place, { at: until, pause }));
  story.inLine = key;
  room.lookIfDue();
  if (story.inLine) announce(story, step, parts);
}

/** Waits as `step` says. @param goOn what the call does after a wait in line; after any other the loop goes on with it. */
export function wait<R extends Reply>(story: CallStory<R>, step: Wait, parts: DispatchParts, goOn: GoOn): void {
  holdWhileWaiting(story, step.ms, parts);
  if (step.costs) story.waits += 1;
  if (story.last?.verdict.name === 'conflict') {
    story.prefer = story.last.attempt.endpoint;
    story.repeat(story.prefer);
  }
  story.last = undefined;
  if (step.inLine) standInLine(story, step, parts, goOn);
  else backOff(story, step, parts);
}
