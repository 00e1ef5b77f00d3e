/** Says in one line what happened to a call. Pure; used by `explain` and by log lines. */
import type { AttemptReport } from './outcome.ts';

/** A duration for people: `612 ms`, `8 s`, `3 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${Math.round(ms / 1_000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

/** Text without letters that could forge a line of a log, colour it, or turn it round. */
export function plain(text: string): string {
  const code = (letter: string) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, code);
}

const LONGEST = 100;

/** A name from outside as messages show it: in quotes, plain and short. */
export function quoted(name: string): string {
  return `'${plain(name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name)}'`;
}

/** Verdicts whose cooldown the server asked for; the others are our own precaution. */
const PAUSES: ReadonlySet<string> = new Set(['rate-limited', 'server-error', 'overloaded', 'timed-out']);

/** `azure-eu 429 (retry in 8 s) → openai 200 in 612 ms`; an empty string when nothing was attempted. */
export function describeAttempts(attempts: readonly AttemptReport[]): string {
  return attempts
    .map((attempt) => {
      const what = attempt.status ?? attempt.verdict.replaceAll('-', ' ');
      const until = PAUSES.has(attempt.verdict) ? 'retry in' : 'left out for';
      const hint = attempt.retryAfterMs === undefined ? '' : ` (${until} ${duration(attempt.retryAfterMs)})`;
      const word =
        attempt.verdict === 'ok' || attempt.status === undefined ? '' : ` ${attempt.verdict.replaceAll('-', ' ')}`;
      const time = attempt.verdict === 'pending' ? '' : ` in ${duration(attempt.ms)}`;
      const beside = attempt.beside === undefined ? '' : ` (${attempt.beside})`;
      const other = attempt.fallback === undefined ? '' : ` (${quoted(attempt.fallback)} instead)`;
      return `${attempt.endpoint}${other} ${what}${hint || `${word}${time}`}${beside}`;
    })
    .join(' → ');
}
