// What is refused beside `endpoints`: values.
import { describe } from 'vitest';
import { poolTable } from './refusal.ts';

describe('beside endpoints', () =>
  poolTable([
    ['maxAttempts: 0', { maxAttempts: 0 }, 'invalid_value', 'maxAttempts: must be a whole number of 1 or more, got 0'],
    [
      'maxAttempts: 1.5',
      { maxAttempts: 1.5 },
      'invalid_value',
      'maxAttempts: must be a whole number of 1 or more, got 1.5',
    ],
    ['maxRetries: -1', { maxRetries: -1 }, 'invalid_value', 'maxRetries: must be a whole number of 0 or more, got -1'],
    ['timeout as text', { timeout: '60s' }, 'invalid_value', 'timeout: must be a duration in ms above 0, got a string'],
    ['timeout: 1.5', { timeout: 1.5 }, 'invalid_value', 'timeout: must be a whole number of ms, got 1.5'],
    ['failover as text', { failover: 'no' }, 'invalid_value', 'failover: must be true or false, got a string'],
    [
      'attemptTimeout: 0',
      { attemptTimeout: 0 },
      'invalid_value',
      "attemptTimeout: must be a duration in ms above 0, or 'auto', got 0",
    ],
    [
      'streamIdleTimeout: NaN',
      { streamIdleTimeout: Number.NaN },
      'invalid_value',
      'must be a duration in ms above 0, got NaN',
    ],
    [
      'streamIdleTimeout: Infinity',
      { streamIdleTimeout: Number.POSITIVE_INFINITY },
      'invalid_value',
      'streamIdleTimeout: must be a duration in ms above 0, got Infinity',
    ],
    ['rescue: true', { rescue: true }, 'invalid_value', 'rescue: must be an object or false, got true'],
    [
      'rescue.factor below 1',
      { rescue: { factor: 0.5 } },
      'invalid_value',
      'rescue.factor: must be a number of 1 or more, got 0.5',
    ],
    ['rescue.afer', { rescue: { afer: 1 } }, 'unknown_option', 'rescue.afer: unknown option; did you mean after?'],
    ['hedge: true', { hedge: true }, 'invalid_value', 'hedge: must be an object or false, got true'],
    [
      'hedge.budget above 1',
      { hedge: { budget: 10 } },
      'invalid_value',
      'hedge.budget: must be a number from 0 to 1, got 10',
    ],
    [
      'hedge.quantile in percent',
      { hedge: { quantile: 95 } },
      'invalid_value',
      'hedge.quantile: must be a number from 0.5 to 0.999, got 95',
    ],
    [
      'hedge.minDelay',
      { hedge: { minDelay: -1 } },
      'invalid_value',
      'hedge.minDelay: must be a duration in ms of 0 or more, got -1',
    ],
    [
      'hedge.delay',
      { hedge: { minDelays: 1 } },
      'unknown_option',
      'hedge.minDelays: unknown option; did you mean minDelay?',
    ],
    [
      'retryBudget.ratio',
      { retryBudget: { ratio: 11 } },
      'invalid_value',
      'retryBudget.ratio: must be a number from 0 to 10, got 11',
    ],
    [
      'retryBudget.minPerSecond',
      { retryBudget: { minPerSecond: -1 } },
      'invalid_value',
      'retryBudget.minPerSecond: must be a number of 0 or more',
    ],
    [
      'waitingRoom.maxWaiting',
      { waitingRoom: { maxWaiting: 1.5 } },
      'invalid_value',
      'waitingRoom.maxWaiting: must be a whole number',
    ],
    [
      'waitingRoom.maxWait',
      { waitingRoom: { maxWait: -1 } },
      'invalid_value',
      'waitingRoom.maxWait: must be a duration in ms of 0 or more, got -1',
    ],
    ['panic.k', { panic: { k: 0 } }, 'invalid_value', 'panic.k: must be a number of 1 or more, got 0'],
    [
      'affinity.spread',
      { affinity: { spread: 'yes' } },
      'invalid_value',
      'affinity.spread: must be true or false, got a string',
    ],
    [
      'failoverOn',
      { failoverOn: ['content_filter'] },
      'invalid_value',
      'failoverOn[0]: must be an error that may move: ',
    ],
    [
      'failoverOn as text',
      { failoverOn: 'content-filter' },
      'invalid_value',
      'failoverOn: must be an array, got a string',
    ],
    [
      'classify',
      { classify: true },
      'invalid_value',
      'classify: must be a function (outcome, call) => verdict, got true',
    ],
    [
      'maxResponseBytes',
      { maxResponseBytes: '1 MB' },
      'invalid_value',
      'maxResponseBytes: must be a whole number of bytes above 0, got a string',
    ],
    ['shareState', { shareState: 0 }, 'invalid_value', 'shareState: must be true or false, got 0'],
    [
      'observers',
      { observers: () => undefined },
      'invalid_value',
      'observers: must be an array of functions, got a function',
    ],
    [
      'an observer',
      { observers: [{}] },
      'invalid_value',
      'observers[0]: must be a function (event) => void, got an object',
    ],
    ['clock', { clock: { now: Date.now } }, 'invalid_value', 'clock: must be a clock with now, date, random and after'],
    [
      'a key of the pool that is no key',
      { apiKey: 7 },
      'invalid_value',
      'apiKey: must be a key, or a function that returns one, got 7',
    ],
  ]));
