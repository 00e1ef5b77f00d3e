// Defaults, parts that are filled up, and the written types against the run-time shape.
import { describe, expect, expectTypeOf, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { PoolOptions } from '../../src/config/options.ts';
import { resolveSettings } from '../../src/config/resolve-settings.ts';
import type { PoolInput } from '../../src/config/schema.ts';

const resolve = (input: PoolOptions) => resolveSettings({ endpoints: [{ apiKey: 'k' }], ...input }, {});

describe('the options of the pool', () => {
  it('have the documented defaults', () => {
    const { strategy, endpoints, client, ...rest } = resolve({});
    expect(strategy.name).toBe('round-robin');
    expect(endpoints).toHaveLength(1);
    expect(client).toEqual({});
    expect(rest).toEqual({
      maxAttempts: undefined,
      failover: true,
      attemptTimeout: 'auto',
      streamIdleTimeout: 300_000,
      rescue: { after: 20_000, factor: 3 },
      hedge: false,
      breaker: {
        errorThresholdPercentage: 50,
        resetTimeout: 5_000,
        resetTimeoutFactor: 2,
        maxResetTimeout: 300_000,
        resetTimeoutJitter: 0.1,
        volumeThreshold: 10,
        rollingCountTimeout: 30_000,
        rollingCountBuckets: 10,
        consecutiveFailures: 5,
        maxEjectedPercentage: 50,
      },
      slowStart: { initialPercentage: 10, duration: 10_000, successes: 20 },
      retryBudget: { ratio: 0.2, minPerSecond: 10 },
      waitingRoom: { maxWaiting: 10_000, maxWait: 60_000 },
      panic: { k: 2 },
      affinity: { home: 'openai-1', spread: false, cache: 'auto', storeTimeout: 50 },
      lists: { strict: false },
      pinnedModels: false,
      failoverOn: [],
      fallbacks: undefined,
      classify: undefined,
      maxResponseBytes: 268_435_456,
      transport: 'standard',
      shareState: true,
      observers: [],
      clock: systemClock,
    });
  });

  it('are filled up where only a part is given', () => {
    const settings = resolve({
      rescue: { after: 5 },
      retryBudget: { ratio: 0.5 },
      waitingRoom: { maxWait: 0 },
      panic: {},
      breaker: { consecutiveFailures: 1, resetTimeout: undefined },
    });
    expect(settings.rescue).toEqual({ after: 5, factor: 3 });
    expect(resolve({ hedge: {} }).hedge).toEqual({ budget: 0.1, quantile: 0.95, minDelay: 50 });
    expect(resolve({ hedge: { budget: 0.05 } }).hedge).toMatchObject({ budget: 0.05, quantile: 0.95 });
    expect(resolve({ slowStart: { duration: 0 } }).slowStart).toEqual({
      initialPercentage: 10,
      duration: 0,
      successes: 20,
    });
    expect(resolve({ breaker: { resetTimeout: 600_000 } }).breaker).toMatchObject({ maxResetTimeout: 600_000 });
    expect(resolve({ breaker: { maxResetTimeout: 9_000 } }).breaker).toMatchObject({ maxResetTimeout: 9_000 });
    expect(settings.retryBudget).toEqual({ ratio: 0.5, minPerSecond: 10 });
    expect(settings.waitingRoom).toEqual({ maxWaiting: 10_000, maxWait: 0 });
    expect(settings.panic).toEqual({ k: 2 });
    expect(settings.breaker).toMatchObject({ consecutiveFailures: 1, resetTimeout: 5_000 });
  });

  it('can be switched off', () => {
    const off = resolve({ rescue: false, breaker: false, retryBudget: false, waitingRoom: false, panic: false });
    expect(off).toMatchObject({ rescue: false, breaker: false, retryBudget: false, waitingRoom: false, panic: false });
    expect(resolve({ breaker: { enabled: false } }).breaker).toBe(false);
    expect(resolve({ slowStart: false }).slowStart).toBe(false);
  });

  it('keep functions and values as they are', () => {
    const classify = () => undefined;
    const observer = () => undefined;
    const errorFilter = () => true;
    const strategy = { pick: (candidates: readonly never[]) => candidates[0] as never };
    const settings = resolve({ classify, observers: [observer], breaker: { errorFilter }, strategy });
    expect(settings.classify).toBe(classify);
    expect(settings.observers).toEqual([observer]);
    expect(settings.breaker).toHaveProperty('errorFilter', errorFilter);
    expect(settings.strategy).toBe(strategy);
  });

  it('sort the lists of other models by why they are asked', () => {
    const contextLength = { 'gpt-5*': ['long'] };
    expect(resolve({ fallbacks: { 'gpt-5': ['gpt-5-mini'], '*': ['o3'], contextLength } }).fallbacks).toEqual({
      unserved: { 'gpt-5': ['gpt-5-mini'], '*': ['o3'] },
      'context-length': contextLength,
      'content-filter': {},
    });
  });

  it.each(['round-robin', 'random', 'priority', { priority: 'random' }] as const)(
    'take the strategy %o',
    (strategy) => {
      expect(resolve({ strategy }).strategy.pick).toBeTypeOf('function');
    },
  );

  it('share no state between two clients', () => {
    expect(resolve({}).observers).not.toBe(resolve({}).observers);
    expect(resolve({}).strategy).not.toBe(resolve({}).strategy);
    expect(resolve({}).rescue).not.toBe(resolve({}).rescue);
  });

  it('have the types that the schema has', () => {
    type Same = {
      [Key in keyof PoolOptions]-?: PoolInput[Key & keyof PoolInput] extends PoolOptions[Key] ? true : Key;
    };
    // Arrays may be written as constants, which the schema's types do not say.
    type Whole = Exclude<keyof PoolInput, 'failoverOn' | 'observers'>;
    type Back = { [Key in Whole]-?: PoolOptions[Key] extends PoolInput[Key] ? true : Key };
    expectTypeOf<Same[keyof Same]>().toEqualTypeOf<true>();
    expectTypeOf<keyof PoolInput>().toEqualTypeOf<keyof PoolOptions>();
    expectTypeOf<Back[keyof Back]>().toEqualTypeOf<true>();
  });
});
