// Reads the arguments of `npm run simulate`; what is wrong is named.
import { type OptionTable, optionHelp, readOptions } from '../../src/cli/read-options.ts';
import { resolveSettings } from '../../src/config/resolve-settings.ts';
import { didYouMean } from '../../src/config/suggest.ts';
import { FULL } from './compare.ts';
import { type Contender, contender, contenderNames, usualNames } from './contenders.ts';
import type { Prices } from './replay-figures.ts';
import type { TraceRun } from './replay-trace.ts';
import { type ScenarioName, scenarioNames } from './scenarios.ts';

/** What was asked for. */
export type Asked =
  | { readonly is: 'wrong'; readonly problem: string }
  | { readonly is: 'help' }
  | ({ readonly is: 'replay' } & TraceRun)
  | {
      readonly is: 'compare';
      readonly contenders: readonly Contender[];
      readonly scenarios: readonly ScenarioName[];
      readonly clients: readonly number[];
      readonly seeds: number;
      readonly ms: number;
      readonly stream: boolean;
      readonly out: string | undefined;
    };

const TABLE = {
  strategy: { type: 'string', does: 'names, with commas; +hedge hedges (default: all but priority)' },
  scenario: { type: 'string', does: `names, with commas (default: all)` },
  clients: { type: 'string', does: 'how many, with commas (default: 1,50)' },
  seeds: { type: 'string', does: `how many seeds; figures are medians (default: ${FULL.seeds})` },
  seconds: { type: 'string', does: `virtual seconds of a run (default: ${FULL.ms / 1_000})` },
  options: { type: 'string', does: 'options of the client as JSON, e.g. \'{"breaker":false}\'' },
  plain: { type: 'boolean', does: 'plain calls in place of streams' },
  out: { type: 'string', does: 'writes a plot to this .svg file' },
  trace: { type: 'string', does: 'replays the calls in this file, of recordDecisions or GET /admin/log' },
  seed: { type: 'string', does: 'of a replay; the same one gives the same calls (default: 1)' },
  prices: { type: 'string', does: 'per million tokens, as JSON: \'{"gpt-5":{"input":1.25,"output":10}}\'' },
  help: { type: 'boolean', short: 'h', does: 'this text' },
} as const satisfies OptionTable;

/** The help. */
export const HELP: string = [
  'Usage: npm run simulate [-- options]',
  '',
  "Runs the library's strategies, breaker, budget and clocks on virtual time against",
  'five modelled endpoints. p99 and p99.9: time to the first token, as multiples of',
  "an oracle's p99 when all is well. wasted: attempts per call beyond the one that",
  'serves. to bad: share of the attempts sent to the bad endpoint. Streams without',
  'content after 10 s are cut, unless --options names another attemptTimeout.',
  '',
  'With --trace file: replays recorded calls under each strategy, and prints the',
  'difference. Endpoints answer as they did around that moment; what an endpoint',
  'did not serve is drawn from what it served of that model and size.',
  '',
  ...optionHelp(TABLE),
  '',
  `strategies: ${contenderNames.join(', ')}`,
  `scenarios:  ${scenarioNames.join(', ')}`,
].join('\n');

class Wrong extends Error {}

function names<Name extends string>(
  given: unknown,
  what: string,
  known: readonly Name[],
  usual: readonly Name[],
): readonly Name[] {
  if (typeof given !== 'string') return usual;
  const list = given.split(',').map((name) => name.trim());
  const odd = list.find((name) => !known.includes(name as Name));
  if (odd !== undefined)
    throw new Wrong(`--${what}: there is no '${odd}'${didYouMean(odd, known) || ';'} known are ${known.join(', ')}.`);
  return list as Name[];
}

function whole(given: string, what: string, most: number): number {
  const value = Number(given);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Wrong(`--${what} must be a whole number from 1 to ${most}, not '${given}'.`);
}

