// What is refused in an endpoint: its shape, address and client; Azure.
import { OpenAI } from 'openai';
import { describe } from 'vitest';
import { azure, CANARY, endpointTable, k, own } from './refusal.ts';

describe('an endpoint', () =>
  endpointTable([
    [
      'an unknown option',
      [{ apikey: CANARY }],
      'unknown_option',
      'endpoints[1].apikey: unknown option; did you mean apiKey?',
    ],
    ['a synonym', [{ ...k, url: CANARY }], 'unknown_option', 'endpoints[1].url: unknown option; did you mean baseURL?'],
    [
      'an option of the pool',
      [{ ...k, breaker: {} }],
      'unknown_option',
      'endpoints[1].breaker: belongs to the whole pool',
    ],
    [
      'maxRetries',
      [{ ...k, maxRetries: 1 }],
      'refused_option',
      'endpoints[1].maxRetries: counts for a whole call; put it beside endpoints',
    ],
    [
      'a URL without scheme',
      [{ ...k, baseURL: 'api.example.com/canary' }],
      'invalid_url',
      'endpoints[1].baseURL: has no scheme; put https:// in front of it',
    ],
    [
      'a URL of another scheme',
      [{ ...k, baseURL: `ftp://u:${CANARY}@host` }],
      'invalid_url',
      'endpoints[1].baseURL: is neither http nor https',
    ],
    ['no URL at all', [{ ...k, baseURL: CANARY }], 'invalid_url', 'endpoints[1].baseURL: is no URL'],
    [
      'a URL object',
      [{ ...k, baseURL: new URL('https://a.example') }],
      'invalid_value',
      'endpoints[1].baseURL: must be a URL such as https://api.openai.com/v1, got an object',
    ],
    [
      'an unknown type',
      [{ ...k, type: 'azur' }],
      'invalid_value',
      "endpoints[1].type: must be an endpoint type: 'openai', 'azure'; got a string; did you mean azure?",
    ],
    [
      'an Azure option without the type',
      [{ ...k, endpoint: 'https://a.example' }],
      'unknown_option',
      "endpoints[1].endpoint: exists for Azure only; add type: 'azure' to the endpoint, or use baseURL",
    ],
    [
      'an endpoint timeout of 0',
      [{ ...k, timeout: 0 }],
      'invalid_value',
      'endpoints[1].timeout: must be a duration in ms above 0, got 0',
    ],
    [
      'fetch',
      [{ ...k, fetch: {} }],
      'invalid_value',
      'endpoints[1].fetch: must be a function like fetch, got an object',
    ],
    [
      'headers as text',
      [{ ...k, defaultHeaders: CANARY }],
      'invalid_value',
      'endpoints[1].defaultHeaders: must be headers: an object, pairs of name and value, or Headers, got a string',
    ],
    [
      'an address beside a region',
      [{ ...own, dataResidency: 'eu' }],
      'conflicting_options',
      'endpoints[1].dataResidency: cannot be given together with baseURL',
    ],
    [
      'a client that is none',
      [{ client: {} }],
      'invalid_value',
      'endpoints[1].client: must be a client of the SDK, such as new OpenAI(…), got an object',
    ],
    [
      'a client as text',
      [{ client: CANARY }],
      'invalid_value',
      'endpoints[1].client: must be an SDK client, got a string',
    ],
    [
      'a client with connection options',
      [{ client: new OpenAI({ apiKey: CANARY }), apiKey: CANARY, apiKeyEnv: 'A_KEY' }],
      'conflicting_options',
      'endpoints[1].client: brings its own connection; take out apiKey, apiKeyEnv, or take out client',
    ],
  ]));

describe('an endpoint of type azure', () =>
  endpointTable([
    [
      'no address',
      [{ ...azure, endpoint: undefined }],
      'missing_option',
      /^endpoints\[1\]\.endpoint: is missing: .*AZURE_OPENAI_ENDPOINT$/,
    ],
    [
      'no API version',
      [{ ...azure, apiVersion: undefined }],
      'missing_option',
      /^endpoints\[1\]\.apiVersion: is missing: .*OPENAI_API_VERSION$/,
    ],
    [
      'no key',
      [{ ...azure, apiKey: undefined }],
      'missing_key',
      /^endpoints\[1\]\.apiKey: is missing: .*azureADTokenProvider/,
    ],
    [
      'two addresses',
      [{ ...azure, baseURL: 'https://b.example' }],
      'conflicting_options',
      'endpoints[1].endpoint: cannot be given together with baseURL',
    ],
    [
      'a key and a token',
      [{ ...azure, azureADTokenProvider: async () => 't' }],
      'conflicting_options',
      'endpoints[1].azureADTokenProvider: cannot be given together with a key',
    ],
    [
      'a region',
      [{ ...azure, dataResidency: 'eu' }],
      'refused_option',
      "endpoints[1].dataResidency: does not exist for type 'azure'",
    ],
    [
      'a token that is no function',
      [{ ...azure, azureADTokenProvider: CANARY }],
      'invalid_value',
      'endpoints[1].azureADTokenProvider: must be a function that returns a token, got a string',
    ],
    [
      'a broken address',
      [{ ...azure, endpoint: 'a.azure.example' }],
      'invalid_url',
      'endpoints[1].endpoint: has no scheme',
    ],
  ]));
