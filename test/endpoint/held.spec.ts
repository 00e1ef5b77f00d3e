// What a call is reckoned to take, and what a reply says it took.
import { expect, it } from 'vitest';
import { Demand } from '../../src/call/demand.ts';
import { estimate, usedOf } from '../../src/endpoint/held.ts';

const demand = (most?: number) => new Demand({ m: 'x'.repeat(399), max_tokens: most });
const prompt = demand().prompt;

it.each([
  ['no bound, nothing known', undefined, undefined, 0],
  ['no bound: as usual', undefined, 70, 70],
  ['a bound that is little against the window: all of it', 900, 70, 900],
  ['a large one: what is usual', 50_000, 2_000, 2_000],
  ['a large one, little is usual: a tenth of the window', 50_000, 70, 1_000],
  ['a large one, nothing known: half', 50_000, undefined, 25_000],
  ['more is usual than may come', 1_500, 4_000, 1_500],
])('estimates: %s', (_, most, usual, output) => {
  expect(estimate(demand(most), 10_000, usual)).toBe((most === undefined ? prompt : demand(most).prompt) + output);
});

it.each([
  ['chat', { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 }, { total: 12, output: 7 }],
  ['responses', { input_tokens: 5, output_tokens: 7 }, { total: 12, output: 7 }],
  ['embeddings', { prompt_tokens: 5, total_tokens: 5 }, { total: 5, output: 0 }],
  ['nothing', undefined, undefined],
  ['nonsense', { total_tokens: 'many' }, undefined],
  ['more than any call can take', { total_tokens: 1e15 }, undefined],
  ['no end', { prompt_tokens: 5, completion_tokens: Number.POSITIVE_INFINITY }, { total: 5, output: 0 }],
])('reads usage: %s', (_, usage, used) => {
  expect(usedOf(usage)).toEqual(used);
});
