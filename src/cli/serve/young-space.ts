/**
 * Bounds the memory in which a process makes its new objects. Why: under load V8 lets it grow to 128 MB, most of which the calls of a
 * gateway never need twice; a process that takes that much for nothing is one fewer on its machine.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** From this size on it grows no more, in bytes: both of its halves, as V8 counts them. It doubles, so it ends below twice as much. */
const ENOUGH = 20 * 1_048_576;

/** Holds it for as long as the process lives. */
export function boundYoungSpace(): void {
  let factor = 2;
  // It changes its size at collections only.
  const collections = new PerformanceObserver(() => {
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    // After quiet hours it is small again, and may grow again.
    const next = young && young.space_size >= ENOUGH ? 1 : 2;
    if (next === factor) return;
    factor = next;
    setFlagsFromString(`--semi-space-growth-factor=${factor}`);
  });
  collections.observe({ entryTypes: ['gc'] });
}
