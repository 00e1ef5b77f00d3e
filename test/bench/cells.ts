// Figures as people read them.
import type { Spread } from './statistics.ts';

const number = (value: number, digits: number) =>
  // What rounds to nothing has no sign.
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: 'negative' });

/** Three digits that say something: `0.412`, `41.2`, `4,120`. */
export const round = (value: number): string => {
  const size = Math.abs(value);
  return number(value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
};

/** `0.40 / **0.42** / 0.45`: the least, the middle, the most. */
export const threeOf = ({ min, median, max }: Spread): string => `${round(min)} / **${round(median)}** / ${round(max)}`;

/** `1.012 (0.998–1.027)`: the middle, and from where to where it lies with 95 %. */
export const sureOf = ({ median, low, high }: Spread, digits = 3): string =>
  `${number(median, digits)} (${number(low, digits)} to ${number(high, digits)})`;

/** KB, of 1,024 bytes. */
export const kb = (bytes: number): string => `${round(bytes / 1_024)} KB`;
