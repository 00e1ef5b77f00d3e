// Weights are kept, whoever comes and goes.
import { describe, expect, it } from 'vitest';
import { Endpoint } from '../../src/endpoint/endpoint.ts';
import { newRegistry, stateOf } from '../../src/endpoint/registry.ts';
import { Pool } from '../../src/pool/pool.ts';
import { random } from '../../src/strategy/random.ts';
import { roundRobin } from '../../src/strategy/round-robin.ts';
import type { Strategy } from '../../src/strategy/strategy.ts';
import { manualClock } from '../../src/testing/index.ts';
import { FULL } from '../support/calls.ts';
import { aCall, breakerSettings, endpointSettings } from '../support/parts.ts';
import { fc, runs } from '../support/property.ts';

const PICKS = FULL ? 100_000 : 10_000;
const NONE = new Set<Endpoint>();

function poolOf(weights: readonly number[], strategy: Strategy) {
  const clock = manualClock();
  const registry = newRegistry();
  const endpoints = weights.map((weight, index) => {
    const settings = endpointSettings({ name: `e${index}`, weight });
    return new Endpoint(settings, 0, stateOf(registry, settings.name, breakerSettings(), clock));
  });
  const strategyFailed = (error: unknown) => {
    throw error;
  };
  return { endpoints, pool: new Pool(endpoints, { strategy, registry, clock, strategyFailed }) };
}

/** The share of each endpoint in so many picks, by its place. */
function sharesOf(pool: Pool, endpoints: readonly Endpoint[], picks: number): number[] {
  const call = aCall();
  const counts = new Map(endpoints.map((endpoint) => [endpoint, 0]));
  for (let pick = 0; pick < picks; pick++) {
    const chosen = pool.choose(call, NONE) as Endpoint;
    counts.set(chosen, (counts.get(chosen) as number) + 1);
  }
  return endpoints.map((endpoint) => (counts.get(endpoint) as number) / picks);
}

function fair(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (total === 0 ? 1 / weights.length : weight / total));
}

const weight = fc.oneof(fc.integer({ min: 0, max: 10 }), fc.double({ min: 0.01, max: 100, noNaN: true }));
const weights = fc.array(weight, { minLength: 2, maxLength: 8 });

describe('invariant 17: fair pick', () => {
  it('any weights are kept within 1 % of all picks, also with zeros among them', () => {
    fc.assert(
      fc.property(weights, (all) => {
        const { pool, endpoints } = poolOf(all, roundRobin());
        const right = fair(all);
        for (const [index, share] of sharesOf(pool, endpoints, PICKS).entries())
          expect(Math.abs(share - (right[index] as number))).toBeLessThan(0.01);
      }),
      runs(15),
    );
  });

  it('an endpoint that leaves moves its own share only, and those left keep their proportions', () => {
    fc.assert(
      fc.property(weights, fc.nat(7), (all, which) => {
        const { pool, endpoints } = poolOf(all, roundRobin());
        sharesOf(pool, endpoints, 137);
        const gone = which % all.length;
        pool.drain(endpoints[gone] as Endpoint);
        const right = fair(all.filter((_, index) => index !== gone));
        const left = endpoints.filter((_, index) => index !== gone);
        for (const [index, share] of sharesOf(pool, left, PICKS).entries())
          expect(Math.abs(share - (right[index] as number))).toBeLessThan(0.01);
      }),
      runs(10),
    );
  });

  it('by chance as well, as near as chance comes', () => {
    const all = [1, 2, 5, 0];
    const { pool, endpoints } = poolOf(all, random(manualClock().random));
    for (const [index, share] of sharesOf(pool, endpoints, PICKS).entries())
      expect(Math.abs(share - (fair(all)[index] as number))).toBeLessThan(0.02);
  });
});
