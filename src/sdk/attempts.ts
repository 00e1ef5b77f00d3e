/** Remembers which call a promise, a result, a stream, a response or an error came from, for `attemptsOf` and `explain`. */
import { isPromise } from 'node:util/types';
import type { Decision } from '../call/decision.ts';
import { describeAttempts } from '../call/describe.ts';
import type { AttemptReport } from '../call/outcome.ts';

/** What is kept of a story for the things it gave out: nothing of the request or the reply. */
export interface Told {
  readonly reports: readonly AttemptReport[];
  /** Where the caller wanted to know. */
  readonly decisions?: readonly Decision[] | undefined;
}

// One map for the ESM and the CJS copy of the package: a result of one may be shown to the other.
const KEY = Symbol.for('load-balanced-openai.attempts.1');
const holder = globalThis as { [KEY]?: WeakMap<object, Told> };
holder[KEY] ??= new WeakMap();
const stories = holder[KEY];

/** The method under which a promise of either copy says what is told of its call. Why: each call makes one or more of them. */
export const TOLD: unique symbol = Symbol.for('load-balanced-openai.told.1') as never;

/** Links something a caller gets to the story it came from. */
export function remember(thing: unknown, story: Told): void {
  if ((typeof thing === 'object' && thing !== null) || typeof thing === 'function') stories.set(thing, story);
}

function storyOf(thing: object): Told | undefined {
  return stories.get(thing) ?? (isPromise(thing) ? (thing as { [TOLD]?: () => Told })[TOLD]?.() : undefined);
}

/**
 * The attempts behind something a call gave you, in order; the last one is the one that counted.
 * @param thing the promise, a parsed result, a `Stream`, a `Response` or an error.
 * @returns `[]` for anything else, for primitives, and for calls of a client without a pool.
 */
export function attemptsOf(thing: unknown): AttemptReport[] {
  if ((typeof thing !== 'object' && typeof thing !== 'function') || thing === null) return [];
  return (storyOf(thing)?.reports ?? []).map((report) => ({ ...report }));
}

/**
 * Why the call behind something went where it went, in order.
 * @param thing as for `attemptsOf`.
 * @returns `[]` for anything else, and for calls whose caller did not ask for it beforehand.
 */
export function decisionsOf(thing: unknown): Decision[] {
  if ((typeof thing !== 'object' && typeof thing !== 'function') || thing === null) return [];
  return (storyOf(thing)?.decisions ?? []).map((decision) => ({
    ...decision,
    eligible: [...decision.eligible],
    excluded: decision.excluded.map((each) => ({ ...each })),
  }));
}

/** The attempts in one line: `azure-eu 429 (retry in 8 s) → openai 200 in 612 ms`. @param thing as for `attemptsOf`. */
export function explain(thing: unknown): string {
  return describeAttempts(attemptsOf(thing));
}
