/** Remembers which call a promise, a result, a stream, a response or an error came from, for `attemptsOf` and `explain`. */
import { isPromise } from 'node:util/types';
import type { Decision } from '../call/decision.ts';
import { describeAttempts } from '../call/describe.ts';
import type { AttemptReport } from '../call/outcome.ts';

/** What is told of a call that others were made for before. */
export function joined(before: Told | undefined, after: Told): Told {
  if (!before) return after;
  return {
    reports: [...before.reports, ...after.reports],
    decisions: [...(before.decisions ?? []), ...(after.decisions ?? [])],
  };
}

/** A decision that was taken down. */
export interface Noted {
  /** The attempt it led to. */
  readonly report: AttemptReport | undefined;
  tell(): Decision;
}

/** What is kept of a story for the things it gave out: nothing of the request or the reply. */
export interface Told {
  readonly reports: readonly AttemptReport[];
  readonly decisions?: readonly Noted[] | undefined;
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

/** What is told of the call behind a thing. */
export function toldOf(thing: unknown): Told | undefined {
  if ((typeof thing !== 'object' && typeof thing !== 'function') || thing === null) return undefined;
  return storyOf(thing);
}

/** An attempt with the decision that led to it. */
export interface Attempt extends AttemptReport {
  /** Why it went there. Missing where a call made more than 16 decisions. */
  decision?: Decision;
}

function withDecision(report: AttemptReport, decisions: readonly Noted[]): Attempt {
  const decision = decisions.find((each) => each.report === report);
  return decision ? { ...report, decision: decision.tell() } : { ...report };
}

/**
 * The attempts behind something a call gave you, in order; the last one is the one that counted. Each with the decision that led
 * to it.
 * @param thing the promise, a parsed result, a `Stream`, a `Response` or an error.
 * @returns `[]` for anything else, for primitives, and for calls of a client without a pool.
 */
export function attemptsOf(thing: unknown): Attempt[] {
  const { reports = [], decisions = [] } = toldOf(thing) ?? {};
  return reports.map((report) => withDecision(report, decisions));
}

/** The same without the decisions. */
export function reportsOf(thing: unknown): AttemptReport[] {
  return (toldOf(thing)?.reports ?? []).map((report) => ({ ...report }));
}

/**
 * Why the call behind something went where it went: every pick with who stood to choose, by which figures, and who did not and
 * why; every wait; and why it ended where nothing more could be tried. In order, at most 16 of them. No key, no prompt.
 * @param thing as for `attemptsOf`.
 * @returns `[]` for anything else, and for calls of a client without a pool.
 */
export function decisionsOf(thing: unknown): Decision[] {
  return (toldOf(thing)?.decisions ?? []).map((decision) => decision.tell());
}

/** The attempts in one line: `azure-eu 429 (retry in 8 s) → openai 200 in 612 ms`. @param thing as for `attemptsOf`. */
export function explain(thing: unknown): string {
  return describeAttempts(reportsOf(thing));
}
