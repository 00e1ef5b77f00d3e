/**
 * A call that the panic throttle turns away at its last ask waits for the word of a probe, the next one or the one that runs.
 * Why: else all calls that end between an outage's end and the probe that notices it would be lost for nothing.
 */
import { turnstile } from '../endpoint/turnstile.ts';
import type { CallStory, Reply } from './call-story.ts';
import type { Probing, Situation } from './next-step.ts';
import type { Throttle } from './throttle.ts';

/** It waits for so long, in ms, or so many times as long as a call usually takes. */
const LAST_ASK = 2_000;
const PATIENT = 1.5;

/** What the call knows of the probes. @param usual what a call usually takes, in ms */
export function probingOf<R extends Reply>(
  story: CallStory<R>,
  { now, call, waits, longestWait }: Situation,
  usual: number,
  throttle: Throttle,
): Probing {
  const { running, begun, lastFailed } = throttle.probes;
  // Where the patience is longer than it may be, waiting for as long as allowed is better than not at all.
  const patience = Math.min(Math.max(LAST_ASK, PATIENT * usual), longestWait, call.deadline - now - 1);
  if (waits >= call.maxRetries) story.lastAsk ??= { until: now + patience, begun };
  const asked = story.lastAsk ?? { until: now, begun };
  return { until: asked.until, heard: lastFailed > asked.begun, running, next: throttle.nextProbe };
}

/** One for the process, as its event loop is: thousands may wait for the same word. */
const inTurn = turnstile();

/** Ends the call's wait when a probe has told, whatever it said. */
export function hearProbes<R extends Reply>(story: CallStory<R>, throttle: Throttle): void {
  const { stopWaiting } = story;
  if (!stopWaiting) return;
  const deafen = throttle.listen(() =>
    inTurn(() => {
      // By its turn the wait may be over, and another one begun.
      if (story.stopWaiting === stop) story.push({ is: 'woken', early: false });
    }),
  );
  const stop = (early?: boolean) => {
    deafen();
    stopWaiting(early);
  };
  story.stopWaiting = stop;
}
