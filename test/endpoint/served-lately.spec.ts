// What an endpoint served within ten minutes it has.
import { expect, it } from 'vitest';
import { ServedLately } from '../../src/endpoint/served-lately.ts';
import { manualClock } from '../../src/testing/index.ts';

it('an operation counts as served for ten minutes after its last success', async () => {
  const clock = manualClock();
  const served = new ServedLately(clock);
  expect(served.has('post responses')).toBe(false);
  served.note('post responses');
  await clock.advance(599_999);
  expect([served.has('post responses'), served.has('get responses')]).toEqual([true, false]);
  served.note('post responses');
  await clock.advance(599_999);
  expect(served.has('post responses')).toBe(true);
  await clock.advance(1);
  expect(served.has('post responses')).toBe(false);
});

it('made-up paths push out what was served first, not what is in use', () => {
  const served = new ServedLately(manualClock());
  served.note('first');
  for (let i = 0; i < 1_000; i++) {
    served.note(`made-up ${i}`);
    served.note('in use');
  }
  expect([served.has('first'), served.has('made-up 0'), served.has('in use'), served.has('made-up 999')]).toEqual([
    false,
    false,
    true,
    true,
  ]);
});
