/** The endpoint with the most of its rate limits left. */
import { systemClock } from '../clock.ts';
import { leastLoaded } from './least-loaded.ts';
import type { LoadMetric } from './load-metrics.ts';
import type { Strategy } from './strategy.ts';

/** Among endpoints with as much left, the least busy one: less than any call takes of any limit. */
const TIE = 1e-9;

/** The share of its limits that is used up, calls on their way included; an endpoint without known limits has used up nothing. */
function usedUp(): LoadMetric {
  const asked: { model: string | undefined; now: number } = { model: undefined, now: 0 };
  return (candidate, { call, now }) => {
    asked.model = call.model;
    asked.now = now;
    return 1 - (candidate.headroom?.(asked) ?? 1) + candidate.inFlight * TIE;
  };
}

/**
 * Sends each call to the endpoint that has the largest share of its rate limits left, per `weight`: limits that were configured and
 * those that replies tell, with what calls on their way have reserved. Endpoints without known limits count as free.
 * @param chance a number in [0, 1), for ties. @default the clock's
 */
export function headroom(chance: () => number = systemClock.random): Strategy {
  return leastLoaded(usedUp(), { name: 'headroom', chance });
}
