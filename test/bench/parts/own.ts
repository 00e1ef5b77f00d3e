// What a call of ours costs beside one of the plain SDK when nothing is sent: a `fetch` that answers by itself takes the
// place of the network, so that what is left is work of the clients.
import { round, sureOf } from '../cells.ts';
import { Child } from '../child.ts';
import type { ClientSpec, Turn } from '../client.ts';
import type { ContenderName } from '../contenders.ts';
import type { Outcome } from '../outcome.ts';
import { inTurns } from '../rounds.ts';
import { roundsOf, type Setting } from '../setting.ts';
import { differences, median, ratios, spread } from '../statistics.ts';

const NAMES = ['raw', 'standard', 'control'] as const satisfies readonly ContenderName[];

/** CPU of a call with nothing beneath it. */
export async function own(setting: Setting): Promise<Outcome> {
  // Why one process for all: with one for each, the engine compiles the same code a little differently in each of them, which
  // makes a steady difference of microseconds between two equal clients.
  const child = Child.start('client.ts', { names: NAMES, urls: [] } satisfies ClientSpec);
  const calls = setting.quick ? 1_000 : 2_500;
  try {
    const turned = await inTurns(
      NAMES,
      roundsOf(setting, 31, 15),
      (of) => child.ask<Turn>({ do: 'run', of, what: 'chat', calls, atOnce: 1 }),
      4,
    );
    const cpu = (name: (typeof NAMES)[number]) => turned[name].map((turn) => turn.cpu);
    const more = spread(differences(cpu('standard'), cpu('raw')));
    const noise = spread(differences(cpu('control'), cpu('raw')));
    const times = spread(ratios(cpu('standard'), cpu('raw')));
    const control = median(ratios(cpu('control'), cpu('raw')));
    return {
      tables: [
        {
          title: 'Own work: CPU of a call with a `fetch` that answers by itself, µs',
          head: ['', 'median', 'more than the plain SDK in the same round, with 95 % interval'],
          rows: [
            ['plain `openai` SDK', round(median(cpu('raw'))), '–'],
            ['this package, 3 endpoints', round(median(cpu('standard'))), sureOf(more, 2)],
            ['plain SDK again (control)', round(median(cpu('control'))), sureOf(noise, 2)],
          ],
          notes: [`${more.of} rounds of ${calls.toLocaleString('en')} calls each.`],
        },
      ],
      findings: [
        { about: 'own.more', value: more.median, spread: more, control },
        { about: 'own.control', value: noise.median, spread: noise, control },
        { about: 'own.times', value: times.median, spread: times, control },
      ],
    };
  } finally {
    await child.end();
  }
}