function clientOptions(given: unknown): Record<string, unknown> {
  if (typeof given !== 'string') return {};
  let options: unknown;
  try {
    options = JSON.parse(given);
  } catch (error) {
    throw new Wrong(`--options is not JSON: ${(error as Error).message}`);
  }
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new Wrong('--options must be a JSON object.');
  for (const name of ['strategy', 'endpoints', 'clock', 'shareState'])
    if (Object.hasOwn(options, name)) throw new Wrong(`--options: the simulator sets ${name} itself.`);
  try {
    resolveSettings({ ...options, endpoints: [{ apiKey: 'key' }] }, {});
  } catch (error) {
    throw new Wrong(`--options: ${(error as Error).message}`);
  }
  return options as Record<string, unknown>;
}

function pricesIn(given: unknown): Prices | undefined {
  if (typeof given !== 'string') return undefined;
  let prices: unknown;
  try {
    prices = JSON.parse(given);
  } catch (error) {
    throw new Wrong(`--prices is not JSON: ${(error as Error).message}`);
  }
  if (typeof prices !== 'object' || prices === null || Array.isArray(prices))
    throw new Wrong('--prices must be a JSON object of models.');
  for (const [model, price] of Object.entries(prices as Record<string, { input?: unknown; output?: unknown } | null>))
    if (typeof price?.input !== 'number' || typeof price.output !== 'number')
      throw new Wrong(`--prices: ${model} needs input and output, each a number per million tokens.`);
  return prices as Prices;
}

/** Of what is about scenarios, nothing says anything about a trace, and the other way round. */
const [OF_SCENARIOS, OF_TRACES] = [
  ['scenario', 'clients', 'seeds', 'seconds', 'plain', 'out'],
  ['seed', 'prices'],
] as const;

function replayOf(values: Readonly<Record<string, unknown>>): Asked {
  const odd = OF_SCENARIOS.find((name) => values[name] !== undefined);
  if (odd) throw new Wrong(`--${odd} is about scenarios; with --trace leave it out.`);
  const known = contenderNames.filter((name) => name !== 'oracle');
  const contenders = names(values.strategy, 'strategy', known, usualNames);
  const options = { attemptTimeout: 'auto' as const, ...clientOptions(values.options) };
  return {
    is: 'replay',
    file: String(values.trace),
    contenders: contenders.map((name) => contender(name, options)),
    seed: whole(String(values.seed ?? 1), 'seed', 1_000_000),
    prices: pricesIn(values.prices),
  };
}

/** Reads what stands after the command. Never throws. */
export function readArguments(args: readonly string[]): Asked {
  const read = readOptions(args, TABLE);
  if (read.is === 'wrong') return read;
  const { values } = read;
  const { strategy, scenario, out } = values;
  if (values.help) return { is: 'help' };
  try {
    if (values.trace !== undefined) return replayOf(values);
    const alone = OF_TRACES.find((name) => values[name] !== undefined);
    if (alone) throw new Wrong(`--${alone} goes with --trace.`);
    // A whole answer takes longer than the time to its first token.
    const options = { ...(values.plain ? { attemptTimeout: 'auto' as const } : {}), ...clientOptions(values.options) };
    const clients = String(values.clients ?? '1,50').split(',');
    const contenders = names(strategy, 'strategy', contenderNames, ['oracle', ...usualNames]);
    if (typeof out === 'string' && !out.endsWith('.svg')) throw new Wrong(`--out must end in .svg, not '${out}'.`);
    return {
      is: 'compare',
      contenders: contenders.map((name) => contender(name, options)),
      scenarios: names(scenario, 'scenario', scenarioNames, scenarioNames),
      clients: clients.map((count) => whole(count, 'clients', 1_000)),
      seeds: whole(String(values.seeds ?? FULL.seeds), 'seeds', 1_000),
      ms: whole(String(values.seconds ?? FULL.ms / 1_000), 'seconds', 100_000) * 1_000,
      stream: !values.plain,
      out: typeof out === 'string' ? out : undefined,
    };
  } catch (error) {
    if (error instanceof Wrong) return { is: 'wrong', problem: error.message };
    throw error;
  }
}
