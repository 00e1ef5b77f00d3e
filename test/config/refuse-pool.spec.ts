// What is refused beside `endpoints`: names, strategies, the list itself.
import { describe } from 'vitest';
import { CANARY, k, poolTable } from './refusal.ts';

describe('beside endpoints', () =>
  poolTable([
    ['an unknown option', { strategey: 1 }, 'unknown_option', 'strategey: unknown option; did you mean strategy?'],
    ['an option unlike any other', { zebra: 1 }, 'unknown_option', 'zebra: unknown option'],
    ['a misspelt SDK option', { timeOut: 1 }, 'unknown_option', 'timeOut: unknown option; did you mean timeout?'],
    ['a key as an option', { [CANARY]: 1 }, 'unknown_option', '(unnamed)'],
    ['an endpoint option beside endpoints', { modelMap: {} }, 'unknown_option', 'modelMap: belongs into the endpoint'],
    [
      'an Azure option beside endpoints',
      { apiVersion: '1' },
      'unknown_option',
      'apiVersion: belongs into the endpoint',
    ],
    [
      'a removed SDK option',
      { httpAgent: {} },
      'unknown_option',
      'httpAgent: no longer exists in the SDK; use fetchOptions',
    ],
    [
      'endpoints that are no array',
      { endpoints: k },
      'invalid_value',
      'endpoints: must be an array of endpoints, got an object',
    ],
    [
      'endpoints as text',
      { endpoints: CANARY },
      'invalid_value',
      'endpoints: must be an array of endpoints, got a string',
    ],
    ['endpoints: null', { endpoints: null }, 'invalid_value', 'endpoints: must be an array of endpoints, got null'],
    ['no endpoints', { endpoints: [] }, 'no_endpoints', 'endpoints: is empty; list at least one endpoint'],
    [
      'an unknown strategy',
      { strategy: 'round-robbin' },
      'unknown_strategy',
      /^strategy: must be one of 'round-robin'.*got 'round-robbin'; did you mean round-robin\?$/,
    ],
    ['a strategy of the wrong kind', { strategy: 7 }, 'unknown_strategy', /^strategy: must be one of .*; got 7$/],
    [
      'a priority inside a priority',
      { strategy: { priority: 'priority' } },
      'unknown_strategy',
      /no priority inside a priority; got an object$/,
    ],
    [
      'an unknown strategy inside a priority',
      { strategy: { priority: 'randm' } },
      'unknown_strategy',
      'did you mean random?',
    ],
    [
      'affinity.home without such an endpoint',
      { affinity: { home: 'openai-11' } },
      'unknown_endpoint',
      'affinity.home: names no endpoint of the pool; did you mean openai-1?; known are openai-1',
    ],
    [
      'modelMaps for an unknown type',
      { modelMaps: { azur: {} } },
      'unknown_option',
      'modelMaps.azur: unknown option; did you mean azure?',
    ],
    [
      'modelMaps with a wrong value',
      { modelMaps: { azure: { 'gpt-4': 4 } } },
      'invalid_value',
      'modelMaps.azure["gpt-4"]: must be the endpoint\'s model name',
    ],
  ]));
