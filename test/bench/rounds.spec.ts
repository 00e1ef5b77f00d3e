// Who comes when.
import { expect, it } from 'vitest';
import { inTurns } from './rounds.ts';

it('goes forth and back, and leaves the warm-up out', async () => {
  const order: string[] = [];
  const results = await inTurns(
    ['a', 'b', 'c'],
    2,
    async (name, round) => {
      order.push(name);
      return `${name}${round}`;
    },
    1,
  );
  expect(order.join('')).toBe('cbaabccba');
  expect(results).toEqual({ a: ['a0', 'a1'], b: ['b0', 'b1'], c: ['c0', 'c1'] });
});

it('one after the other, never two at once', async () => {
  let running = 0;
  await inTurns(['a', 'b'], 3, async () => {
    expect(++running).toBe(1);
    await null;
    running--;
  });
});
