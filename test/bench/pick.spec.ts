// A pick does not take longer the more endpoints there are. How long it takes is what `npm run bench:pick` measures.
import { expect, it } from 'vitest';
import { strategyNames } from '../../src/strategy/named.ts';
import { bench } from './pick.ts';

const [SOME, MANY] = [20, 2_000];

it.each([...strategyNames, 'priority:least-latency'])('%s: a hundred times the endpoints, hardly more time', (name) => {
  const [few, many] = bench([name], [SOME, MANY], 5, 2_000).find(({ what }) => what === 'pick')?.ns ?? [];
  // Looking at all of them would take a hundred times as long; what it does take more is memory that lies further apart.
  expect(many).toBeLessThan(20 * Math.max(20, few ?? 0));
});
