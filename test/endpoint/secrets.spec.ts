// The secrets of an endpoint: everything it was configured with that would give it away.
import { OpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { secretsOf, secretsOfRequest, shownURL } from '../../src/endpoint/secrets.ts';
import { endpointSettings } from '../support/parts.ts';

const KEY = 'sk-canary-0123456789';

describe('secretsOf', () => {
  it('are keys, admin keys and what a URL holds', () => {
    const settings = endpointSettings({
      credential: 'sk/with+odd=chars',
      options: { apiKey: 'sk/with+odd=chars', adminAPIKey: 'admin-key', webhookSecret: 'whsec_hook' },
      baseURL: 'https://someone:pass%20word@a.example/v1?sig=of-the-url&x=1',
    });
    const found = secretsOf(settings, new OpenAI({ apiKey: 'renewed-key' }));
    for (const secret of [
      'sk/with+odd=chars',
      'admin-key',
      'whsec_hook',
      'pass word',
      'pass%20word',
      'of-the-url',
      'renewed-key',
      Buffer.from('someone:pass word').toString('base64'),
    ])
      expect(found).toContain(secret);
    expect(found).not.toContain('1');
    // The name alone is none, unless there is nothing else.
    expect(found).not.toContain('someone');
    expect(secretsOf(endpointSettings({ credential: null, baseURL: 'https://token@a.example' }), undefined)).toEqual([
      'token',
    ]);
    expect(new Set(found).size).toBe(found.length);
  });

  it.each([
    ['a function', async () => 'x', ''],
    ['nothing', null, ''],
    ['no address', null, 'no address @ all?'],
  ])('are no %s', (_, credential, baseURL) => {
    expect(secretsOf(endpointSettings({ credential, baseURL }), undefined)).toEqual([]);
  });

  it('are no words that the SDK puts in place of a key', () => {
    const client = Object.assign(new OpenAI({ apiKey: 'x' }), { apiKey: 'Missing Key' });
    expect(secretsOf(endpointSettings({ credential: null }), client)).toEqual([]);
  });

  it('are keys in the endpoint’s own headers and query, and in those of a brought client', () => {
    const headers = { 'x-api-key': KEY, authorization: `Bearer other-${KEY}`, 'x-title': 'harmless' };
    const query = { code: 'query-key', tenant: 'harmless' };
    const own = endpointSettings({ credential: null, options: { defaultHeaders: headers, defaultQuery: query } });
    const brought = new OpenAI({ apiKey: 'x', defaultHeaders: headers, defaultQuery: query });
    for (const found of [
      secretsOf(own, undefined),
      secretsOf(endpointSettings({ credential: brought, options: {} }), brought),
    ]) {
      expect(found).toEqual(expect.arrayContaining([KEY, `other-${KEY}`, 'query-key']));
      expect(found).not.toContain('harmless');
    }
  });
});

it('secretsOfRequest are what the request carried', () => {
  const headers = new Headers({ authorization: `Bearer ${KEY}`, 'x-trace': 'harmless' });
  expect(secretsOfRequest('https://a.example/v1?api_key=in-the-query&x=harmless', headers)).toEqual([
    'in-the-query',
    KEY,
  ]);
  expect(secretsOfRequest('/v1?no@url', undefined)).toEqual([]);
});

it.each([
  ['https://a.example/v1?api-version=1', 'https://a.example/v1?api-version=1'],
  ['https://a.example/v1?code=abc&x=1', 'https://a.example/v1?code=redacted&x=1'],
  ['https://me:pass@a.example/v1', 'https://a.example/v1'],
  ['no url?', 'no url?'],
])('shownURL(%s) is %s', (url, shown) => {
  expect(shownURL(url)).toBe(shown);
});
