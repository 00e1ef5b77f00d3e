/** The options of `fastFetch`, and what is wrong with given ones. */
import { didYouMean, shownName } from '../config/suggest.ts';
import { ConfigurationError } from '../errors.ts';

/** How the fast transport keeps its connections. Times in ms. */
export interface FastFetchOptions {
  /** Connections to one origin; calls beyond wait for a free one. @default 256, many times what a model's rate limit lets through */
  connections?: number;
  /** How long a connection may take to be made. @default 3,000: a server that takes longer is out of reach */
  connectTimeout?: number;
  /** How long a server may take to begin its answer; 0 = no limit. @default 1,800,000: slow models think for many minutes */
  headersTimeout?: number;
  /** How long the body of an answer may pause; 0 = no limit. @default 900,000 */
  bodyTimeout?: number;
  /** Does what the fast way does not carry. @default the global `fetch` at the time of the call */
  fetch?: typeof globalThis.fetch;
}

const DEFAULTS = { connections: 256, connectTimeout: 3_000, headersTimeout: 1_800_000, bodyTimeout: 900_000 } as const;
type Numbers = Record<keyof typeof DEFAULTS, number>;

/** All numbers among the options. */
export type ConnectionSettings = Readonly<Numbers>;

const LEAST: Numbers = { connections: 1, connectTimeout: 1, headersTimeout: 0, bodyTimeout: 0 };
/** Beyond it a timer fires at once. */
const MOST = 2_147_483_647;

/** The options with their defaults. @throws ConfigurationError that names every wrong one. */
export function checkOptions(options: FastFetchOptions): ConnectionSettings {
  const known = [...Object.keys(DEFAULTS), 'fetch'];
  const issues = Object.entries(options).flatMap(([name, value]: [string, unknown]) => {
    const path = shownName(name);
    if (!known.includes(name))
      return { path, message: `unknown option${didYouMean(name, known) || `; known are ${known.join(', ')}`}` };
    if (value === undefined || path === 'fetch') {
      const fits = value === undefined || typeof value === 'function';
      return fits ? [] : { path, message: 'must be a function' };
    }
    const least = LEAST[path as keyof Numbers];
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= least && value <= MOST;
    return fits ? [] : { path, message: `must be a whole number from ${least} to ${MOST}` };
  });
  if (issues.length > 0) {
    const text = issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new ConfigurationError('invalid_value', `fastFetch(): ${text}.`, issues);
  }
  const given = Object.entries(options).filter(([name, value]) => name !== 'fetch' && value !== undefined);
  return { ...DEFAULTS, ...(Object.fromEntries(given) as Partial<Numbers>) };
}
