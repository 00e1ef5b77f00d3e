import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../src/endpoint/endpoint.ts';
import { type Base, placeOf, usualBase } from '../../src/sdk/fetch-address.ts';

const endpoint = (name: string, url: string, type = 'openai', modelMap = {}): Base => ({
  url,
  endpoint: { name, settings: { type, modelMap, client: undefined } } as unknown as Endpoint,
});
const bases = [
  endpoint('router', 'https://router.example/api/v1/'),
  endpoint('keyed', 'https://keyed.example/v1?code=secret&tier=2'),
  endpoint('azure', 'https://x.openai.azure.com/openai', 'azure', {
    'gpt-5': 'prod/5',
    'gpt-4*': 'four',
    mini: { model: 'small' },
  }),
  endpoint('v1', 'https://y.openai.azure.com/openai/v1'),
  usualBase,
];
const azure = 'https://x.openai.azure.com/openai';
const at = (path: string, more: object = {}) => ({
  path,
  query: undefined,
  model: undefined,
  only: undefined,
  ...more,
});

describe('placeOf', () => {
  it.each([
    ['https://api.openai.com/v1/chat/completions', at('/chat/completions')],
    ['https://api.openai.com/v1', at('/')],
    ['https://api.openai.com/v1//chat/completions', at('/chat/completions')],
    ['https://router.example/api/v1/files?limit=2&after=f', at('/files', { query: { limit: '2', after: 'f' } })],
    ['https://api.openai.com/v1/x?include[]=a&include[]=b', at('/x', { query: { include: ['a', 'b'] } })],
    ['https://keyed.example/v1/x?code=secret&tier=2&y=1', at('/x', { query: { y: '1' } })],
    [`${azure}/deployments/prod%2F5/chat/completions?api-version=1`, at('/chat/completions', { model: 'gpt-5' })],
    [`${azure}/deployments/%zz/embeddings`, at('/embeddings', { model: '%zz' })],
    [`${azure}/deployments/small/embeddings`, at('/embeddings', { model: 'mini' })],
    [`${azure}/deployments/four/audio/speech`, at('/audio/speech', { model: 'four' })],
    [`${azure}/deployments/four/other`, at('/deployments/four/other', { only: 'azure' })],
    [`${azure}/v1/responses`, at('/responses')],
    [`${azure}/responses/resp_1?api-version=1&stream=true`, at('/responses/resp_1', { query: { stream: 'true' } })],
    ['https://y.openai.azure.com/openai/v1/models?api-version=1', at('/models', { query: { 'api-version': '1' } })],
  ])('%s', (url, place) => {
    expect(placeOf(url, bases)).toEqual(place);
  });

  it.each([
    ['another host', 'https://evil.example/v1/chat/completions'],
    ['another port', 'https://api.openai.com:444/v1/models'],
    ['another scheme', 'http://api.openai.com/v1/models'],
    ['a longer name', 'https://api.openai.com.evil.example/v1/models'],
    ['a path beside', 'https://api.openai.com/v1beta/models'],
    ['a path above', 'https://api.openai.com/v1/../dashboard'],
    ['the same in other letters', 'https://api.openai.com/v1/%2e%2e/dashboard'],
    ['no URL', '/v1/models'],
    ['user and password in front', 'https://api.openai.com@evil.example/v1/models'],
  ])('refuses %s', (_, url) => {
    const refuse = () => placeOf(url, bases);
    expect(refuse).toThrow(TypeError);
    expect(refuse).toThrow(/router\.example\/api\/v1\/.*api\.openai\.com\/v1/);
    expect(refuse).not.toThrow(/secret/);
  });
});
