/**
 * The last lines: what both runs came to, as counted, and what was lost how.
 */

import type { Line } from './paint.ts';
import { piece } from './paint.ts';
import type { Race } from './race.ts';
import type { Side } from './side.ts';

/** Different kinds of loss shown; the rest is summed up. */
const KINDS = 4;

function lossesOf({ name, tally }: Side): Line[] {
  if (tally.lost === 0) return [];
  const sorted = [...tally.losses].sort(([, a], [, b]) => b - a);
  const rest = sorted.slice(KINDS).reduce((sum, [, count]) => sum + count, 0);
  const shown = sorted.slice(0, KINDS).map(([what, count]): Line => [`  ${String(count).padStart(5)} × ${what}`]);
  return [[`  ${name} lost:`], ...shown, ...(rest > 0 ? [[`  ${String(rest).padStart(5)} × something else`]] : []), []];
}

function totals({ name, tally }: Side, width: number): Line {
  const { done, lost, attempts, failovers, ms } = tally;
  const count = (n: number, what: string, digits: number) => `  ${String(n).padStart(digits)} ${what}`;
  return [
    piece(`  ${name.padEnd(width)}`, 'bold'),
    count(done, 'calls', 3),
    piece(count(lost, 'lost', 3), lost === 0 ? 'green' : 'red'),
    count(attempts, 'attempts', 4),
    count(failovers, 'failovers', 3),
    piece(`  ${((ms ?? 0) / 1_000).toFixed(1).padStart(4)} s`, 'dim'),
  ];
}

/** The summary of a race that is over. */
export function summary({ plain, pooled }: Race): Line[] {
  const width = pooled.name.length;
  return [[], ...lossesOf(plain), ...lossesOf(pooled), totals(plain, width), totals(pooled, width)];
}
