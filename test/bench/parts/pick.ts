// How long a strategy takes to pick, by the size of the pool: what `npm run bench:pick` measures, as a table.
import { round } from '../cells.ts';
import { Child } from '../child.ts';
import type { Outcome } from '../outcome.ts';
import { type Row, SIZES } from '../pick.ts';
import { roundsOf, type Setting } from '../setting.ts';

/** Picks, ns. */
export async function pick(setting: Setting): Promise<Outcome> {
  const child = Child.start('pick-client.ts', {});
  try {
    const asked = { do: 'pick', rounds: roundsOf(setting, 7, 3), picks: setting.quick ? 5_000 : 20_000 };
    const rows = (await child.ask<Row[]>(asked)).filter(({ what }) => what === 'pick');
    return {
      tables: [
        {
          title: 'A pick by size of the pool, ns',
          head: ['strategy', ...SIZES.map((size) => size.toLocaleString('en'))],
          rows: rows.map(({ name, ns }) => [`\`${name}\``, ...ns.map(round)]),
        },
      ],
      findings: [{ about: 'pick.slowest', value: Math.max(...rows.flatMap(({ ns }) => ns)) }],
    };
  } finally {
    await child.end();
  }
}
