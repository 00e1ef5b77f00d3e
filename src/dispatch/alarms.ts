/** The moments at which a running attempt is looked at: when a hedge may start beside it, and when it takes too long. */
import type { Clock } from '../clock.ts';
import type { Attempt, CallStory, Reply } from './call-story.ts';
import type { Late } from './clocks.ts';

/** In the order in which an attempt meets them. */
type Alarm = readonly [after: number, late: Late];

/**
 * When an attempt whose call is hedged after `hedge` ms is looked at, in ms from now.
 * @param spent ms since the attempt began.
 * @param bound when it takes too long, in ms from now.
 */
function alarmsOf(hedge: number | undefined, spent: number, bound: number | undefined): readonly Alarm[] {
  const all: Alarm[] = [];
  // Twice the delay is slow for a healthy endpoint, and usual for a dead one: there the reserve is for.
  if (hedge !== undefined) all.push([hedge - spent, 'hedge'], [2 * hedge - spent, 'hedge-late']);
  const soon = all.filter(([after]) => after > 0 && after < (bound ?? Number.POSITIVE_INFINITY));
  return bound === undefined ? soon : [...soon, [bound, 'bound']];
}

/** Sets the alarms of an attempt in place of those it had; each comes as an event of its story. */
export function arm<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  clock: Clock,
  bound: number | undefined,
): void {
  attempt.cancelAlarm();
  const { load, reply } = attempt;
  // A plain call whose headers are there has its answer as good as whole.
  const hedgeAfter = reply && !story.call.stream ? undefined : attempt.hedgeAfter;
  // Most calls have one alarm, or none.
  const alarms =
    hedgeAfter === undefined
      ? bound === undefined
        ? []
        : [[bound, 'bound'] as const]
      : alarmsOf(hedgeAfter, clock.now() - load.startedAt, bound);
  const next = (index: number, passed: number) => {
    const alarm = alarms[index];
    if (!alarm) return;
    const [after, late] = alarm;
    attempt.cancelAlarm = clock.after(after - passed, () => {
      next(index + 1, after);
      story.push({ is: 'alarm', attempt, late });
    });
  };
  next(0, 0);
}
