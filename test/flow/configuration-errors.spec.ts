// The promise: every wrong option is a ConfigurationError that names its path, the kind of value it got and the fix, and
// never a secret. One case per kind of mistake; test/config/refuse-*.spec.ts has the whole tables.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigurationError } from '../../src/errors.ts';
import { LoadBalancedOpenAI } from '../../src/load-balanced-openai.ts';
import { CANARY, expectRefusal, k } from '../config/refusal.ts';

const vendor = 'https://vendor.example/v1';

/** The error of `new LoadBalancedOpenAI(...args)`. */
function refuse(args: readonly unknown[]): ConfigurationError {
  try {
    Reflect.construct(LoadBalancedOpenAI, args);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

beforeEach(() => {
  for (const name of ['OPENAI_API_KEY', 'OPENAI_API_KEYS', 'SERVICE_ENDPOINTS']) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

describe('a configuration error', () => {
  it.each<[what: string, args: unknown[], code: string, message: string]>([
    [
      'an unknown option',
      [[k], { strategey: 'random' }],
      'unknown_option',
      'strategey: unknown option; did you mean strategy?',
    ],
    [
      'an unknown endpoint option',
      [[{ ...k, wieght: 1 }]],
      'unknown_option',
      'endpoints[0].wieght: unknown option; did you mean weight?',
    ],
    [
      'an unknown strategy',
      [[k], { strategy: 'least-bizy' }],
      'unknown_strategy',
      "strategy: must be one of 'round-robin'",
    ],
    ['no endpoints', [[]], 'no_endpoints', 'endpoints: is empty; list at least one endpoint'],
    [
      'duplicate names',
      [
        [
          { ...k, name: 'a' },
          { ...k, name: 'a' },
        ],
      ],
      'duplicate_name',
      'endpoints[1].name: "a" is taken by endpoints[0]',
    ],
    [
      'a missing variable',
      [[{ apiKeyEnv: 'MY_KEY' }]],
      'missing_env',
      'endpoints[0].apiKeyEnv: the environment variable MY_KEY is not set or empty; set it, or give apiKey',
    ],
    [
      'a bad URL',
      [[{ ...k, baseURL: 'vendor.example/v1' }]],
      'invalid_url',
      'endpoints[0].baseURL: has no scheme; put https:// in front of it',
    ],
    [
      'zero weights',
      [[{ ...k, weight: 0 }]],
      'zero_weights',
      'endpoints: every weight is 0, so no endpoint would get a call; give at least one a weight above 0',
    ],
    [
      'a value of the wrong kind',
      [[{ ...k, weight: '2' }]],
      'invalid_value',
      'endpoints[0].weight: must be a number of 0 or more, got a string',
    ],
    [
      'an address without a key',
      [[{ baseURL: vendor }]],
      'missing_key',
      'endpoints[0].apiKey: is missing: the endpoint names its own address',
    ],
    [
      'a breaker option that would break calls',
      [[k], { breaker: { timeout: 1_000 } }],
      'refused_option',
      'breaker.timeout: would fail calls without stopping them; use attemptTimeout beside breaker instead',
    ],
    ['endpoints given twice', [[k], { endpoints: [k] }], 'conflicting_options', 'endpoints: are given twice'],
    [
      'an unknown home',
      [[k], { affinity: { home: 'azure' } }],
      'unknown_endpoint',
      'affinity.home: names no endpoint of the pool; known are openai-1',
    ],
    [
      'a key where the endpoints belong',
      [CANARY],
      'invalid_value',
      'first argument: must be an array of endpoints or an options object, got a string',
    ],
  ])('tells %s', (_, args, code, message) => {
    expectRefusal(refuse(args), code, message);
  });

  it('tells invalid JSON in SERVICE_ENDPOINTS, with an example', () => {
    vi.stubEnv('OPENAI_API_KEYS', CANARY);
    vi.stubEnv('SERVICE_ENDPOINTS', `{"openai":"${CANARY}`);
    const error = refuse([]);
    expectRefusal(
      error,
      'invalid_service_endpoints',
      'SERVICE_ENDPOINTS: the environment variable is no JSON at position 10',
    );
    expect(error.message).toContain('{"openai":["https://api.openai.com/v1"]}');
  });

  it('never holds a secret, wherever the secret was put', () => {
    const places = [
      'name',
      'type',
      'client',
      'modelMap',
      'models',
      'weight',
      'priority',
      'tags',
      'operations',
      'apiKeyEnv',
    ];
    const connection = [
      'adminAPIKey',
      'baseURL',
      'endpoint',
      'apiVersion',
      'timeout',
      'fetch',
      'defaultHeaders',
      'logger',
    ];
    for (const place of [...places, ...connection, CANARY]) {
      for (const value of [CANARY, ` ${CANARY} `, [CANARY, 7], { [`x ${CANARY}`]: 7 }, () => CANARY]) {
        const { message, issues } = refuse([[{ baseURL: vendor, [place]: value }], { maxAttempts: CANARY }]);
        expect(message + JSON.stringify(issues)).not.toContain('canary');
      }
    }
  });
});
