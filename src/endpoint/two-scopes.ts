/** What an outcome tells the two breakers of an attempt: the endpoint's own, and that of the model there. Pure. */
import type { Verdict, VerdictName } from '../call/outcome.ts';

/** Whoever answers can be reached, even when the answer is an error; silence proves neither. */
const REACHED: ReadonlySet<VerdictName> = new Set(['server-error', 'overloaded', 'bad-reply']);

/** The health for the endpoint's own breaker and for the model's. */
export function healthOfBoth({ name, health, scope }: Verdict): [own: Verdict['health'], model: Verdict['health']] {
  if (health !== 'failure') return [health, health];
  if (scope === 'endpoint') return ['failure', 'neutral'];
  return [REACHED.has(name) ? 'success' : 'neutral', 'failure'];
}
