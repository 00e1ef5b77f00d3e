/** The endpoint with the fewest calls in flight. */
import { systemClock } from '../clock.ts';
import { byMeasure } from './least-loaded.ts';
import { inFlight } from './load-metrics.ts';
import type { Strategy } from './strategy.ts';

/**
 * Sends each call to the endpoint with the fewest calls in flight per `weight`, over all clients of the process.
 * @param chance a number in [0, 1), for ties. @default the clock's
 */
export function leastBusy(chance: () => number = systemClock.random): Strategy {
  return byMeasure(inFlight, 'least-busy', chance);
}
