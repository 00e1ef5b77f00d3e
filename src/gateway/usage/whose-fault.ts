/** Whose fault it is that a call failed: who judges a gateway asks what it and its endpoints did, and not how its callers spell. */
import type { AttemptReport } from '../../call/outcome.ts';

/** Whose fault a call's end is. */
export type Fault = 'nobodys' | 'callers' | 'ours';

/** How a call ended. */
export interface CallEnding {
  readonly status: number;
  readonly code: string | undefined;
  readonly attempts: readonly Pick<AttemptReport, 'verdict'>[];
}

/** What an endpoint says of calls that would fail anywhere. */
const CALLERS: ReadonlySet<string> = new Set<AttemptReport['verdict']>([
  'caller-error',
  'not-found',
  'conflict',
  'model-missing',
  'operation-missing',
  'not-supported',
]);

const LEFT = 499;
/** A key that holds no longer ended it, wherever the call was by then. */
const ENDED_KEYS = new Set(['revoked_api_key', 'expired_api_key']);
/** The code of `NoEndpointAvailableError`: its 429 is the endpoints', and not that of a key's limit. */
const NOBODY = 'no_endpoint_available';

/**
 * Whose. `callers`: a wrong key, an unknown model, a body that no endpoint takes, a limit of its key, a call that was left.
 * `ours`: everything else that is no success, such as 5xx, a stream that broke, an endpoint's 429 or a key that it refuses.
 */
export function whoseFault({ status, code, attempts }: CallEnding): Fault {
  if (status < 400) return 'nobodys';
  if (status === LEFT || ENDED_KEYS.has(code ?? '')) return 'callers';
  if (status >= 500 || code === NOBODY) return 'ours';
  const last = attempts.at(-1);
  return last === undefined || CALLERS.has(last.verdict) ? 'callers' : 'ours';
}
