// The gateway beside others: what it costs of CPU, time and memory, next to nginx, to the least that a gateway in Node can be, and
// to one from npm, all in front of the same endpoints.
import { round, threeOf } from '../cells.ts';
import { Field, present, type Turn, type Turned } from '../gateways/field.ts';
import { type GatewayName, gateways } from '../gateways/gateways.ts';
import type { Ask } from '../gateways/generator.ts';
import type { Finding, Outcome, Table } from '../outcome.ts';
import { roundsOf, type Setting, urlsOf } from '../setting.ts';
import { differences, median, ratios, type Spread, spread } from '../statistics.ts';

/** A cell of the measurement: the same calls at several concurrencies. */
interface Cell {
  readonly ask: Ask;
  readonly title: string;
  readonly unit: string;
  readonly atOnce: readonly number[];
  readonly rounds: readonly [full: number, quick: number];
  /** Calls before the first that counts: V8 goes on compiling a gateway for some 20,000. In a quick run nobody waits for that. */
  readonly warm: readonly [full: number, quick: number];
  /** CPU of a turn, ms. Ticks of 10 ms are then a few percent of it. */
  readonly ms: number;
}

const CELLS: readonly Cell[] = [
  {
    ask: 'chat',
    title: 'plain calls',
    unit: 'call',
    atOnce: [1, 16, 64],
    rounds: [9, 3],
    warm: [20_000, 1_500],
    ms: 400,
  },
  {
    ask: 'stream',
    title: 'streams of 200 chunks',
    unit: 'stream',
    atOnce: [1, 16],
    rounds: [9, 3],
    warm: [1_000, 100],
    ms: 300,
  },
  { ask: 'body', title: 'bodies of 20 MB', unit: 'call', atOnce: [1], rounds: [11, 3], warm: [4, 2], ms: 300 },
];

/** Measured in a quick run: what says whether something broke. */
const QUICK = { cells: ['chat', 'stream'], atOnce: 16, names: ['pass-through', 'ours', 'control'] } as const;

const all = Object.keys(gateways) as GatewayName[];

/** Ratios or differences of two gateways, round by round; nothing where one did not run. */
function beside(
  turned: Turned,
  [one, other]: readonly [GatewayName, GatewayName],
  value: (turn: Turn, direct: Turn | undefined) => number,
  how: typeof ratios = ratios,
): Spread | undefined {
  const of = (name: GatewayName) => turned[name]?.map((turn, at) => value(turn, turned.direct?.[at]));
  const [values, base] = [of(one), of(other)];
  return values && base && spread(how(values, base));
}

const cpu = ({ cpu: each }: Turn) => each;
const rate = ({ rate: each }: Turn) => each;
const rss = ({ rss: each }: Turn) => each;
const added = ({ p50 }: Turn, direct: Turn | undefined) => p50 - (direct?.p50 ?? 0);

/** What the goals speak of. */
export function findingsOf(ask: Ask, atOnce: number, turned: Turned): Finding[] {
  const about = `gateway.${ask}.${atOnce}`;
  const found = (what: string, how: Spread | undefined, noise?: Spread): Finding[] =>
    how ? [{ about: `${about}.${what}`, value: how.median, spread: how, ...(noise && { control: noise.median }) }] : [];
  const twins = ['control', 'pass-through'] as const;
  const [cpuNoise, rateNoise] = [beside(turned, twins, cpu), beside(turned, twins, rate)];
  return [
    ...found('cpu.pass-through', beside(turned, ['ours', 'pass-through'], cpu), cpuNoise),
    ...found('cpu.portkey', beside(turned, ['ours', 'portkey'], cpu), cpuNoise),
    ...found('rate.portkey', beside(turned, ['ours', 'portkey'], rate), rateNoise),
    ...found('rate.nginx', beside(turned, ['ours', 'nginx'], rate), rateNoise),
    ...(turned.direct ? found('added.portkey', beside(turned, ['ours', 'portkey'], added), rateNoise) : []),
    ...found('rss.portkey', beside(turned, ['ours', 'portkey'], rss)),
    ...found(
      'more',
      beside(turned, ['ours', 'pass-through'], (turn) => turn.cpu / 1_000, differences),
      cpuNoise,
    ),
  ];
}

const NONE = '–';

/** A table with a column for each concurrency. */
function tableOf(
  title: string,
  names: readonly GatewayName[],
  found: ReadonlyMap<number, Turned>,
  cell: (turns: readonly Turn[], turned: Turned) => string,
): Table {
  return {
    title,
    head: ['', ...[...found.keys()].map((count) => `${count} at once`)],
    rows: names.map((name) => [
      gateways[name].title,
      ...[...found.values()].map((turned) => (turned[name] ? cell(turned[name], turned) : NONE)),
    ]),
  };
}

const middle = (turns: readonly Turn[], of: (turn: Turn) => number) => round(median(turns.map(of)));

function tablesOf(
  { ask, title, unit }: Cell,
  names: readonly GatewayName[],
  found: ReadonlyMap<number, Turned>,
): Table[] {
  const behind = names.filter((name) => name !== 'direct');
  const more =
    (of: (turn: Turn) => number) =>
    (turns: readonly Turn[], { direct = [] }: Turned) =>
      threeOf(spread(differences(turns.map(of), direct.map(of))));
  const size = ask === 'body' ? 1_000 : 1;
  return [
    tableOf(`Gateways, ${title}: CPU per ${unit}, ${size === 1 ? 'µs' : 'ms'}`, behind, found, (turns) =>
      threeOf(spread(turns.map((turn) => turn.cpu / size))),
    ),
    tableOf(`Gateways, ${title}: ${unit}s per second`, names, found, (turns) => middle(turns, rate)),
    ...(names.includes('direct')
      ? [
          tableOf(
            `Gateways, ${title}: added to the median, ms`,
            behind,
            found,
            more(({ p50 }) => p50),
          ),
          tableOf(
            `Gateways, ${title}: added to the 99th percentile, ms`,
            behind,
            found,
            more(({ p99 }) => p99),
          ),
        ]
      : []),
    ...(ask === 'chat'
      ? [
          tableOf(`Gateways, ${title}: memory, MB`, behind, found, (turns) =>
            middle(turns, (turn) => turn.rss / 2 ** 20),
          ),
        ]
      : []),
  ];
}

/** The gateway beside others. */
export async function gateway(setting: Setting): Promise<Outcome> {
  const { quick } = setting;
  if (process.platform !== 'linux') {
    console.log('The part gateway is left out: it reads the CPU of processes from Linux.');
    return { tables: [] };
  }
  const tables: Table[] = [];
  const findings: Finding[] = [];
  for (const cell of CELLS.filter(({ ask }) => !quick || (QUICK.cells as readonly Ask[]).includes(ask))) {
    const { ask, rounds, ms, warm } = cell;
    const atOnce = quick ? [QUICK.atOnce] : cell.atOnce;
    const field = new Field(present(quick ? QUICK.names : all, setting.peers.length > 0));
    const found = new Map<number, Turned>();
    try {
      await field.warm(ask, urlsOf(setting, ask === 'stream' ? 'stream' : 'chat'), warm[quick ? 1 : 0]);
      for (const count of atOnce) {
        const turned = await field.turns(ask, count, roundsOf(setting, ...rounds), ms);
        found.set(count, turned);
        findings.push(...findingsOf(ask, count, turned));
      }
    } finally {
      await field.end();
    }
    tables.push(...tablesOf(cell, field.names, found));
  }
  return { tables, findings };
}
