/** What a bench is asked to do: its options, read and held to their limits. */
import type { OptionTable } from '../read-options.ts';
import { baseOf } from './target.ts';

/** The options. */
export const OPTIONS = {
  url: { type: 'string', does: 'the base URL to call, such as http://127.0.0.1:8000/v1' },
  key: { type: 'string', does: 'the key to send (default: OPENAI_API_KEY)' },
  model: { type: 'string', does: 'the model to ask (default: the first that this machine lists)' },
  concurrency: { type: 'string', value: 'N', does: 'how many calls are under way at a time (default 16)' },
  calls: { type: 'string', value: 'N', does: 'how many calls (default 200; 20 to other machines)' },
  duration: { type: 'string', value: 'SECONDS', does: 'how long, in place of a number of calls or beside it' },
  'max-tokens': { type: 'string', value: 'N', does: 'the longest answer to ask for (default 16; 0: do not say)' },
  stream: { type: 'boolean', does: 'streams, with the time to the first token' },
  json: { type: 'boolean', does: 'the figures as JSON, times in ms' },
  help: { type: 'boolean', short: 'h', does: 'this text' },
} as const satisfies OptionTable;

/** What is asked. */
export interface Asked {
  /** Absent: a gateway of its own. */
  readonly url: string | undefined;
  readonly key: string | undefined;
  readonly model: string | undefined;
  readonly concurrency: number;
  readonly calls: number | undefined;
  /** Seconds. */
  readonly duration: number | undefined;
  readonly maxTokens: number;
  readonly stream: boolean;
  readonly json: boolean;
}

type Values = Readonly<Record<string, string | boolean | undefined>>;

/** The least and the most of what is a number. */
const NUMBERS = {
  concurrency: [1, 1_000],
  calls: [1, 1_000_000],
  duration: [1, 3_600],
  'max-tokens': [0, 100_000],
} as const;

/** What is asked, or what is wrong with it. */
export function readAsked(values: Values, env: Readonly<Record<string, string | undefined>>): Asked | string {
  for (const [name, [least, most]] of Object.entries(NUMBERS)) {
    const value = values[name];
    if (value === undefined) continue;
    const number = Number(value);
    if (!/^\d+$/.test(String(value)) || number < least || number > most)
      return `--${name} is a whole number from ${least} to ${most.toLocaleString('en')}.`;
  }
  const text = (name: string) => (typeof values[name] === 'string' ? (values[name] as string) : undefined);
  const number = (name: string) => (values[name] === undefined ? undefined : Number(values[name]));
  const url = text('url');
  const base = url === undefined ? undefined : baseOf(url);
  if (url !== undefined && base === undefined)
    return '--url is an http or https address without a name or password in it, such as http://127.0.0.1:8000/v1.';
  if (url === undefined && (values.key !== undefined || values.model !== undefined))
    return '--key and --model go with --url: without it the bench brings a gateway of its own.';
  const key = text('key') ?? env.OPENAI_API_KEY?.trim();
  if (key !== undefined && !/^[\x21-\x7e]*$/.test(key)) return 'The key holds what no header can carry.';
  return {
    url: base,
    // What goes to a gateway of its own is no secret of somebody's.
    key: base === undefined || key === '' ? undefined : key,
    model: text('model'),
    concurrency: number('concurrency') ?? 16,
    calls: number('calls'),
    duration: number('duration'),
    maxTokens: number('max-tokens') ?? 16,
    stream: values.stream === true,
    json: values.json === true,
  };
}
