/**
 * The breaker's options: opossum's names with the library's defaults, and the names of opossum that would break calls.
 * Why refuse them: the pool sends and times calls itself, opossum only decides when an endpoint is out.
 */
import { defaults } from './defaults.ts';
import { duration, flag, func, lazily, number, orFalse, percentage, strict, whole } from './fields.ts';

const CACHE = 'replies are never cached by the breaker; leave it out';
const COALESCE = 'calls are never merged; leave it out';
const ABORT = "an aborted attempt is the call's own affair; use attemptTimeout, or pass a signal with the call";
const MANAGED = 'is managed by the library; leave it out';
const NAMES = "breakers are named after their endpoints; use the endpoint's name";

/** Options of opossum that are refused, each with what to use instead. */
export const refused: Readonly<Record<string, string>> = {
  timeout: 'would fail calls without stopping them; use attemptTimeout beside breaker instead',
  cache: CACHE,
  cacheTTL: CACHE,
  cacheSize: CACHE,
  cacheGetKey: CACHE,
  cacheTransport: CACHE,
  coalesce: COALESCE,
  coalesceTTL: COALESCE,
  coalesceSize: COALESCE,
  coalesceResetOn: COALESCE,
  capacity:
    "would count the caller's own load as failures of the endpoint; bound the concurrency where the calls are made",
  abortController: ABORT,
  autoRenewAbortController: ABORT,
  allowWarmUp: 'needs a timer per endpoint; use volumeThreshold, which has the same effect',
  maxFailures: 'is deprecated in opossum; use consecutiveFailures or errorThresholdPercentage',
  name: NAMES,
  group: NAMES,
  rollingPercentilesEnabled: MANAGED,
  enableSnapshots: MANAGED,
  rotateBucketController: MANAGED,
  status: MANAGED,
  state: MANAGED,
};

const byDefault = defaults.breaker;

const options = () =>
  strict(
    {
      errorThresholdPercentage: percentage().default(byDefault.errorThresholdPercentage),
      resetTimeout: duration().default(byDefault.resetTimeout),
      resetTimeoutFactor: number('a number of 1 or more', 1).default(byDefault.resetTimeoutFactor),
      maxResetTimeout: duration().optional(),
      resetTimeoutJitter: number('a share from 0 to 1', 0, 1).default(byDefault.resetTimeoutJitter),
      volumeThreshold: whole('a whole number of 0 or more', 0).default(byDefault.volumeThreshold),
      rollingCountTimeout: duration().default(byDefault.rollingCountTimeout),
      rollingCountBuckets: whole('a whole number of 1 or more', 1).default(byDefault.rollingCountBuckets),
      consecutiveFailures: whole('a whole number of 1 or more', 1).default(byDefault.consecutiveFailures),
      maxEjectedPercentage: percentage().default(byDefault.maxEjectedPercentage),
      errorFilter: func<(error: unknown) => boolean>('a function (error) => boolean').optional(),
      enabled: flag().default(true),
    },
    refused,
  )
    .refine(({ resetTimeout, maxResetTimeout = resetTimeout }) => maxResetTimeout >= resetTimeout, {
      path: ['maxResetTimeout'],
      error: 'must be at least resetTimeout; make it larger, or resetTimeout smaller',
    })
    .transform(({ enabled, maxResetTimeout, ...settings }) => {
      const longest = maxResetTimeout ?? Math.max(byDefault.maxResetTimeout, settings.resetTimeout);
      return enabled ? { ...settings, maxResetTimeout: longest } : false;
    });

/** `breaker`: options, or `false` for none. */
export const breaker = lazily(() => orFalse(options()).prefault({}));
