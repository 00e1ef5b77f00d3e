/** What one attempt holds of an endpoint's rate limits: taken before it is sent, corrected when its reply tells what it took. */
import type { Demand } from '../call/demand.ts';
import type { Allowed } from './allowance.ts';
import type { ModelQuota } from './quota.ts';
import type { RateWindow } from './rate-window.ts';

/** What an attempt holds. */
export interface Held {
  readonly quota: ModelQuota;
  readonly allowed: Allowed | undefined;
  /** Its number among the attempts on the quota. */
  readonly number: number;
  /** What the learned windows were left with, for comparing with its reply. */
  readonly requestsMark: number;
  readonly tokensMark: number;
  /** Tokens taken of the learned and of the configured window. */
  readonly learnedTokens: number;
  readonly allowedTokens: number;
  /** It was sent although the figures said that there was no room. */
  readonly beyond: boolean;
  /** Its reply told what is left: then there is nothing to correct in what was learned. */
  told: boolean;
}

/** Up to this share of a window, all that a call may bring back is kept free for it. */
const SMALL = 0.1;
/** What a bound on the answer is worth before anything is known, as a share of it. */
const GUESS = 0.5;

/**
 * The tokens that a call will take of a window, as far as can be told: what goes in, and of what may come back all if that is
 * little, else what usually does. Why not all: who allows 128,000 tokens to be safe gets a few hundred.
 */
export function estimate({ prompt, most }: Demand, limit: number, usual: number | undefined): number {
  if (most === undefined) return prompt + (usual ?? 0);
  return prompt + Math.min(most, Math.max(usual ?? most * GUESS, limit * SMALL));
}

/** The tokens to take of a window; what is more than the whole of it takes it all. */
export function tokensOf(
  window: Pick<RateWindow, 'limit'> | undefined,
  demand: Demand,
  usual: number | undefined,
): number {
  return window ? Math.min(estimate(demand, window.limit, usual), window.limit) : 0;
}

/** What a reply's usage says. */
export interface Used {
  readonly total: number;
  readonly output: number;
}

/** No call takes so many tokens; a server that counts wrongly must not empty a window for days. */
const MOST = 20_000_000;
const countOf = (value: unknown) => (typeof value === 'number' && value >= 0 && value <= MOST ? value : undefined);

/** Reads usage as chat, completions, embeddings and responses write it; `undefined` = it says nothing. */
export function usedOf(usage: unknown): Used | undefined {
  if (typeof usage !== 'object' || usage === null) return undefined;
  const fields = usage as Record<string, unknown>;
  const input = countOf(fields.prompt_tokens) ?? countOf(fields.input_tokens);
  const output = countOf(fields.completion_tokens) ?? countOf(fields.output_tokens);
  const total = countOf(fields.total_tokens) ?? (input === undefined ? undefined : input + (output ?? 0));
  return total === undefined ? undefined : { total, output: output ?? 0 };
}

/** What became of an attempt: never sent, or what it used, or that it was turned away for nothing. */
export interface Went {
  readonly sent: boolean;
  readonly used: Used | undefined;
  readonly billed: boolean;
}

/** Gives back what an attempt did not use. @returns true when others may have room by that. */
export function giveBack(held: Held, { sent, used, billed }: Went, now: number): boolean {
  const { quota, allowed, learnedTokens, allowedTokens, told } = held;
  quota.changes += 1;
  if (used) quota.answered(used.output);
  const total = used?.total ?? (billed ? undefined : 0);
  if (!sent) {
    allowed?.requests?.take(-1, now);
    quota.requests.give(1, now);
  }
  if (total === undefined) return false;
  allowed?.tokens?.take(total - allowedTokens, now);
  if (!told) quota.tokens.give(learnedTokens - total, now);
  return allowed !== undefined || quota.binds;
}
