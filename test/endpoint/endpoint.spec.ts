// What a user configured about an endpoint, and what it is unfit for.
import { expect, it } from 'vitest';
import { healthKey } from '../../src/endpoint/endpoint.ts';
import { manualClock } from '../../src/testing/index.ts';
import { anEndpoint } from '../support/parts.ts';

it.each<[string, Parameters<typeof anEndpoint>[1], string | undefined, string, string | undefined]>([
  ['anything by default', {}, 'gpt-5', 'chat', undefined],
  ['its models', { models: ['gpt-5', 'o*'] }, 'gpt-5', 'chat', undefined],
  ['a prefix', { models: ['gpt-5', 'o*'] }, 'o3', 'chat', undefined],
  ['no other model', { models: ['gpt-5', 'o*'] }, 'gpt-5-mini', 'chat', "has no model 'gpt-5-mini' (models)"],
  ['no model at all', { models: [] }, 'gpt-5', 'chat', "has no model 'gpt-5' (models)"],
  ['calls without a model', { models: ['gpt-5'] }, undefined, 'files', undefined],
  ['its operations', { operations: new Set(['chat']) }, 'gpt-5', 'chat', undefined],
  [
    'no other operation',
    { operations: new Set(['chat']) },
    'gpt-5',
    'embeddings',
    'is not used for embeddings (operations)',
  ],
  [
    'operations before models',
    { operations: new Set(['chat']), models: [] },
    'm',
    'files',
    'is not used for files (operations)',
  ],
])('serves %s', (_, settings, model, operation, reason) => {
  expect(anEndpoint(manualClock(), settings).unfit(model, operation, [])).toBe(reason);
});

it.each<[string[], string | undefined]>([
  [[], undefined],
  [['eu'], undefined],
  [['eu', 'gpu'], undefined],
  [['eu', 'us'], "has no tag 'us' (tags)"],
])('serves calls whose tags it has: %j', (tags, reason) => {
  expect(anEndpoint(manualClock(), { tags: ['gpu', 'eu'] }).unfit('m', 'chat', tags)).toBe(reason);
});

it('is a candidate for strategies, its load live', () => {
  const endpoint = anEndpoint(manualClock(), { name: 'eu', weight: 2, priority: 3, tags: ['fast'] });
  expect(endpoint).toMatchObject({ name: 'eu', weight: 2, priority: 3, tags: ['fast'], inFlight: 0, drained: false });
  endpoint.state.begin('m', 1, false);
  expect(endpoint.inFlight).toBe(1);
});

it('keeps what it learns by model, and by operation where there is none', () => {
  expect([healthKey('gpt-5', 'chat'), healthKey(undefined, 'files')]).toEqual(['gpt-5', '(files)']);
});
