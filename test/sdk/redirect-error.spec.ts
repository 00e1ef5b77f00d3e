// The error of a redirect names the host that the endpoint points to, and nothing else of what came with it.
import { inspect } from 'node:util';
import { APIError } from 'openai';
import { describe, expect, it } from 'vitest';
import { nameHostOnly } from '../../src/sdk/redirect-error.ts';
import { apiError } from '../support/parts.ts';

describe('nameHostOnly', () => {
  const redirect = (location: string | undefined) =>
    APIError.generate(
      307,
      undefined,
      '<html>secret-page</html>',
      new Headers(location === undefined ? {} : { location }),
    );

  it.each([
    ['https://other.example:8443/path?token=x', 'other.example:8443'],
    ['/v1/elsewhere?token=x', 'a.example'],
    ['//third.example/x', 'third.example'],
    [undefined, 'a.example'],
    ['http://[', 'an address that is none'],
  ])('a redirect to %s names %s alone', (location, host) => {
    const error = redirect(location);
    nameHostOnly(error, 'https://a.example/v1');
    expect(error.message).toBe(`307 The endpoint redirects to ${host}; nothing was sent there.`);
    expect(error.stack).toContain(host);
    expect(`${error.message} ${error.stack}`).not.toMatch(/token|secret-page/);
    expect(error).toMatchObject({ status: 307 });
    expect(Object.keys(error)).not.toContain('message');
  });

  it.each([apiError(400, { message: 'bad' }), new Error('x'), 'text', undefined])(
    'leaves others alone: %s',
    (error) => {
      const before = inspect(error);
      nameHostOnly(error, 'https://a.example');
      expect(inspect(error)).toBe(before);
    },
  );
});
