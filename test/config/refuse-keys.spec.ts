// What is refused in an endpoint: keys.
import { describe } from 'vitest';
import { CANARY, endpointTable, k, own } from './refusal.ts';

describe('an endpoint', () =>
  endpointTable([
    [
      'an endpoint as text',
      [CANARY],
      'invalid_value',
      'endpoints[1]: must be an endpoint such as { apiKey: … }, got a string',
    ],
    [
      'a missing endpoint',
      [null],
      'invalid_value',
      'endpoints[1]: must be an endpoint such as { apiKey: … }, got null',
    ],
    ['a nested list', [[k]], 'invalid_value', 'endpoints[1]: must be an endpoint such as { apiKey: … }, got an array'],
    [
      'a key of the wrong kind',
      [{ apiKey: 42 }],
      'invalid_value',
      'endpoints[1].apiKey: must be a key, or a function that returns one, got 42',
    ],
    ['a promise as key', [{ apiKey: Promise.resolve(CANARY) }], 'invalid_value', 'got a promise (await it first)'],
    [
      'a key with a line break',
      [{ apiKey: `${CANARY}\n` }],
      'invalid_value',
      /^endpoints\[1\]\.apiKey: holds a blank, a line break .*trim/,
    ],
    ['a key with a blank', [{ apiKey: ` ${CANARY}` }], 'invalid_value', 'endpoints[1].apiKey: holds a blank'],
    [
      'a key no header can carry',
      [{ apiKey: `${CANARY}\u2028` }],
      'invalid_value',
      'endpoints[1].apiKey: holds a blank',
    ],
    [
      'two keys',
      [{ apiKey: CANARY, apiKeyEnv: 'A_KEY' }],
      'conflicting_options',
      'endpoints[1].apiKeyEnv: cannot be given together with apiKey',
    ],
    [
      'a variable that is not set',
      [{ apiKeyEnv: 'NOT_SET' }],
      'missing_env',
      'endpoints[1].apiKeyEnv: the environment variable NOT_SET is not set or empty',
    ],
    [
      'a key as variable',
      [{ apiKeyEnv: CANARY }],
      'invalid_value',
      'must be the name of an environment variable, such as OPENAI_KEY_2; a key itself belongs in apiKey',
    ],
    [
      'a key that looks like a variable',
      [{ apiKeyEnv: 'canary4242deadbeef' }],
      'missing_env',
      'the environment variable of this name is not set',
    ],
    [
      'a variable with a broken key',
      [{ apiKeyEnv: 'BROKEN_KEY' }],
      'invalid_value',
      'the environment variable BROKEN_KEY holds a blank',
    ],
    [
      'an address without a key',
      [{ baseURL: own.baseURL }],
      'missing_key',
      /^endpoints\[1\]\.apiKey: is missing: .*keys of the pool or the environment never follow.*apiKey: '' if it needs none$/,
    ],
    ['an undefined key', [{ ...own, apiKey: undefined }], 'missing_key', 'endpoints[1].apiKey: is missing'],
    ['a null key', [{ ...own, apiKey: null }], 'missing_key', 'endpoints[1].apiKey: is missing'],
    [
      'no key anywhere',
      [{}],
      'missing_key',
      'endpoints[1].apiKey: is missing: give the endpoint apiKey or apiKeyEnv, or set the environment variable OPENAI_API_KEY',
    ],
    [
      'a key beside a provider',
      [{ ...k, provider: {} }],
      'conflicting_options',
      'endpoints[1].provider: cannot be given together with apiKey',
    ],
  ]));
