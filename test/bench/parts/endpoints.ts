// What 1,000 endpoints with a breaker each take, beside 1,000 clients of the plain SDK, at three moments: as built, once each has
// served a call, and once each has failed in one, too. Goals are for the first two: after failures there is what to remember.
import { kb, round } from '../cells.ts';
import { Child } from '../child.ts';
import type { EndpointsSpec, Held } from '../endpoints-client.ts';
import type { Outcome } from '../outcome.ts';
import { inTurns } from '../rounds.ts';
import { roundsOf, type Setting } from '../setting.ts';
import { median } from '../statistics.ts';

const COUNT = 1_000;
const KINDS = ['raw', 'ours', 'without-breaker'] as const satisfies readonly EndpointsSpec['kind'][];

async function measured(spec: EndpointsSpec): Promise<Held> {
  const child = Child.start('endpoints-client.ts', spec);
  try {
    return await child.ask<Held>({ do: 'measure' });
  } finally {
    await child.end();
  }
}

/** 1,000 of them. */
export async function endpoints(setting: Setting): Promise<Outcome> {
  const held = await inTurns(
    KINDS,
    roundsOf(setting, 5, 1),
    (kind) => measured({ kind, count: COUNT, timers: false }),
    0,
  );
  const { timers } = await measured({ kind: 'ours', count: COUNT, timers: true });
  const of = (kind: (typeof KINDS)[number], key: keyof Held) => median(held[kind].map((each) => each[key]));
  const moments = ['built', 'called', 'failed'] as const;
  const beyond = (kind: (typeof KINDS)[number]) => moments.map((moment) => of('ours', moment) - of(kind, moment));
  const [breakers, more] = [beyond('without-breaker'), beyond('raw')];
  const many = COUNT.toLocaleString('en');
  const row = (title: string, kind: (typeof KINDS)[number], alive: string) => [
    title,
    `${round(of(kind, 'construction'))} ms`,
    kb(of(kind, 'built')),
    kb(of(kind, 'called')),
    kb(of(kind, 'failed')),
    alive,
    `${round(of(kind, 'idle'))} ms`,
  ];
  return {
    tables: [
      {
        title: `${many} endpoints: heap of each as built, after a call, and after one that failed`,
        head: [
          '',
          'construction',
          'as built',
          'after a call',
          'after a failure',
          'timers alive',
          'CPU per idle second',
        ],
        rows: [
          row(`${many} clients of the plain SDK`, 'raw', '–'),
          row(`this package, ${many} endpoints`, 'ours', String(timers)),
          row('the same with `breaker: false`', 'without-breaker', '–'),
          ['of which the breaker', '', ...breakers.map(kb), '', ''],
          ['beyond a client of the plain SDK', '', ...more.map(kb), '', ''],
        ],
      },
    ],
    findings: [
      { about: 'endpoints.timers', value: timers },
      { about: 'endpoints.breaker.built', value: (breakers[0] as number) / 1_024 },
      { about: 'endpoints.breaker.called', value: (breakers[1] as number) / 1_024 },
      { about: 'endpoints.more', value: (more[1] as number) / 1_024 },
      { about: 'endpoints.construction', value: of('ours', 'construction') },
    ],
  };
}
