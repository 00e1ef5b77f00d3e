// `npm run simulate -- --trace file`: reads the file, replays it under each strategy and prints what would have been different.
import { readFileSync } from 'node:fs';
import type { Contender } from './contenders.ts';
import { replay } from './replay.ts';
import { differences, figuresOf, type Prices } from './replay-figures.ts';
import { ReplayModel } from './replay-model.ts';
import { readTrace, TraceError } from './trace.ts';

/** What is replayed. */
export interface TraceRun {
  readonly file: string;
  readonly contenders: readonly Contender[];
  readonly seed: number;
  readonly prices: Prices | undefined;
}

const MOST_NOTES = 5;

/** Replays a file. @returns what to print. @throws TraceError that names what is wrong with the file, and where. */
export async function replayTrace({ file, contenders, seed, prices }: TraceRun): Promise<string[]> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new TraceError(`${file} cannot be read: ${(error as Error).message}`);
  }
  const trace = readTrace(text, file);
  const { calls, endpoints, notes } = trace;
  const others = [];
  for (const { name, options } of contenders) {
    const { strategy, ...rest } = options;
    if (strategy === 'oracle') continue;
    others.push({ name, figures: figuresOf((await replay(trace, { ...rest, strategy }, seed)).trace, prices) });
  }
  const { unserved } = new ReplayModel(trace, seed);
  const minutes = (((calls.at(-1)?.at ?? 0) + (calls.at(-1)?.ms ?? 0)) / 60_000).toFixed(1);
  return [
    ...notes.slice(0, MOST_NOTES),
    ...(notes.length > MOST_NOTES ? [`… and ${notes.length - MOST_NOTES} more lines.`] : []),
    `${calls.length} calls of ${minutes} min on ${endpoints.map(({ name }) => name).join(', ')}; seed ${seed}`,
    ...(unserved.length > 0 ? [`${unserved.join(', ')} served nothing in the trace: modelled like the others.`] : []),
    '',
    ...differences(figuresOf(trace, prices), others),
  ];
}
