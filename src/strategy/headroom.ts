/** The endpoint with the most of its rate limits left. */
import { systemClock } from '../clock.ts';
import { byMeasure } from './least-loaded.ts';
import type { Measure } from './load-metrics.ts';
import type { Candidate, Strategy } from './strategy.ts';

/** Among endpoints with as much left, the least busy one: less than any call takes of any limit. */
const TIE = 1e-9;

/** The share of its limits that is used up, calls on their way included; an endpoint without known limits has used up nothing. */
function usedUp(): Measure {
  const asked: { model: string | undefined; now: number } = { model: undefined, now: 0 };
  return ({ candidates }, { model, now }, places, count, loads) => {
    asked.model = model;
    asked.now = now;
    for (let i = 0; i < count; i++) {
      const candidate = candidates[places[i] as number] as Candidate;
      loads[i] = 1 - (candidate.headroom?.(asked) ?? 1) + candidate.inFlight * TIE;
    }
  };
}

/**
 * Sends each call to the endpoint that has the largest share of its rate limits left, per `weight`: limits that were configured and
 * those that replies tell, with what calls on their way have reserved. Endpoints without known limits count as free.
 * @param chance a number in [0, 1), for ties. @default the clock's
 */
export function headroom(chance: () => number = systemClock.random): Strategy {
  return byMeasure(usedUp(), 'headroom', chance);
}
