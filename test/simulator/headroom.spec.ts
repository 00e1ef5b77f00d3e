// Quotas as the vendors enforce them, which the client knows of by the headers of replies alone: who steers by headroom meets no
// 429 while there is room, and uses up what there is when there is not. Every seed has to show it.
import { describe, expect, it } from 'vitest';
import type { BalancerEvent } from '../../src/index.ts';
import { contender } from './contenders.ts';
import { simulate } from './run.ts';
import { ENDPOINTS, type Scenario, scenarios } from './scenarios.ts';
import { MEAN } from './workload.ts';

const SEEDS = process.env.FULL ? [1, 2, 3, 4, 5] : [1, 2];
const PLENTY = 1e9;
const MINUTE = 60_000;

/** Endpoints limited by requests alone, and by tokens alone. */
const CALLS = [360, 180, 180, 90, 90];
const requests = CALLS.map((calls) => ({ requestsPerMinute: calls, tokensPerMinute: PLENTY }));
const tokens = CALLS.map((calls) => ({ requestsPerMinute: PLENTY, tokensPerMinute: Math.round(calls * MEAN.tokens) }));

/** What the endpoints served between two moments. */
function meter(from: number, until: number) {
  const served = { calls: 0, tokens: 0 };
  let begin = Number.NaN;
  const observer = (event: BalancerEvent) => {
    begin = Number.isNaN(begin) ? event.at : begin;
    if (event.type !== 'call-end' || !event.ok || event.at - begin < from || event.at - begin > until) return;
    served.calls += 1;
    for (const { usage } of event.attempts) served.tokens += (usage as { total_tokens?: number })?.total_tokens ?? 0;
  };
  return { served, observer };
}

describe('at 95 % of all quotas', () => {
  it.each(['headroom', 'round-robin', 'least-busy'])('%s: no 429 at all', { timeout: 120_000 }, async (strategy) => {
    for (const seed of SEEDS) {
      const run = { clients: 1, seed, ms: 200_000, scenario: scenarios['quotas-0.95'] };
      const { success, wasted } = await simulate({ ...run, ...contender(strategy) });
      expect({ seed, success, wasted }).toEqual({ seed, success: 1, wasted: 0 });
    }
  });
});

describe('at 200 % of all quotas', () => {
  const [from, until, ms] = [100_000, 220_000, 240_000];
  const kinds: [string, Scenario, 'calls' | 'tokens', number][] = [
    ['requests', { ...scenarios['quotas-2'], quotas: requests }, 'calls', 900 / MINUTE],
    ['tokens', { ...scenarios['quotas-2'], quotas: tokens }, 'tokens', (900 * MEAN.tokens) / MINUTE],
  ];

  it.each(kinds)(
    '%s: at least 98 % of the quota is used, hardly an attempt for nothing, and nobody starves',
    {
      timeout: 240_000,
    },
    async (_, scenario, what, perMs) => {
      for (const seed of SEEDS) {
        const { served, observer } = meter(from, until);
        const { options } = contender('headroom', { observers: [observer] });
        const { wasted, worstTen } = await simulate({ clients: 1, seed, ms, scenario, options });
        expect(served[what] / (perMs * (until - from)), `seed ${seed}`).toBeGreaterThanOrEqual(0.98);
        expect(wasted, `seed ${seed}`).toBeLessThanOrEqual(0.002);
        // Half of the calls are beyond the quota: of any ten seconds, a share gets through.
        expect(worstTen, `seed ${seed}`).toBeGreaterThan(0.3);
      }
    },
  );

  it('with the limits configured there is nothing to be learned, and no attempt for nothing', {
    timeout: 120_000,
  }, async () => {
    const scenario = scenarios['quotas-2'];
    const endpoints = ENDPOINTS.map((name, index) => ({
      ...{ name, apiKey: 'key', baseURL: `https://${name}.example/v1` },
      limits: scenario.quotas[index],
    }));
    for (const seed of [1, 2]) {
      const { options } = contender('headroom', { endpoints });
      const { wasted, worstTen } = await simulate({ clients: 1, seed, ms: 120_000, scenario, options });
      expect({ seed, wasted }).toEqual({ seed, wasted: 0 });
      expect(worstTen).toBeGreaterThan(0.3);
    }
  });
});
