// Whether a call that failed says anything of the gateway and its endpoints.
import { expect, it } from 'vitest';
import type { AttemptReport } from '../../../src/call/outcome.ts';
import { NoEndpointAvailableError } from '../../../src/errors.ts';
import { whoseFault } from '../../../src/gateway/usage/whose-fault.ts';

const nobody = new NoEndpointAvailableError('', { status: 429, retryAfterMs: 1, endpoints: [], cause: undefined }).code;

it.each<[string, number, string | undefined, AttemptReport['verdict'] | undefined, ReturnType<typeof whoseFault>]>([
  ['a success', 200, undefined, 'ok', 'nobodys'],
  ['a success after failures', 200, undefined, 'ok', 'nobodys'],
  ['a wrong key', 401, 'invalid_api_key', undefined, 'callers'],
  ['an unknown model', 404, 'model_not_found', undefined, 'callers'],
  ['an unknown model, said by an endpoint', 404, undefined, 'model-missing', 'callers'],
  ['a body that an endpoint does not take', 400, undefined, 'caller-error', 'callers'],
  ["a limit of the caller's key", 429, 'rate_limit_exceeded', undefined, 'callers'],
  ['a caller that left', 499, 'aborted', 'aborted', 'callers'],
  ['an endpoint that limits us', 429, undefined, 'rate-limited', 'ours'],
  ['endpoints that all limit us', 429, nobody, undefined, 'ours'],
  ['an endpoint that refuses our key', 401, undefined, 'credentials-refused', 'ours'],
  ['an endpoint that fails', 500, undefined, 'server-error', 'ours'],
  ['a stream that broke', 502, undefined, 'connection-lost', 'ours'],
  ['keys that cannot be looked up', 503, 'keys_unknown', undefined, 'ours'],
])('%s', (_, status, code, verdict, fault) => {
  const attempts = verdict === undefined ? [] : [{ verdict: 'server-error' as const }, { verdict }];
  expect(whoseFault({ status, code, attempts })).toBe(fault);
});
