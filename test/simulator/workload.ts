// What is asked of the pool: calls that arrive at random, each with the length of its answer. The same for every strategy.

import { exponential, lognormal, seeded, seedOf } from './chance.ts';
import type { TracedCall } from './trace.ts';

/** One call of the application. */
export interface Work {
  /** When it is made, in ms. */
  readonly at: number;
  /** Which client makes it. */
  readonly client: number;
  /** How long its prompt and its answer are, in tokens; no endpoint changes that. */
  readonly prompt: number;
  readonly tokens: number;
  /** The bound that the caller set for the answer. */
  readonly most: number;
  readonly seed: number;
  /** Where the call was recorded: what it asked for. */
  readonly traced?: TracedCall;
}

/** Median and spread of the time to the first token, in ms, on an endpoint that works. */
export const FIRST_TOKEN = { median: 400, sigma: 0.5 } as const;
/** Length of answers, in tokens. */
const TOKENS = { median: 200, sigma: 0.9, most: 4_096 } as const;
/** Length of prompts, in tokens: each of them another one. */
const PROMPTS = { median: 100, sigma: 0.5, most: 1_000 } as const;
/** Time per token, in ms. */
const PER_TOKEN = { median: 20, sigma: 0.2 } as const;

function lengthOf(
  random: () => number,
  { median, sigma, most }: { median: number; sigma: number; most: number },
): number {
  return Math.max(1, Math.min(most, Math.round(lognormal(random, median, sigma))));
}

/** How long an attempt takes: until its first token, and from there to its end, in ms. Other luck each time it is sent. */
export function durationsOf(work: Work, attempt: number): { first: number; rest: number } {
  const random = seeded(seedOf(work.seed, attempt));
  const first = lognormal(random, FIRST_TOKEN.median, FIRST_TOKEN.sigma);
  return { first, rest: work.tokens * lognormal(random, PER_TOKEN.median, PER_TOKEN.sigma) };
}

/** What a call takes on average, measured once, from many draws: its slot, in ms, and its tokens, prompt and answer. */
export const MEAN: { readonly hold: number; readonly tokens: number } = (() => {
  const random = seeded(1);
  const draws = 200_000;
  let [hold, tokens] = [0, 0];
  for (let draw = 0; draw < draws; draw++) {
    const answer = lengthOf(random, TOKENS);
    tokens += answer + lengthOf(random, PROMPTS);
    hold += lognormal(random, FIRST_TOKEN.median, FIRST_TOKEN.sigma);
    hold += answer * lognormal(random, PER_TOKEN.median, PER_TOKEN.sigma);
  }
  return { hold: hold / draws, tokens: tokens / draws };
})();

/** The calls of `ms` of virtual time. @param perSecond how many arrive, over all clients */
export function workload(seed: number, ms: number, perSecond: number, clients: number): Work[] {
  const random = seeded(seedOf(seed, 7));
  const calls: Work[] = [];
  for (let at = exponential(random, 1_000 / perSecond); at < ms; at += exponential(random, 1_000 / perSecond)) {
    const client = Math.floor(random() * clients);
    const [prompt, tokens] = [lengthOf(random, PROMPTS), lengthOf(random, TOKENS)];
    // Callers have an idea of how long an answer will be.
    const most = Math.min(TOKENS.most, Math.ceil(tokens * (1 + random())));
    calls.push({ at, client, prompt, tokens, most, seed: seedOf(seed, calls.length) });
  }
  return calls;
}
