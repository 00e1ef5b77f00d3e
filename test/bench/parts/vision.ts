// A body of 20 MB that is sent three times, since the first two endpoints answer 503: how often it is made into text, and how
// long everything else in the process has to wait, beside a plain SDK that sends it once.
import { round, threeOf } from '../cells.ts';
import { Child } from '../child.ts';
import type { Outcome } from '../outcome.ts';
import { inTurns } from '../rounds.ts';
import { roundsOf, type Setting, urlsOf } from '../setting.ts';
import { median, ratios, spread } from '../statistics.ts';
import type { Sent, VisionSpec } from '../vision-client.ts';

const KINDS = ['raw', 'standard', 'fast', 'control'] as const;
type Kind = (typeof KINDS)[number];
const TITLES = {
  raw: 'plain `openai` SDK, one attempt',
  standard: 'this package, three attempts',
  fast: 'this package, three attempts, fast transport',
  control: 'plain SDK again (control)',
};

/** Large bodies with failover. */
export async function vision(setting: Setting): Promise<Outcome> {
  const [down, well] = [urlsOf(setting, 'down'), urlsOf(setting, 'chat')];
  const urls = [down[0]!, down[1]!, well[2]!];
  const children = new Map(
    KINDS.map((kind) => {
      const alone = kind === 'raw' || kind === 'control';
      const spec: VisionSpec = alone ? { kind: 'raw', urls: urls.slice(2) } : { kind, urls };
      return [kind, Child.start('vision-client.ts', spec)];
    }),
  );
  try {
    await setting.mock.ask({ do: 'asked' });
    const sent = await inTurns(
      KINDS,
      roundsOf(setting, 11, 3),
      async (kind) => {
        const facts = await children.get(kind)!.ask<Sent>({ do: 'send' });
        const attempts = await setting.mock.ask<number>({ do: 'asked' });
        if (attempts !== (kind === 'standard' || kind === 'fast' ? 3 : 1))
          throw new Error(`vision: ${kind} made ${attempts} attempts`);
        return facts;
      },
      2,
    );
    const of = (kind: Kind, key: keyof Sent) => sent[kind].map((each) => each[key]);
    const times = (kind: Kind, key: 'longest' | 'all') => spread(ratios(of(kind, key), of('raw', key)));
    const row = (kind: Kind) => [
      TITLES[kind],
      String(Math.max(...of(kind, 'serialised'))),
      threeOf(times(kind, 'longest')),
      threeOf(times(kind, 'all')),
    ];
    const ms = (key: 'longest' | 'all') => `1 (${round(median(of('raw', key)))} ms)`;
    return {
      tables: [
        {
          title: "A body of 20 MB: stalls of the event loop, times the plain SDK's",
          head: ['', 'made into text', 'longest stall', 'all stalls together'],
          rows: [
            [TITLES.raw, String(Math.max(...of('raw', 'serialised'))), ms('longest'), ms('all')],
            row('standard'),
            row('fast'),
            row('control'),
          ],
          notes: ['A turn of the event loop that takes 5 ms or longer is a stall.'],
        },
      ],
      findings: (['standard', 'fast'] as const).flatMap((kind) => [
        { about: `vision.${kind}.serialised`, value: Math.max(...of(kind, 'serialised')) },
        ...(['longest', 'all'] as const).map((key) => {
          const found = times(kind, key);
          const control = times('control', key).median;
          return { about: `vision.${kind}.${key}`, value: found.median, spread: found, control };
        }),
      ]),
    };
  } finally {
    await Promise.all([...children.values()].map((child) => child.end()));
  }
}
