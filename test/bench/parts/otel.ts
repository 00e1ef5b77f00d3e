// What `openTelemetry()` costs a call while no SDK is registered: the same client with it and without it, and once more without it,
// taken in turns in one process, with a `fetch` that answers by itself.
import { round, sureOf } from '../cells.ts';
import { Child } from '../child.ts';
import type { ClientSpec, Turn } from '../client.ts';
import type { ContenderName } from '../contenders.ts';
import type { Outcome } from '../outcome.ts';
import { inTurns } from '../rounds.ts';
import { roundsOf, type Setting } from '../setting.ts';
import { differences, median, spread } from '../statistics.ts';

const NAMES = ['standard', 'observed', 'again'] as const satisfies readonly ContenderName[];

/** CPU of a call with an observer that has nobody to tell. */
export async function otel(setting: Setting): Promise<Outcome> {
  const child = Child.start('client.ts', { names: NAMES, urls: [] } satisfies ClientSpec);
  // Short turns: what disturbs lasts longer than one, and then falls on all of them.
  const calls = 200;
  try {
    const turned = await inTurns(
      NAMES,
      roundsOf(setting, 301, 101),
      (of) => child.ask<Turn>({ do: 'run', of, what: 'chat', calls, atOnce: 1 }),
      20,
    );
    const cpu = (name: (typeof NAMES)[number]) => turned[name].map((turn) => turn.cpu);
    const noise = spread(differences(cpu('again'), cpu('standard')));
    const more = spread(differences(cpu('observed'), cpu('standard')));
    return {
      tables: [
        {
          title: 'OpenTelemetry without an SDK: CPU of a call with a `fetch` that answers by itself, µs',
          head: ['', 'median', 'more than without it in the same round, with 95 % interval'],
          rows: [
            ['this package, 3 endpoints', round(median(cpu('standard'))), '–'],
            ['the same with `openTelemetry()`', round(median(cpu('observed'))), sureOf(more, 2)],
            ['this package again (control)', round(median(cpu('again'))), sureOf(noise, 2)],
          ],
          notes: [`${more.of} rounds of ${calls} calls each.`],
        },
      ],
      findings: [],
    };
  } finally {
    await child.end();
  }
}
