// Which headers and query parameters an endpoint inherits, in every format the SDK takes.
import { describe, expect, it } from 'vitest';
import { authenticates, inheritHeaders, inheritQuery, withoutHeader } from '../../src/config/headers.ts';

const secretNames = [
  'authorization',
  'Authorization',
  'api-key',
  'x-api-key',
  'ocp-apim-subscription-key',
  'cookie',
  'proxy-authorization',
  'openai-organization',
  'OpenAI-Project',
  'helicone-auth',
  'x-goog-api-key',
  'cf-access-client-secret',
  'X-Access-Token',
];
const harmless = ['x-trace', 'http-referer', 'x-title', 'anthropic-beta', 'max-tokens', 'author', 'x-idempotency-key'];

describe('inheritHeaders', () => {
  it.each(secretNames)('keeps %s from an isolated endpoint', (name) => {
    expect(inheritHeaders({ [name]: 'v', 'x-trace': '1' }, undefined, true, false)).toEqual({ 'x-trace': '1' });
    expect(inheritHeaders(new Headers({ [name]: 'v' }), undefined, true, false)).toBeUndefined();
    expect(inheritHeaders([[name, 'v']], undefined, true, false)).toBeUndefined();
  });

  it.each(harmless)('passes %s on', (name) => {
    const headers = { [name]: 'v' };
    expect(inheritHeaders(headers, undefined, true, false)).toBe(headers);
  });

  it('knows a secret by its value too', () => {
    expect(inheritHeaders({ 'x-upstream': 'Bearer abc', 'x-other': 'sk-abc' }, undefined, true, false)).toBeUndefined();
  });

  it('passes everything to an endpoint without an address, except what would replace its own key', () => {
    const headers = { Authorization: 'Bearer x', 'x-api-key': 'y' };
    expect(inheritHeaders(headers, undefined, false, false)).toBe(headers);
    expect(inheritHeaders(headers, undefined, false, true)).toEqual({ 'x-api-key': 'y' });
  });

  it("lays the endpoint's own headers over the inherited ones, whatever the case of their names", () => {
    const own = new Headers({ 'X-Trace': 'own' });
    expect(inheritHeaders({ 'x-trace': 'pool', 'x-more': ['1', '2'] }, own, true, false)).toEqual({
      'x-more': ['1', '2'],
      'x-trace': 'own',
    });
    expect(inheritHeaders({ 'x-trace': 'pool' }, { 'x-trace': null }, true, false)).toEqual({ 'x-trace': null });
  });

  it('leaves the own headers alone when nothing is inherited', () => {
    const own = { a: 'b' };
    expect(inheritHeaders(undefined, own, true, false)).toBe(own);
    expect(inheritHeaders({ authorization: 'x' }, own, true, false)).toBe(own);
  });
});

it('passes query parameters on in the same way', () => {
  const query = { 'api-version': '1', key: 'k', access_token: 't', code: 'c', tenant: 'a' };
  expect(inheritQuery(query, undefined, true)).toEqual({ 'api-version': '1', tenant: 'a' });
  expect(inheritQuery(query, { tenant: 'b' }, false)).toEqual({ ...query, tenant: 'b' });
  expect(inheritQuery({ key: 'k' }, undefined, true)).toBeUndefined();
  expect(inheritQuery(undefined, query, true)).toBe(query);
});

it.each([
  [{ authorization: 'Basic x' }, true],
  [{ Authorization: null }, true],
  [[['x-api-key', 'x']], true],
  [new Headers({ 'api-key': 'x' }), true],
  [{ 'x-api-key': null }, false],
  [{ 'openai-project': 'p' }, false],
  [{ 'x-trace': 'x' }, false],
  [undefined, false],
] as const)('authenticates(%o) is %s', (headers, is) => {
  expect(authenticates(headers as never)).toBe(is);
});

it('removes a header unless it is set', () => {
  expect(withoutHeader({ 'X-A': '1' }, 'authorization')).toEqual({ 'x-a': ['1'], authorization: null });
  const own = { Authorization: 'Basic x' };
  expect(withoutHeader(own, 'authorization')).toBe(own);
  expect(withoutHeader(undefined, 'api-key')).toEqual({ 'api-key': null });
});
