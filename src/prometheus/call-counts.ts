/** What a client's calls add up to, from the event that tells of their end. */
import { type BalancerEvents, type Tokens, tokensOf } from '../index.ts';
import { durations } from './counted.ts';
import type { Family, Filled } from './family.ts';
import { Names } from './names.ts';
import { Histogram, Tally } from './tally.ts';

type CallEnd = BalancerEvents['call-end'];

/** Upper bounds in s for the first content of a stream. */
export const firstTokens: readonly number[] = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 60];

/** Operations told apart; raw calls may name any path. */
const MOST_OPERATIONS = 50;

/** Metrics of calls that a gateway shows too, of its own. */
export const callFamilies = {
  calls: { name: 'calls_total', kind: 'counter', help: 'Calls that are over.' },
  duration: {
    name: 'call_duration_seconds',
    kind: 'histogram',
    help: 'Time of calls from their start to the end of their reply.',
    unit: 'seconds',
  },
  firstToken: {
    name: 'time_to_first_token_seconds',
    kind: 'histogram',
    help: 'Time of streams from the start of the call to their first content.',
    unit: 'seconds',
  },
  tokens: {
    name: 'tokens_total',
    kind: 'counter',
    help: 'Tokens of calls that are over, as endpoints report them.',
  },
  cached: {
    name: 'cached_tokens_total',
    kind: 'counter',
    help: 'Those of the input tokens that were read from a cache.',
  },
} as const satisfies Record<string, Family>;

/** How a call ended: `ok`, or the verdict of the attempt that counted; `no-endpoint` = there was none. */
function outcomeOf({ ok, attempts, error }: CallEnd): string {
  // Also while it waited, whatever went before.
  if (error === 'APIUserAbortError') return 'aborted';
  const last = attempts.at(-1);
  if (last === undefined) return ok ? 'ok' : 'no-endpoint';
  if (last.verdict === 'pending') return ok ? 'ok' : 'aborted';
  return !ok && last.verdict === 'ok' ? 'aborted' : last.verdict;
}

/** Tokens by model. */
export class TokenCounts {
  readonly #tokens = new Tally(['model', 'kind']);
  readonly #cached = new Tally(['model']);

  /** Counts what a call used. */
  add(model: string, { input, output, cached }: Tokens): void {
    this.#tokens.add(`${model}\ninput`, input);
    this.#tokens.add(`${model}\noutput`, output);
    this.#cached.add(model, cached);
  }

  /** Both metrics. */
  get page(): Filled[] {
    return [
      { family: callFamilies.tokens, rows: this.#tokens.rows },
      { family: callFamilies.cached, rows: this.#cached.rows },
    ];
  }

  /** Begins again. */
  clear(): void {
    this.#tokens.clear();
    this.#cached.clear();
  }
}

/** The calls of one client. */
export class CallCounts {
  readonly #calls = new Tally(['operation', 'model', 'outcome']);
  readonly #duration = new Histogram(durations, ['operation']);
  readonly #firstToken = new Histogram(firstTokens, ['model']);
  readonly #tokens = new TokenCounts();
  readonly #operations = new Names(MOST_OPERATIONS);
  readonly #models: Names;

  /** @param models how many of them are told apart, or which. */
  constructor(models: number | readonly string[]) {
    this.#models = new Names(models);
  }

  /** A name gets a label of its own by a call that went well: made-up ones do not. */
  #labelOf(model: string | undefined, outcome: string): string {
    if (model === undefined) return 'none';
    return outcome === 'ok' ? this.#models.of(model) : this.#models.known(model);
  }

  /** A call is over. */
  ended(call: CallEnd): void {
    const outcome = outcomeOf(call);
    const model = this.#labelOf(call.model, outcome);
    const operation = this.#operations.of(call.operation);
    this.#calls.add(`${operation}\n${model}\n${outcome}`);
    this.#duration.add(call.ms / 1_000, operation);
    if (call.firstMs !== undefined) this.#firstToken.add(call.firstMs / 1_000, model);
    const tokens = tokensOf(call.attempts);
    if (tokens) this.#tokens.add(model, tokens);
  }

  /** All of them. */
  get page(): Filled[] {
    return [
      { family: callFamilies.calls, rows: this.#calls.rows },
      { family: callFamilies.duration, rows: this.#duration.rows },
      { family: callFamilies.firstToken, rows: this.#firstToken.rows },
      ...this.#tokens.page,
    ];
  }

  /** Begins again. */
  clear(): void {
    for (const each of [this.#calls, this.#duration, this.#firstToken, this.#tokens]) each.clear();
  }
}
