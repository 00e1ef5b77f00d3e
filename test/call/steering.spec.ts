// What steers a call, from several sides at once.
import { describe, expect, it } from 'vitest';
import { joined, missingTags, type Steering, tagSet, unsteered } from '../../src/call/steering.ts';

describe('steering', () => {
  it.each<[string, Steering, Steering, Steering]>([
    ['nothing and nothing', unsteered, unsteered, unsteered],
    ['nothing outside', unsteered, { tags: ['a'], session: 's' }, { tags: ['a'], session: 's' }],
    ['nothing inside', { tags: ['a'], endpoint: 'x' }, unsteered, { tags: ['a'], endpoint: 'x' }],
    [
      'what is said inside counts',
      { tags: [], endpoint: 'x' },
      { tags: [], endpoint: 'y' },
      { tags: [], endpoint: 'y' },
    ],
    [
      'what is left open inside stays',
      { tags: [], session: 's', importance: 'low' },
      { tags: [], session: 't', importance: undefined },
      { tags: [], session: 't', importance: 'low' },
    ],
    ['tags add up', { tags: ['b', 'c'] }, { tags: ['a', 'b'] }, { tags: ['a', 'b', 'c'] }],
  ])('%s', (_, outer, inner, both) => {
    expect(joined(outer, inner)).toEqual(both);
  });

  it('has each tag once, in one order', () => {
    expect(tagSet(['b', 'a', 'b'])).toEqual(['a', 'b']);
    expect(tagSet([])).toBe(unsteered.tags);
  });

  it('knows which tags are missing', () => {
    expect([missingTags(['a', 'b'], ['b', 'c']), missingTags([], ['b']), missingTags(['a'], [])]).toEqual([
      ['a'],
      [],
      ['a'],
    ]);
  });
});
