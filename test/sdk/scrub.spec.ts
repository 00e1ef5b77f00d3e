// An endpoint's credentials are taken out of errors, wherever they stand; the error stays what it was.
import { inspect } from 'node:util';
import { APIConnectionError, APIError, AuthenticationError, OpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { nameHostOnly, scrub, secretsOf } from '../../src/sdk/scrub.ts';
import { apiError, endpointSettings } from '../support/parts.ts';

const KEY = 'sk-canary-0123456789';
const SECRETS = secretsOf(endpointSettings({ credential: KEY, options: { apiKey: KEY } }), undefined);
const shown = (error: unknown) =>
  [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), String(error)].join('\n');

describe('secretsOf', () => {
  it('are keys, admin keys and what a URL holds, as they are and encoded', () => {
    const settings = endpointSettings({
      credential: 'sk/with+odd=chars',
      options: { apiKey: 'sk/with+odd=chars', adminAPIKey: 'admin-key' },
      baseURL: 'https://someone:pass-word@a.example/v1',
    });
    const found = secretsOf(settings, new OpenAI({ apiKey: 'renewed-key' }));
    for (const secret of [
      'sk/with+odd=chars',
      encodeURIComponent('sk/with+odd=chars'),
      'admin-key',
      'someone',
      'pass-word',
      'renewed-key',
      Buffer.from('admin-key').toString('base64'),
    ])
      expect(found).toContain(secret);
    expect(new Set(found).size).toBe(found.length);
  });

  it.each([
    ['a function', async () => 'x'],
    ['nothing', null],
    ['a short text', 'abc'],
  ])('are no %s', (_, credential) => {
    expect(secretsOf(endpointSettings({ credential, baseURL: '' }), undefined)).toEqual([]);
  });

  it('are keys in the endpoint’s own headers too', () => {
    const settings = endpointSettings({
      credential: null,
      options: { apiKey: '', defaultHeaders: { 'x-api-key': KEY, authorization: `Bearer other-${KEY}` } },
    });
    const error = apiError(401, { message: `wrong key ${KEY}, or other-${KEY}` });
    scrub(error, secretsOf(settings, undefined));
    expect(shown(error)).not.toContain(KEY);
  });
});

describe('scrub', () => {
  it.each<[string, unknown]>([
    ['a message', new Error(`Incorrect API key provided: ${KEY}.`)],
    [
      'an error of the API',
      apiError(401, { message: `bad ${KEY}`, code: KEY, inner: { list: [KEY, { deep: KEY }] } }, { 'x-echo': KEY }),
    ],
    ['a cause', new APIConnectionError({ cause: new TypeError(`cannot fetch https://${KEY}@a.example`) })],
    ['a cause of a cause', new Error('x', { cause: new Error('y', { cause: new Error(KEY) }) })],
    ['several causes', new AggregateError([new Error(KEY)], 'all failed')],
    ['text in base64', new Error(Buffer.from(KEY).toString('base64'))],
  ])('cleans %s', (_, error) => {
    scrub(error, SECRETS);
    const text = shown(error);
    for (const secret of SECRETS) expect(text).not.toContain(secret);
    expect(text).toContain('[redacted]');
  });

  it('leaves class, status, code and identity', () => {
    const error = apiError(401, { message: `bad ${KEY}`, code: 'invalid_api_key' });
    const body = error.error;
    scrub(error, SECRETS);
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key', message: '401 bad [redacted]' });
    expect(error.error).toBe(body);
    expect(Object.keys(error)).not.toContain('message');
  });

  it('changes nothing that holds no secret', () => {
    const error = apiError(500, { message: 'boom' });
    const before = shown(error);
    scrub(error, SECRETS);
    expect(shown(error)).toBe(before);
    scrub(error, []);
    expect(shown(error)).toBe(before);
  });

  it('bears cycles and anything thrown', () => {
    const loop: { self?: unknown; text: string } = { text: KEY };
    loop.self = loop;
    scrub(loop, SECRETS);
    expect(loop.text).toBe('[redacted]');
    for (const thrown of [undefined, null, KEY, 7]) expect(() => scrub(thrown, SECRETS)).not.toThrow();
  });

  it('cleans the rest where a part cannot be written or read', () => {
    const frozen = Object.assign(new Error(KEY), { part: Object.freeze({ text: KEY }) });
    scrub(frozen, SECRETS);
    expect(frozen.message).toBe('[redacted]');
    const odd = Object.defineProperty(new Error(KEY), 'part', {
      enumerable: true,
      get: () => expect.fail('getter'),
    });
    scrub(odd, SECRETS);
    expect(odd.message).toBe('[redacted]');
  });
});

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
