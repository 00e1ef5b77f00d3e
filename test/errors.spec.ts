// The library's own errors and those it makes in the SDK's name.
import { APIConnectionError, APIConnectionTimeoutError, APIError, APIUserAbortError, OpenAIError } from 'openai';
import { describe, expect, it, vi } from 'vitest';
import {
  AffinityError,
  abortError,
  badReplyError,
  ClosedError,
  ConfigurationError,
  callersLimitError,
  embeddedError,
  isBadReply,
  isCallersLimit,
  LoadBalancerError,
  NoEndpointAvailableError,
  timeoutError,
} from '../src/errors.ts';

const OWN = [
  new LoadBalancerError('x', 'message'),
  new ConfigurationError('unknown_option', 'message', [{ path: 'a', message: 'b' }]),
  new AffinityError('message'),
  new ClosedError(),
  new NoEndpointAvailableError('message', { status: 503, retryAfterMs: undefined, endpoints: [], cause: undefined }),
];

describe('our own errors', () => {
  it.each(OWN.map((error) => [error.name, error] as const))(
    '%s is an OpenAIError with a code and a brand',
    (name, error) => {
      expect(error).toBeInstanceOf(OpenAIError);
      expect(error).toBeInstanceOf(LoadBalancerError);
      expect(error.constructor.name).toBe(name);
      expect(error.code).toMatch(/^[a-z_]+$/);
      expect(LoadBalancerError.isInstance(error)).toBe(true);
      expect(Object.keys(error)).not.toContain('cause');
    },
  );

  it('are known across copies of the package', async () => {
    vi.resetModules();
    const other = await import('../src/errors.ts');
    const foreign = new other.ClosedError();
    expect(foreign instanceof LoadBalancerError).toBe(false);
    expect(LoadBalancerError.isInstance(foreign)).toBe(true);
  });

  it.each([undefined, null, 'text', {}, new Error('x'), new OpenAIError('x')])('are not %s', (thing) => {
    expect(LoadBalancerError.isInstance(thing)).toBe(false);
  });

  it('have a cause only where there is one, not enumerable', () => {
    const cause = new Error('c');
    const error = new LoadBalancerError('x', 'm', { cause });
    expect([error.cause, Object.keys(error).includes('cause')]).toEqual([cause, false]);
    expect('cause' in OWN[0]!).toBe(false);
  });

  it('of an empty pool say what retriers look at', () => {
    const error = new NoEndpointAvailableError('m', {
      status: 429,
      retryAfterMs: 1_234.5,
      endpoints: [],
      cause: undefined,
    });
    expect([error.headers.get('retry-after'), error.headers.get('retry-after-ms'), error.type]).toEqual([
      '2',
      '1235',
      'rate_limit_error',
    ]);
  });
});

describe('errors in the SDK’s name', () => {
  it.each([
    ['a timeout', timeoutError(), APIConnectionTimeoutError, 'Request timed out.'],
    ['a timeout with words', timeoutError('silent'), APIConnectionTimeoutError, 'silent'],
    ['an abort', abortError(undefined), APIUserAbortError, 'Request was aborted.'],
    ['a bad reply', badReplyError('HTML'), APIConnectionError, 'HTML'],
    ['a caller’s limit', callersLimitError('too large'), OpenAIError, 'too large'],
    ['an error object', embeddedError({ message: 'boom' }, new Headers()), APIError, 'boom'],
  ])('%s is the SDK’s very class', (_, error, Class, message) => {
    expect(error.constructor).toBe(Class);
    expect(error.message).toBe(message);
  });

  it('an abort holds the signal’s reason', () => {
    expect(abortError(AbortSignal.abort('mine')).cause).toBe('mine');
  });

  it('are told apart by brands that nobody sees', () => {
    const cause = new Error('c');
    const bad = badReplyError('x', cause);
    expect([isBadReply(bad), isCallersLimit(bad), bad.cause, Object.keys(bad)]).toEqual([
      true,
      false,
      cause,
      Object.keys(new APIConnectionError({ message: 'x', cause })),
    ]);
    expect([isCallersLimit(callersLimitError('x')), isBadReply(callersLimitError('x'))]).toEqual([true, false]);
    expect('cause' in badReplyError('x', 'no error')).toBe(false);
    for (const other of [undefined, null, 'x', new Error('x')])
      expect([isBadReply(other), isCallersLimit(other)]).toEqual([false, false]);
  });
});
