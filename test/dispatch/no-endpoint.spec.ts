// The error of a call that found nobody: who, why, when to come back, what to do.
import { OpenAIError } from 'openai';
import { describe, expect, it } from 'vitest';
import { noEndpointAvailable } from '../../src/dispatch/no-endpoint.ts';
import type { Refusal } from '../../src/pool/eligibility.ts';
import { manualClock } from '../../src/testing/index.ts';
import { aCall, anEndpoint } from '../support/parts.ts';

const NOW = 10_000;
const clock = manualClock();
const refusal = (name: string, kind: Refusal['kind'], reason: string, left: number, rateLimited = false): Refusal => ({
  endpoint: anEndpoint(clock, { name }),
  kind,
  ejected: kind === 'ejected',
  reason,
  until: NOW + left,
  rateLimited,
});
const limited = (name: string, left: number) => refusal(name, 'limited', 'cooling down (429)', left, true);
const unfit = (name: string) => refusal(name, 'unfit', "has no model 'gpt-5' (models)", Number.POSITIVE_INFINITY);
const of = (refusals: Refusal[], call: Parameters<typeof aCall>[0] = {}, cause?: unknown) =>
  noEndpointAvailable(aCall(call), refusals, NOW, cause);

describe('the message', () => {
  it.each<[string, Refusal[], Parameters<typeof aCall>[0], string]>([
    [
      'who and why and when',
      [limited('openai', 12_000), refusal('azure', 'ejected', 'ejected after failures', 4_000)],
      {},
      "No endpoint can take 'gpt-5' (chat): openai cooling down (429), for 12 s; azure ejected after failures, for 4 s. Try again in 4 s.",
    ],
    [
      'what to configure',
      [unfit('a'), unfit('b')],
      {},
      "No endpoint can take 'gpt-5' (chat): a has no model 'gpt-5' (models); b has no model 'gpt-5' (models). Add 'gpt-5' to `models` of an endpoint that serves it.",
    ],
    [
      'an operation nobody is used for',
      [refusal('a', 'unfit', 'is not used for files (operations)', Number.POSITIVE_INFINITY)],
      { path: '/files', model: undefined },
      "No endpoint can take this files call: a is not used for files (operations). Add 'files' to `operations` of an endpoint that serves it.",
    ],
  ])('says %s', (_, refusals, call, message) => {
    expect(of(refusals, call).message).toBe(message);
  });

  it('does not advise to configure what is configured', () => {
    expect(of([unfit('a'), limited('b', 1)]).message).not.toContain('Add');
    const drained = of([refusal('a', 'unfit', 'drained', Number.POSITIVE_INFINITY)]).message;
    expect(drained).toContain('a drained');
    expect(drained).not.toContain('models');
  });

  it('advises about models where any endpoint would take such calls', () => {
    const unused = refusal('b', 'unfit', 'is not used for chat (operations)', Number.POSITIVE_INFINITY);
    expect(of([unused, unfit('a')]).message).toContain("Add 'gpt-5' to `models`");
    expect(of([unused]).message).toContain("Add 'chat' to `operations`");
  });

  it('names even a moment that is left', () => {
    expect(of([limited('a', 0.6)]).message).toContain('a cooling down (429), for 1 ms');
  });

  it('bears an empty pool, for which there is no advice', () => {
    expect(of([]).message).not.toContain('Add');
    expect(of([]).message).toMatch(/^No endpoint can take 'gpt-5' \(chat\): the pool is empty\./);
  });
});

describe('what retriers look at', () => {
  it('is 429 when any exclusion is a rate limit, with the smallest wait', () => {
    const error = of([limited('a', 2_500), limited('b', 1_200)]);
    expect(error).toMatchObject({
      status: 429,
      retryAfterMs: 1_200,
      type: 'rate_limit_error',
      code: 'no_endpoint_available',
    });
    expect([error.headers.get('retry-after'), error.headers.get('retry-after-ms')]).toEqual(['2', '1200']);
    expect(error.error).toEqual({ message: error.message, type: 'rate_limit_error', code: 'no_endpoint_available' });
    expect(error).toBeInstanceOf(OpenAIError);
  });

  it('is 503 otherwise', () => {
    const error = of([refusal('a', 'ejected', 'x', 900)]);
    expect(error).toMatchObject({ status: 503, retryAfterMs: 900, type: 'server_error' });
  });

  it('names no wait where waiting does not help', () => {
    const error = of([unfit('a'), refusal('b', 'refused', 'cooling down (401)', 300_000)]);
    expect([error.retryAfterMs, error.headers.get('retry-after'), error.message.includes('Try again')]).toEqual([
      undefined,
      null,
      false,
    ]);
  });

  it.each([0, -5])('names at least a millisecond for what ended %d ms ago', (left) => {
    const error = of([refusal('a', 'ejected', 'ejected after failures', left)]);
    expect([error.retryAfterMs, error.headers.get('retry-after')]).toEqual([1, '1']);
    expect(error.endpoints).toEqual([{ name: 'a', reason: 'ejected after failures' }]);
  });

  it('holds each endpoint, and the last real error of the pool', () => {
    const cause = new Error('boom');
    const error = of([limited('a', 1_000)], {}, cause);
    expect(error.endpoints).toEqual([{ name: 'a', reason: 'cooling down (429), for 1 s' }]);
    expect(error.cause).toBe(cause);
    expect('cause' in of([limited('a', 1)])).toBe(false);
  });
});
