// What is refused in an endpoint: our own options.
import { describe } from 'vitest';
import { endpointTable, k } from './refusal.ts';

describe('an endpoint', () =>
  endpointTable([
    [
      'a name with $',
      [{ ...k, name: 'a$1' }],
      'invalid_value',
      /^endpoints\[1\]\.name: must be a name of 1 to 64 letters.*'\$' is not allowed/,
    ],
    ['an empty name', [{ ...k, name: '' }], 'invalid_value', 'got an empty string'],
    [
      'the same name twice',
      [
        { ...k, name: 'a' },
        { ...k, name: 'a' },
      ],
      'duplicate_name',
      'endpoints[2].name: "a" is taken by endpoints[1]; choose another',
    ],
    [
      'a weight as text',
      [{ ...k, weight: '2' }],
      'invalid_value',
      'endpoints[1].weight: must be a number of 0 or more, got a string',
    ],
    [
      'a negative weight',
      [{ ...k, weight: -1 }],
      'invalid_value',
      'endpoints[1].weight: must be a number of 0 or more, got -1',
    ],
    ['an endless weight', [{ ...k, weight: Number.POSITIVE_INFINITY }], 'invalid_value', 'got Infinity'],
    [
      'a priority as text',
      [{ ...k, priority: 'first' }],
      'invalid_value',
      'endpoints[1].priority: must be a number, got a string',
    ],
    [
      'tags as text',
      [{ ...k, tags: 'eu' }],
      'invalid_value',
      'endpoints[1].tags: must be an array of labels, got a string',
    ],
    [
      'models as text',
      [{ ...k, models: 'gpt-5' }],
      'invalid_value',
      'endpoints[1].models: must be an array of model names, got a string',
    ],
    [
      'no models',
      [{ ...k, models: [] }],
      'invalid_value',
      'endpoints[1].models: must be an array of at least one of model names; leave it out for all, got an empty array',
    ],
    [
      'a star inside a model name',
      [{ ...k, models: ['g*t'] }],
      'invalid_value',
      "endpoints[1].models[0]: must hold at most one '*', and only at its end",
    ],
    [
      'an unknown operation',
      [{ ...k, operations: ['chats'] }],
      'invalid_value',
      /^endpoints\[1\]\.operations\[0\]: is no operation; did you mean chat\?; known are 'chat', /,
    ],
    [
      'a model map as list',
      [{ ...k, modelMap: ['gpt-5'] }],
      'invalid_value',
      "endpoints[1].modelMap: must be an object such as { 'gpt-5': 'my-gpt-5' }, got an array",
    ],
    [
      'two stars in a model map',
      [{ ...k, modelMap: { '*-*': 'a' } }],
      'invalid_value',
      'endpoints[1].modelMap["*-*"]: must hold at most one',
    ],
    [
      'an empty model',
      [{ ...k, modelMap: { a: '' } }],
      'invalid_value',
      'endpoints[1].modelMap.a: must be a model name, got an empty string',
    ],
    [
      'a mapped model without a name',
      [{ ...k, modelMap: { a: { body: {} } } }],
      'invalid_value',
      'endpoints[1].modelMap.a.model: must be a model name, got undefined',
    ],
    [
      'a negative limit',
      [{ ...k, limits: { requestsPerMinute: -1 } }],
      'invalid_value',
      'endpoints[1].limits.requestsPerMinute: must be a number above 0, got -1',
    ],
    [
      'a limit of nothing',
      [{ ...k, limits: { tokensPerMinute: 0 } }],
      'invalid_value',
      'endpoints[1].limits.tokensPerMinute: must be a number above 0, got 0',
    ],
    [
      'an endless limit',
      [{ ...k, limits: { tokensPerMinute: Number.POSITIVE_INFINITY } }],
      'invalid_value',
      'got Infinity',
    ],
    [
      'half a slot',
      [{ ...k, limits: { maxConcurrent: 0.5 } }],
      'invalid_value',
      'endpoints[1].limits.maxConcurrent: must be a whole number of 1 or more, got 0.5',
    ],
    [
      'a misspelt limit',
      [{ ...k, limits: { requestPerMinute: 60 } }],
      'unknown_option',
      'endpoints[1].limits.requestPerMinute: unknown option; did you mean requestsPerMinute?',
    ],
    ['limits as a number', [{ ...k, limits: 60 }], 'invalid_value', 'endpoints[1].limits: must be an object, got 60'],
    [
      'an empty quota group',
      [{ ...k, quotaGroup: '' }],
      'invalid_value',
      'endpoints[1].quotaGroup: must be a name for what the endpoints share, got an empty string',
    ],
    [
      'two limits of one quota',
      [
        { ...k, name: 'a', quotaGroup: 'team', limits: { requestsPerMinute: 60 } },
        { ...k, quotaGroup: 'team' },
        { ...k, quotaGroup: 'team', limits: { requestsPerMinute: 30 } },
      ],
      'conflicting_options',
      'endpoints[3].limits: differ from those of a in the same quotaGroup; give both the same ones per minute, or a alone',
    ],
    [
      'a misspelt mapping',
      [{ ...k, modelMap: { a: { model: 'b', omitt: [] } } }],
      'unknown_option',
      'endpoints[1].modelMap.a.omitt: unknown option; did you mean omit?',
    ],
  ]));
