// Calls and streams under load, at several concurrencies, each client against the plain SDK of the same round.
import { round, threeOf } from '../cells.ts';
import type { Turn } from '../client.ts';
import { Cohort, type Turned } from '../cohort.ts';
import { type ContenderName, contenders } from '../contenders.ts';
import type { Finding, Outcome, Point, Table } from '../outcome.ts';
import { roundsOf, type Setting, urlsOf } from '../setting.ts';
import { against, median, ratios, type Spread, spread } from '../statistics.ts';

/** What is to be measured. */
export interface Load {
  readonly title: string;
  /** First word of what it finds. */
  readonly about: string;
  readonly what: 'chat' | 'stream';
  readonly secure?: boolean;
  readonly names: readonly ContenderName[];
  /** Beside those of npm. */
  readonly peers: boolean;
  readonly atOnce: readonly number[];
  readonly rounds: readonly [full: number, quick: number];
}

/** Ratios to the plain SDK, by name. */
export type Compared = ReadonlyMap<ContenderName, { readonly cpu: Spread; readonly rate: Spread }>;

/** Each against the plain SDK of the same round. */
export function compared(turned: Turned): Compared {
  const base = turned.raw ?? [];
  const of = (turns: readonly Turn[], key: keyof Turn) =>
    spread(
      ratios(
        turns.map((turn) => turn[key]),
        base.map((turn) => turn[key]),
      ),
    );
  const others = Object.entries(turned).filter(([name]) => name !== 'raw') as [ContenderName, readonly Turn[]][];
  return new Map(others.map(([name, turns]) => [name, { cpu: of(turns, 'cpu'), rate: of(turns, 'rate') }]));
}

/** So many until a call no longer gets cheaper. */
const WARM = { chat: 2_500, stream: 150 };

/** Measures, and makes tables of it. */
export async function load(asked: Load, setting: Setting): Promise<Outcome> {
  const { quick, places } = setting;
  const atOnce = quick ? asked.atOnce.slice(0, 2) : asked.atOnce;
  const urls = urlsOf(setting, asked.what, { secure: asked.secure === true });
  const groups: [names: readonly ContenderName[], rounds: number][] = [
    [asked.names.filter((name) => !quick || !['one', 'fast-fetch'].includes(name)), roundsOf(setting, ...asked.rounds)],
  ];
  if (asked.peers && setting.peers.length > 0) groups.push([['raw', ...setting.peers], roundsOf(setting, 9, 7)]);
  const found = new Map<number, Map<ContenderName, { readonly cpu: Spread; readonly rate: Spread }>>();
  const base: string[] = [];
  for (const [names, rounds] of groups) {
    const cohort = new Cohort(names, urls, asked.secure ? places.cert : undefined);
    try {
      await cohort.warm(asked.what, WARM[asked.what] * (quick ? 1 : 1.6));
      for (const count of atOnce) {
        const turned = await cohort.turns({ what: asked.what, atOnce: count, rounds, ms: quick ? 100 : 200 });
        const here = found.get(count) ?? new Map();
        for (const [name, both] of compared(turned)) here.set(name, both);
        if (!found.has(count)) base.push(baseOf(turned.raw ?? []));
        found.set(count, here);
      }
    } finally {
      await cohort.end();
    }
  }
  const names = [...new Set([...found.values()].flatMap((all) => [...all.keys()]))];
  return {
    tables: (['cpu', 'rate'] as const).map((key) => tableOf(asked, names, found, key, base)),
    findings: [...found].flatMap(([count, all]) => findingsOf(`${asked.about}.${count}`, all)),
    points: [...found].flatMap(([count, all]) => pointsOf(`${asked.title}, ${count} at once`, all)),
  };
}

const baseOf = (turns: readonly Turn[]) =>
  `${round(median(turns.map(({ cpu }) => cpu)))} µs, ${round(median(turns.map(({ rate }) => rate)))}/s`;

function tableOf(
  { title, what }: Load,
  names: readonly ContenderName[],
  found: ReadonlyMap<number, Compared>,
  key: 'cpu' | 'rate',
  base: readonly string[],
): Table {
  const unit = what === 'chat' ? 'call' : 'stream';
  const cell = (name: ContenderName, all: Compared) => {
    const one = all.get(name);
    return one ? threeOf(one[key]) : '–';
  };
  return {
    title: `${title}: ${key === 'cpu' ? `CPU per ${unit}` : `${unit}s per second`}, times the plain SDK's`,
    head: ['', ...[...found.keys()].map((count) => `${count} at once`)],
    rows: [
      [
        contenders.raw.title,
        ...base.map((each) => (key === 'cpu' ? `1 (${each.split(', ')[0]})` : `1 (${each.split(', ')[1]})`)),
      ],
      ...names.map((name) => [contenders[name].title, ...[...found.values()].map((all) => cell(name, all))]),
    ],
  };
}

function findingsOf(about: string, all: Compared): Finding[] {
  const twin = all.get('control');
  return [...all].flatMap(([name, both]) =>
    (['cpu', 'rate'] as const).map((key) => {
      const control = twin?.[key].median;
      // A few percent are less than what two equal clients may differ by; half and twice are not.
      const small = name === 'standard' || name === 'one';
      const found = small && control !== undefined ? against(both[key], control) : both[key];
      const value = { about: `${about}.${name}.${key}`, value: found.median, spread: found };
      return control === undefined ? value : { ...value, control };
    }),
  );
}

const pointsOf = (panel: string, all: Compared): Point[] =>
  [...all]
    .filter(([name]) => name !== 'control')
    .map(([name, { cpu }]) => ({ panel, name: contenders[name].title, spread: cpu }));
