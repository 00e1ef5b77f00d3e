// Reads the arguments of `npm run bench`; what is wrong is named.
import { type OptionTable, optionHelp, readOptions } from '../../src/cli/read-options.ts';
import { didYouMean } from '../../src/config/suggest.ts';
import { type PartName, partNames, parts } from './parts.ts';

/** What was asked for. */
export type Asked =
  | { readonly is: 'wrong'; readonly problem: string }
  | { readonly is: 'help' }
  | {
      readonly is: 'bench';
      readonly parts: readonly PartName[];
      readonly rounds: number | undefined;
      readonly quick: boolean;
      readonly peers: boolean;
      readonly build: boolean;
      readonly check: boolean;
      readonly write: boolean;
    };

const isLong = (name: PartName) => 'long' in parts[name];

const TABLE = {
  quick: {
    type: 'boolean',
    does: `a minute for all but ${partNames.filter(isLong).join(' and ')}, without the packages of npm`,
  },
  rounds: { type: 'string', does: 'how often all take turns (default: what a part needs)' },
  'no-peers': { type: 'boolean', does: 'leaves out the packages of npm beside this one' },
  'no-build': { type: 'boolean', does: 'takes dist as it is' },
  check: { type: 'boolean', does: 'exits with 1 when a figure is far beyond its goal' },
  write: { type: 'boolean', does: "writes the README's figures and plot; all parts run, or gateway alone" },
  help: { type: 'boolean', short: 'h', does: 'this text' },
} as const satisfies OptionTable;

/** The help. */
export const HELP: string = [
  'Usage: npm run bench [-- parts] [-- options]',
  '',
  'Measures the built package against the plain SDK and against packages of npm. Clients',
  'and endpoints run in processes of their own, on this machine only, warm, in turns',
  'A B C, C B A. CPU is that of the client process; ratios are to the plain SDK of the',
  'same round, as least / median / most; the control is a second plain SDK.',
  '',
  ...optionHelp(TABLE),
  '',
  'parts (default: all):',
  ...partNames.map((name) => `  ${name.padEnd(12)}${parts[name].does}`),
].join('\n');

const wrong = (problem: string): Asked => ({ is: 'wrong', problem });

/** Reads what stands after the command. Never throws. */
export function readArguments(args: readonly string[]): Asked {
  // A number after --rounds is its value, no part.
  const isPart = (arg: string, index: number) => !arg.startsWith('-') && args[index - 1] !== '--rounds';
  const asked = args.filter(isPart);
  const read = readOptions(
    args.filter((arg, index) => !isPart(arg, index)),
    TABLE,
  );
  if (read.is === 'wrong') return read;
  const { values } = read;
  if (values.help) return { is: 'help' };
  const odd = asked.find((name) => !partNames.includes(name as PartName));
  if (odd !== undefined)
    return wrong(`There is no part '${odd}'${didYouMean(odd, partNames) || ';'} known are ${partNames.join(', ')}.`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds >= 1 && rounds <= 1_000))
    return wrong(`--rounds must be a whole number from 1 to 1000, not '${values.rounds}'.`);
  const write = values.write === true;
  // The gateway's table stands for itself.
  const whole = asked.length === 0 || (asked.length === 1 && asked[0] === 'gateway');
  if (write && (!whole || values.quick || values['no-peers']))
    return wrong("--write writes the README's figures, which need all parts, or gateway alone, in full.");
  const quick = values.quick === true;
  return {
    is: 'bench',
    parts: partNames.filter((name) => (asked.length > 0 ? asked.includes(name) : !quick || !isLong(name))),
    rounds,
    quick,
    peers: !quick && !values['no-peers'],
    build: !values['no-build'],
    check: values.check === true,
    write,
  };
}
