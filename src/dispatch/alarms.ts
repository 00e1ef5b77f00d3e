/** The moments at which a running attempt is looked at: when a hedge may start beside it, and when it takes too long. */
import type { Alarm, Attempt, Reply } from './attempt.ts';
import type { CallStory } from './call-story.ts';
import type { Late } from './clocks.ts';

/** Nobody looks at it. */
export const NO_ALARMS: readonly Alarm[] = [];

/**
 * Sets the alarms of an attempt in place of those it had; each comes as an event of its story.
 * @param bound when it takes too long, in ms from now.
 */
export function arm<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  now: number,
  bound = Number.POSITIVE_INFINITY,
): void {
  const { load, reply } = attempt;
  const latest = now + bound;
  const last: readonly Alarm[] = latest === Number.POSITIVE_INFINITY ? NO_ALARMS : [{ at: latest, late: 'bound' }];
  // A plain call whose headers are there has its answer as good as whole.
  const hedge = reply && !story.call.stream ? undefined : attempt.hedgeAfter;
  if (hedge === undefined) {
    story.setAlarms(attempt, last);
    return;
  }
  const alarm = (after: number, late: Late): Alarm => ({ at: load.startedAt + after, late });
  // Twice the delay is slow for a healthy endpoint, and usual for a dead one: there the reserve is for.
  const hedges = [alarm(hedge, 'hedge'), alarm(2 * hedge, 'hedge-late')];
  story.setAlarms(attempt, [...hedges.filter(({ at }) => at > now && at < latest), ...last]);
}
