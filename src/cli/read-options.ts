/**
 * Reads the options of a command. Stands between `main.ts`, which picks the command, and the command itself.
 * Why not the strict mode of `parseArgs` alone: it does not say which option was meant.
 */
import { parseArgs } from 'node:util';
import { didYouMean, shownName } from '../config/suggest.ts';

/** What a command takes, in the form of `node:util` `parseArgs`, each option with a line of help. */
export type OptionTable = Readonly<
  Record<
    string,
    {
      readonly type: 'boolean' | 'string';
      readonly short?: string;
      /** What stands for the value in the help, such as `FILE`. @default the option's name */
      readonly value?: string;
      readonly does: string;
    }
  >
>;

/** The values given, or what is wrong with them. */
export type OptionsRead =
  | { readonly is: 'read'; readonly values: Readonly<Record<string, string | boolean | undefined>> }
  | { readonly is: 'wrong'; readonly problem: string };

/** Reads the arguments after the command's name. Never throws. */
export function readOptions(args: readonly string[], table: OptionTable): OptionsRead {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { type, short }]) => [name, short === undefined ? { type } : { type, short }]),
  );
  const { values, tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const names = Object.keys(table).map((name) => `--${name}`);
  const wrong = (problem: string): OptionsRead => ({ is: 'wrong', problem });
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      return wrong(`Only options may follow, not '${shownName(token.value)}'${didYouMean(token.value, names)}`);
    }
    const known = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    if (!known) {
      const shown = `${token.rawName.startsWith('--') ? '--' : '-'}${shownName(token.name)}`;
      return wrong(`Unknown option ${shown}${didYouMean(token.name, names)}`);
    }
    if (known.type === 'boolean' && token.value !== undefined) return wrong(`${token.rawName} takes no value.`);
    if (known.type === 'string' && (token.value === undefined || token.value === ''))
      return wrong(`${token.rawName} needs a value.`);
  }
  return { is: 'read', values: values as Record<string, string | boolean | undefined> };
}

/** The table as lines of help. */
export function optionHelp(table: OptionTable): string[] {
  const lines = Object.entries(table).map(([name, { type, short, value = name.toUpperCase(), does }]) => {
    const written = `${short === undefined ? '    ' : `-${short}, `}--${name}${type === 'string' ? ` ${value}` : ''}`;
    return { written, does };
  });
  const width = Math.max(18, ...lines.map(({ written }) => written.length));
  return lines.map(({ written, does }) => `  ${written.padEnd(width)}  ${does}`);
}
