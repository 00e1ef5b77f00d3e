/**
 * A call that the panic throttle turns away at its last ask waits for the word of a probe, the next one or the one that runs.
 * Why: else all calls that end between an outage's end and the probe that notices it would be lost for nothing.
 */
import type { CallStory, Reply } from './call-story.ts';
import type { Probing } from './next-step.ts';
import type { Throttle } from './throttle.ts';

/** It waits for so long, in ms, or so many times as long as a call usually takes. */
const LAST_ASK = 2_000;
const PATIENT = 1.5;

/** What the call knows of the probes. @param usual what a call usually takes, in ms */
export function probingOf<R extends Reply>(
  story: CallStory<R>,
  now: number,
  usual: number,
  throttle: Throttle,
): Probing {
  const { running, failed } = throttle.probes;
  const isLast = story.waits >= story.call.maxRetries;
  if (isLast) story.lastAsk ??= { until: now + Math.max(LAST_ASK, PATIENT * usual), failed };
  const { until, failed: failedBefore } = story.lastAsk ?? { until: now, failed };
  return { until, failedBefore, failed, running, next: throttle.nextProbe };
}

/** Ends the call's wait early when a probe has told. */
export function hearProbes<R extends Reply>(story: CallStory<R>, throttle: Throttle): void {
  const { stopWaiting } = story;
  if (!stopWaiting) return;
  const deafen = throttle.listen(() => story.push({ is: 'woken', early: true }));
  story.stopWaiting = (early) => {
    deafen();
    stopWaiting(early);
  };
}
