// `npm run bench:pick`: what a pick costs, in ns, for every strategy by name and pools of 2 to 10,000 real endpoints with calls
// running on them and times learned. `pick` is the strategy alone; `choose` is what the dispatcher calls: who is eligible,
// the pick, the check of its answer, slow start. Medians over rounds in which all take turns. Names
// behind it, such as `-- least-busy priority:random`, are measured alone.

import { hashOf } from '../../src/call/hash.ts';
import { systemClock } from '../../src/clock.ts';
import { verdict } from '../../src/dispatch/verdicts.ts';
import { Endpoint, healthKey } from '../../src/endpoint/endpoint.ts';
import type { Load } from '../../src/endpoint/live-facts.ts';
import { newRegistry, stateOf } from '../../src/endpoint/registry.ts';
import { CallFacts } from '../../src/pool/call-facts.ts';
import { Pool } from '../../src/pool/pool.ts';
import { strategyNamed, strategyNames } from '../../src/strategy/named.ts';
import type { Strategy } from '../../src/strategy/strategy.ts';
import { aCall, breakerSettings, endpointSettings } from '../support/parts.ts';

/** The bar, in ns. */
export const BAR = 200;
export const SIZES = [2, 10, 100, 1_000, 10_000] as const;

const call = aCall({ stream: true });
/** With prompts of their own, for those who ask. */
const calls = Array.from({ length: 256 }, (_, index) =>
  aCall({ stream: true, prompt: { prefix: hashOf(`prompt ${index}`), stem: undefined, conversation: undefined } }),
);
const callOf = (index: number) => calls[index % calls.length] as typeof call;
const NONE = new Set<never>();

/** So many endpoints that served calls, each with some still running. */
function endpointsOf(count: number) {
  const registry = newRegistry();
  const key = healthKey(call.model, call.operation.name);
  const endpoints = Array.from({ length: count }, (_, index) => {
    const settings = endpointSettings({ name: `e${index}`, weight: 1 + (index % 3) });
    const state = stateOf(registry, settings.name, breakerSettings(), systemClock);
    const endpoint = new Endpoint(settings, index % 2, state);
    const begin = () => {
      const load = state.begin(key, 60_000, false, true) as Load;
      endpoint.room.reserve(load, call);
      return load;
    };
    for (let i = 0; i < 3; i++) {
      const load = begin();
      state.proved(load);
      state.end(load, verdict('ok'), call.operation.route);
    }
    for (let i = index % 4; i > 0; i--) begin();
    return endpoint;
  });
  return { registry, endpoints };
}

/** One thing to be timed. */
interface Timed {
  readonly name: string;
  readonly size: number;
  readonly what: 'pick' | 'choose';
  readonly times: number[];
  run(times: number): void;
}

function timedOf(name: string, size: number): Timed[] {
  const { endpoints, registry } = endpointsOf(size);
  const option: unknown = name.startsWith('priority:') ? { priority: name.slice('priority:'.length) } : name;
  const strategy: Strategy = strategyNamed(option);
  const strategyFailed = (error: unknown) => {
    throw error;
  };
  const pool = new Pool(endpoints, { strategy, registry, clock: systemClock, strategyFailed });
  const eligible = pool.eligible(call);
  const about = { name, size, times: [] as number[] };
  return [
    {
      ...about,
      what: 'pick',
      run(times) {
        for (let i = 0; i < times; i++) strategy.pick(eligible, new CallFacts(callOf(i), systemClock));
      },
    },
    {
      ...about,
      times: [],
      what: 'choose',
      run(times) {
        for (let i = 0; i < times; i++) pool.choose(callOf(i), NONE);
      },
    },
  ];
}

/** A row of the table: medians in ns by size. */
export interface Row {
  readonly name: string;
  readonly what: 'pick' | 'choose';
  readonly ns: readonly number[];
}

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

/** Times every strategy. @param rounds how often all take turns @param picks in each turn */
export function bench(names: readonly string[], sizes: readonly number[], rounds: number, picks: number): Row[] {
  const all = names.flatMap((name) => sizes.flatMap((size) => timedOf(name, size)));
  for (let round = 0; round <= rounds; round++)
    for (const each of all) {
      // Of this process alone, whatever else the machine does.
      const begun = process.cpuUsage();
      each.run(picks);
      // The first round warms up.
      if (round > 0) each.times.push((process.cpuUsage(begun).user * 1e3) / picks);
    }
  return (['pick', 'choose'] as const).flatMap((what) =>
    names.map((name) => ({
      name,
      what,
      ns: all.filter((each) => each.name === name && each.what === what).map(({ times }) => median(times)),
    })),
  );
}

function main(): number {
  const asked = process.argv.slice(2);
  const usual = [...strategyNames.filter((name) => name !== 'priority'), 'priority:least-latency'];
  const names = asked.length > 0 ? asked : usual;
  const rows = bench(names, SIZES, 9, 20_000);
  const width = Math.max(...names.map(({ length }) => length)) + 2;
  const line = (first: string, cells: readonly string[]) =>
    first.padEnd(width) + cells.map((cell) => cell.padStart(9)).join('');
  for (const what of ['pick', 'choose'] as const) {
    console.log(
      line(
        `${what}, ns`,
        SIZES.map((size) => size.toLocaleString('en')),
      ),
    );
    for (const { name, ns } of rows.filter((row) => row.what === what))
      console.log(
        line(
          name,
          ns.map((each) => each.toFixed(0)),
        ),
      );
    console.log();
  }
  const slow = rows.filter(({ what, ns }) => what === 'pick' && ns.some((each) => each > BAR));
  for (const { name } of slow) console.log(`${name}: a pick takes more than ${BAR} ns`);
  return slow.length === 0 ? 0 : 1;
}

if (process.argv[1]?.endsWith('pick.ts')) process.exitCode = main();
