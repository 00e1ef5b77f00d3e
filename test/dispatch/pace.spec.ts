// How fast calls come in after a pause whose end says nothing about how much room there is.
import { describe, expect, it } from 'vitest';
import { Pace } from '../../src/dispatch/pace.ts';

/** How many may go now. */
function burst(pace: Pace, now: number, most = 1_000): number {
  let went = 0;
  while (went < most && pace.leave(now) === 0) went += 1;
  return went;
}

describe('the pace after a pause', () => {
  it('is one, and then two for each that was let in', () => {
    const pace = new Pace();
    const waves: number[] = [];
    for (let wave = 0; wave < 6; wave++) {
      const went = burst(pace, 1_000);
      waves.push(went);
      for (let i = 0; i < went; i++) pace.passed();
    }
    expect(waves).toEqual([1, 2, 4, 8, 16, 32]);
  });

  it('doubles every quarter of a second without a refusal, however long answers take', () => {
    const pace = new Pace();
    expect([burst(pace, 1_000), pace.leave(1_000), pace.leave(1_249)]).toEqual([1, 1_250, 1_250]);
    expect([1_250, 1_500, 1_750, 2_000].map((now) => burst(pace, now))).toEqual([2, 4, 8, 16]);
  });

  it('holds nobody up any more once it is plain that there is room', () => {
    const pace = new Pace();
    for (let i = 0; i < 255; i++) pace.passed();
    expect(burst(pace, 1_000, 5_000)).toBe(5_000);
  });
});
