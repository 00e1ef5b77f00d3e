// What is refused in `breaker`, with what to use instead.
import { describe } from 'vitest';
import { poolTable } from './refusal.ts';

describe('breaker', () =>
  poolTable([
    ['breaker: null', { breaker: null }, 'invalid_value', 'breaker: must be an object or false, got null'],
    [
      'breaker.errorThresholdPercentage',
      { breaker: { errorThresholdPercentage: 101 } },
      'invalid_value',
      'breaker.errorThresholdPercentage: must be a percentage from 0 to 100, got 101',
    ],
    [
      'breaker.resetTimeout',
      { breaker: { resetTimeout: '5s' } },
      'invalid_value',
      'breaker.resetTimeout: must be a duration in ms above 0, got a string',
    ],
    [
      'breaker.resetTimeoutFactor',
      { breaker: { resetTimeoutFactor: 0.5 } },
      'invalid_value',
      'breaker.resetTimeoutFactor: must be a number of 1 or more, got 0.5',
    ],
    [
      'breaker.maxResetTimeout',
      { breaker: { maxResetTimeout: 4_999 } },
      'invalid_value',
      'breaker.maxResetTimeout: must be at least resetTimeout; make it larger, or resetTimeout smaller',
    ],
    [
      'breaker.resetTimeoutJitter',
      { breaker: { resetTimeoutJitter: 10 } },
      'invalid_value',
      'breaker.resetTimeoutJitter: must be a share from 0 to 1, got 10',
    ],
    [
      'breaker.maxEjectedPercentage',
      { breaker: { maxEjectedPercentage: 0.5 } },
      'invalid_value',
      'breaker.maxEjectedPercentage: is a percentage: write 50 for a half, not 0.5',
    ],
    [
      'breaker.volumeThreshold',
      { breaker: { volumeThreshold: -1 } },
      'invalid_value',
      'breaker.volumeThreshold: must be a whole number of 0 or more',
    ],
    [
      'breaker.rollingCountTimeout',
      { breaker: { rollingCountTimeout: 0 } },
      'invalid_value',
      'breaker.rollingCountTimeout: must be a duration',
    ],
    [
      'breaker.rollingCountBuckets',
      { breaker: { rollingCountBuckets: 0 } },
      'invalid_value',
      'breaker.rollingCountBuckets: must be a whole number of 1',
    ],
    [
      'breaker.consecutiveFailures',
      { breaker: { consecutiveFailures: 0 } },
      'invalid_value',
      'breaker.consecutiveFailures: must be a whole number of 1',
    ],
    [
      'breaker.errorFilter',
      { breaker: { errorFilter: /x/ } },
      'invalid_value',
      'breaker.errorFilter: must be a function (error) => boolean, got an object',
    ],
    ['breaker.enabled', { breaker: { enabled: 1 } }, 'invalid_value', 'breaker.enabled: must be true or false, got 1'],
    [
      'a misspelt breaker option',
      { breaker: { resetTimout: 1 } },
      'unknown_option',
      'breaker.resetTimout: unknown option; did you mean resetTimeout?',
    ],
    [
      'breaker.timeout',
      { breaker: { timeout: 1 } },
      'refused_option',
      /^breaker\.timeout: .*use attemptTimeout beside breaker/,
    ],
    ['breaker.cache', { breaker: { cache: true } }, 'refused_option', 'breaker.cache: replies are never cached'],
    ['breaker.coalesce', { breaker: { coalesce: true } }, 'refused_option', 'breaker.coalesce: calls are never merged'],
    ['breaker.capacity', { breaker: { capacity: 1 } }, 'refused_option', 'breaker.capacity: '],
    [
      'breaker.abortController',
      { breaker: { abortController: {} } },
      'refused_option',
      'use attemptTimeout, or pass a signal',
    ],
    ['breaker.allowWarmUp', { breaker: { allowWarmUp: true } }, 'refused_option', 'use volumeThreshold'],
    ['breaker.maxFailures', { breaker: { maxFailures: 1 } }, 'refused_option', 'use consecutiveFailures'],
    ['breaker.name', { breaker: { name: 'x' } }, 'refused_option', "use the endpoint's name"],
    ['breaker.enableSnapshots', { breaker: { enableSnapshots: true } }, 'refused_option', 'is managed by the library'],
  ]));
