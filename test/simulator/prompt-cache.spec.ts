// What prompt caches are worth, by the simulator: agents, and questions about long texts, over the library's own client on virtual
// time. The bar is what one endpoint would have that serves everybody: nothing can be missed there.
import { describe, expect, it } from 'vitest';
import { type Cached, type Callers, converse } from './agents.ts';

const SEEDS = process.env.FULL ? [1, 2, 3, 4, 5] : [1, 2, 3];
const FIVE = ['a', 'b', 'c', 'd', 'e'];
const THREE = FIVE.slice(0, 3);
const AGENTS: Callers = { agents: 20, turns: 20, conversations: 1 };
const TEXTS: Callers = { agents: 40, turns: 1, conversations: 15, texts: 50 };

type Options = Parameters<typeof converse>[2];

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] as number;

/** The medians over the seeds. */
async function played(names: readonly string[], callers: Callers, options: Options): Promise<Cached> {
  const all: Cached[] = [];
  for (const seed of SEEDS) all.push(await converse(names, callers, options, seed));
  const of = (field: keyof Cached) => median(all.map((one) => one[field]));
  return { hitRate: of('hitRate'), maxToMean: of('maxToMean'), calls: of('calls') };
}

describe('by default', () => {
  it('agents of 20 turns on 3 endpoints under round robin keep the hits of a single one', async () => {
    const ideal = await played(['a'], AGENTS, {});
    const pool = await played(THREE, AGENTS, {});
    expect(pool.hitRate).toBeGreaterThanOrEqual(0.95 * ideal.hitRate);
    expect(pool.maxToMean).toBeLessThanOrEqual(1.25);
    const rotated = await played(THREE, AGENTS, { affinity: { cache: false } });
    expect(rotated.hitRate).toBeLessThan(0.9 * ideal.hitRate);
  }, 120_000);
});

describe('prompt-cache', () => {
  it.each<[string, Callers]>([
    ['agents of 20 turns', AGENTS],
    ['questions about texts, some of them asked about most', TEXTS],
    ['the same, known by nothing but the texts', { ...TEXTS, named: false }],
  ])(
    'keeps the hits of ideal affinity on 5 endpoints, and their load even: %s',
    async (_, callers) => {
      const ideal = await played(['a'], callers, { strategy: 'prompt-cache' });
      const pool = await played(FIVE, callers, { strategy: 'prompt-cache' });
      expect(pool.hitRate).toBeGreaterThanOrEqual(0.95 * ideal.hitRate);
      expect(pool.maxToMean).toBeLessThanOrEqual(1.25);
    },
    120_000,
  );
});
