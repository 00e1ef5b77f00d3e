/** The endpoint with the fewest calls in flight among those that answer quickly. */
import { systemClock } from '../clock.ts';
import { byMeasure } from './least-loaded.ts';
import { slowness } from './load-metrics.ts';
import type { Strategy } from './strategy.ts';

/**
 * Sends each call to the least busy endpoint, and away from those that are slow, silent or failing: more than twice as slow as
 * the quickest, by time to the first content of streams and by time per output token of plain calls.
 * @param chance a number in [0, 1), for ties. @default the clock's
 */
export function leastLatency(chance: () => number = systemClock.random): Strategy {
  return byMeasure(slowness, 'least-latency', chance);
}
