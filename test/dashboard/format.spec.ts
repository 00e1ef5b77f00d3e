// Numbers, times and sums of money as the dashboard writes them.
import { describe, expect, it } from 'vitest';
import {
  clockTime,
  count,
  countdown,
  dayOf,
  duration,
  moment,
  money,
  NONE,
  percent,
  timeOf,
} from '../../src/gateway/dashboard/format.ts';

describe('format', () => {
  it.each([
    [0, '0'],
    [0.25, '0.25'],
    [9.999, '10'],
    [12.34, '12.3'],
    [9_999, '9,999'],
    [12_345, '12.3k'],
    [1_200_000, '1.2M'],
    [3e9, '3G'],
    [null, NONE],
    [Number.NaN, NONE],
  ])('count(%s) is %s', (value, text) => expect(count(value)).toBe(text));

  it.each([
    [0, '0 ms'],
    [812.4, '812 ms'],
    [1_000, '1 s'],
    [1_240, '1.2 s'],
    [59_600, '1 min'],
    [125_000, '2 min 5 s'],
    [3_600_000, '1 h'],
    [12_000_000, '3 h 20 min'],
    [5 * 86_400_000, '5 d'],
    [undefined, NONE],
  ])('duration(%s) is %s', (value, text) => expect(duration(value)).toBe(text));

  it('counts down to 1 s and never to 0', () => {
    expect([12_001, 900, 1].map(countdown)).toEqual(['13 s', '1 s', '1 s']);
  });

  it('never says 100 % of a share that is less', () => {
    expect([1, 0.9999, 0.5, 0, null].map(percent)).toEqual(['100 %', '99.9 %', '50 %', '0 %', NONE]);
  });

  it.each([
    [0, '0'],
    [12.345, '12.35'],
    [0.012345, '0.0123'],
    [0.00045, '0.00045'],
    [1e-9, '< 0.000001'],
    [undefined, NONE],
  ])('money(%s) is %s', (value, text) => expect(money(value)).toBe(text));

  it('writes times where the browser is, the day only when it is another', () => {
    const at = new Date(2030, 0, 5, 4, 3, 2).getTime();
    expect(clockTime(at)).toBe('04:03:02');
    expect(dayOf(at)).toBe('2030-01-05');
    expect(moment(at, at + 1_000)).toBe('04:03:02');
    expect(moment(at, at + 86_400_000)).toBe('01-05 04:03:02');
    expect([timeOf('2030-01-01T00:00:00Z'), timeOf(5), timeOf(null), timeOf('soon')]).toEqual([
      Date.UTC(2030, 0, 1),
      5,
      undefined,
      undefined,
    ]);
  });
});
