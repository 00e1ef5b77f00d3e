// The rule above all, for the rows that take more than one call: the same series of calls by a plain `new OpenAI()` and by three
// pools with default options (that endpoint alone, two alike, one beside a healthy one). No pool may lose more of them.
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import { faultServer } from '../../src/testing/index.ts';
import { lag } from '../support/lag.ts';
import { SERIES, type Series, summary } from './never-worse/series.ts';

const SLACK = 50;
/** What a plain client with two retries waits between its attempts. */
const WAITS = 1_500;
const POOLS = { alone: 1, alike: 2, 'beside a healthy one': 2 } as const;

async function play({ script, apiKey, make }: Series, pool: keyof typeof POOLS | undefined) {
  const count = pool === 'alike' ? 2 : 1;
  const sick = await Promise.all(
    Array.from({ length: count }, (_, index) => faultServer({ script: script(count, index), name: 'server' })),
  );
  const well = pool === 'beside a healthy one' ? [await faultServer({ name: 'server' })] : [];
  const servers = [...sick, ...well];
  const endpoints = servers.map(({ url }, index) => ({
    baseURL: url,
    apiKey: (index < count && apiKey?.()) || `key-${index}`,
  }));
  const client = pool
    ? new LoadBalancedOpenAI(endpoints, { shareState: false, logLevel: 'off' })
    : new OpenAI({ ...endpoints[0], logLevel: 'off' });
  const control = lag();
  try {
    return { ...summary(await make(client, servers)), late: control.stop() };
  } finally {
    if (client instanceof LoadBalancedOpenAI) await client.close();
    await Promise.all(servers.map((server) => server.close()));
  }
}

describe('never worse than the plain SDK, call after call', () => {
  // No jitter on either side: waits can be compared.
  beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));
  afterEach(() => void vi.restoreAllMocks());

  it.each(SERIES.map((series) => [`row ${series.row}: ${series.what}`, series] as const))(
    '%s',
    {
      timeout: 60_000,
    },
    async (_, series) => {
      const plain = await play(series, undefined);
      for (const pool of Object.keys(POOLS) as (keyof typeof POOLS)[]) {
        const ours = await play(series, pool);
        const said = { pool, plain: plain.lost, ours: ours.lost };
        expect({ ...said, more: Math.max(0, ours.lost - plain.lost) }).toEqual({ ...said, more: 0 });
        expect(ours.strange).toEqual([]);
        const [extra] = series.longer ?? [0];
        expect(ours.slowest - ours.late).toBeLessThanOrEqual(Math.max(plain.slowest, WAITS) + extra + SLACK);
      }
    },
  );
});
