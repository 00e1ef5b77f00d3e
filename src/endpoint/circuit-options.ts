/** What opossum is told: the user's own figures for the window, and to do nothing else. */
import { EventEmitter } from 'node:events';
import type { BreakerSettings } from '../config/settings.ts';

/** opossum's own reset timer must never fire: the adapter decides when a probe may go. */
const NEVER = 2_147_483_647;

/** Options of one circuit. */
export function circuitOptions(settings: BreakerSettings) {
  const { errorThresholdPercentage, volumeThreshold, rollingCountTimeout, rollingCountBuckets } = settings;
  return {
    timeout: false as const,
    resetTimeout: NEVER,
    errorThresholdPercentage,
    volumeThreshold,
    rollingCountTimeout,
    rollingCountBuckets,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
    // One of its own, never emitting: the window is turned by time, on use.
    rotateBucketController: new EventEmitter(),
  };
}

const FAILED = new Error('failure');
// Settles while opossum subscribes, so that a success is counted at once and not a tick later.
const caught = { catch: () => undefined };
const SUCCEEDED: object = Object.defineProperty({}, 'then', { value: (done: () => void) => done() ?? caught });

/** What a circuit executes in place of a call: nothing but its outcome. @throws when it failed */
export const outcome = (failed: boolean): Promise<void> => {
  if (failed) throw FAILED;
  return SUCCEEDED as Promise<void>;
};
