/** The moments at which a running attempt is looked at: when a hedge may start beside it, and when it takes too long. */
import type { Alarm, Attempt, Reply } from './attempt.ts';
import type { CallStory } from './call-story.ts';

/**
 * Sets the alarms of an attempt in place of those it had; each comes as an event of its story.
 * @param bound when it takes too long, in ms from now.
 */
export function arm<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  now: number,
  bound: number | undefined,
): void {
  const { load, reply } = attempt;
  let alarm: Alarm | undefined = bound === undefined ? undefined : { at: now + bound, late: 'bound', next: undefined };
  // A plain call whose headers are there has its answer as good as whole.
  const hedge = reply && !story.call.stream ? undefined : attempt.hedgeAfter;
  if (hedge !== undefined) {
    const latest = now + (bound ?? Number.POSITIVE_INFINITY);
    const isDue = (at: number) => at > now && at < latest;
    // Twice the delay is slow for a healthy endpoint, and usual for a dead one: there the reserve is for.
    const [first, second] = [load.startedAt + hedge, load.startedAt + 2 * hedge];
    if (isDue(second)) alarm = { at: second, late: 'hedge-late', next: alarm };
    if (isDue(first)) alarm = { at: first, late: 'hedge', next: alarm };
  }
  story.setAlarm(attempt, alarm);
}
