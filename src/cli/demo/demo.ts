/**
 * `demo`: 300 calls with faults, the plain SDK and this library side by side; with `--real`, five calls to real endpoints.
 * Reads the options, chooses the view, prints the summary, and answers with the exit code.
 */
import { type OptionTable, optionHelp, readOptions } from '../read-options.ts';
import { lineView } from './line-view.ts';
import { liveView } from './live-view.ts';
import { paint } from './paint.ts';
import { type RaceOptions, race } from './race.ts';
import { realCalls } from './real-calls.ts';
import { summary } from './summary.ts';

const OPTIONS = {
  real: { type: 'boolean', does: 'five small calls to the endpoints of your environment' },
  model: { type: 'string', does: 'with --real: the model to ask (default gpt-4o-mini)' },
  help: { type: 'boolean', short: 'h', does: 'this text' },
} as const satisfies OptionTable;

const HELP = [
  'Usage: load-balanced-openai demo [options]',
  '',
  'Makes the same 300 calls twice, side by side: with the plain SDK on one',
  'endpoint and with LoadBalancedOpenAI on three, while one endpoint answers 500,',
  'one rate-limits and one drops connections. Servers and faults run on this',
  'machine; no key is needed. On a terminal, k kills one endpoint and q quits. The',
  'exit code is 1 if LoadBalancedOpenAI lost a call.',
  '',
  ...optionHelp(OPTIONS),
].join('\n');

/** Wide enough for every line of the summary. */
const LINE_WIDTH = 200;

/** Where the demo writes and reads. */
export interface Console {
  readonly stdout: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
}

/** Runs the race and prints it. @returns 1 if the pool lost a call, 130 if interrupted, otherwise 0 */
export async function runRace(
  options: Omit<RaceOptions, 'view'> = {},
  { stdout, stdin }: Console = process,
): Promise<number> {
  const print = (line: string) => void stdout.write(`${line}\n`);
  const live = stdout.isTTY && process.env.TERM !== 'dumb';
  const result = await race({ ...options, view: live ? liveView(stdout, stdin) : lineView(print) });
  if (result.stopped) print('\n  Stopped before the end.');
  for (const line of summary(result.race)) print(paint(line, LINE_WIDTH, stdout));
  if (result.race.pooled.tally.lost > 0) return 1;
  return result.stopped === 'interrupted' ? 130 : 0;
}

/** The command. @returns the exit code */
export async function demo(args: readonly string[]): Promise<number> {
  const options = readOptions(args, OPTIONS);
  if (options.is === 'wrong') {
    console.error(`${options.problem}\n\n${HELP}`);
    return 2;
  }
  const { help, real, model } = options.values;
  if (help) {
    console.log(HELP);
    return 0;
  }
  if (real) return realCalls({ env: process.env, model: typeof model === 'string' ? model : undefined });
  if (model !== undefined) {
    console.error('--model goes with --real: the servers of the demo take any model.');
    return 2;
  }
  return runRace();
}
