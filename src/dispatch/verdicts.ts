/** The verdict table: each word with what it means for the endpoint and for the next step. Data only. */
import type { Verdict, VerdictName } from '../call/outcome.ts';

const row = (
  next: Verdict['next'],
  health: Verdict['health'],
  rest: Partial<Pick<Verdict, 'scope' | 'again' | 'maybeExecuted'>> = {},
): Omit<Verdict, 'name'> => ({ next, health, scope: 'model', again: true, maybeExecuted: false, ...rest });

const TABLE: Readonly<Record<VerdictName, Omit<Verdict, 'name'>>> = {
  ok: row('return', 'success'),
  'caller-error': row('throw', 'neutral'),
  'not-found': row('throw', 'neutral'),
  conflict: row('same', 'neutral'),
  aborted: row('throw', 'neutral', { maybeExecuted: true }),
  abandoned: row('another', 'neutral', { maybeExecuted: true }),
  'rate-limited': row('another', 'neutral'),
  'out-of-credit': row('another', 'neutral', { scope: 'endpoint' }),
  'credentials-refused': row('another', 'neutral', { scope: 'endpoint' }),
  forbidden: row('another', 'neutral'),
  'model-missing': row('another', 'neutral'),
  'operation-missing': row('another', 'neutral'),
  'not-supported': row('another', 'neutral', { again: false }),
  // A redirect may be the answer to work that was done: 303 says so.
  redirected: row('another', 'failure', { scope: 'endpoint', again: false, maybeExecuted: true }),
  'server-error': row('another', 'failure', { maybeExecuted: true }),
  // 503 and 529 say that the request was turned away.
  overloaded: row('another', 'failure'),
  'timed-out': row('another', 'failure', { maybeExecuted: true }),
  'connect-failed': row('another', 'failure', { scope: 'endpoint' }),
  'connection-lost': row('another', 'failure', { scope: 'endpoint', maybeExecuted: true }),
  'bad-reply': row('another', 'failure', { maybeExecuted: true }),
  'local-error': row('another', 'neutral'),
};

/** The row of the table for a word, with what this case adds. */
export function verdict(name: VerdictName, changes: Partial<Verdict> = {}): Verdict {
  return { name, ...TABLE[name], ...changes };
}

/** Every word of the table. */
export const verdictNames: ReadonlySet<string> = new Set(Object.keys(TABLE));
