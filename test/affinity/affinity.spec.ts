// Who owns which id, and what is forgotten.
import { expect, it } from 'vitest';
import { Affinity } from '../../src/affinity/affinity.ts';

it('leads an id back to the endpoint that handed it out, the last one to do so', () => {
  const affinity = new Affinity();
  affinity.learn(['file-1', 'file-2'], 'a');
  affinity.learn(['file-2'], 'b');
  expect(['file-1', 'file-2', 'file-3'].map((id) => affinity.ownerOf(id))).toEqual(['a', 'b', undefined]);
});

it('remembers 50,000 ids and forgets the one used longest ago', () => {
  const affinity = new Affinity();
  affinity.learn(['first', 'second'], 'a');
  for (let i = 0; i < 49_998; i++) affinity.learn([`id-${i}`], 'b');
  expect(affinity.ownerOf('first')).toBe('a');
  affinity.learn(['one-more'], 'b');
  expect([affinity.ownerOf('first'), affinity.ownerOf('second'), affinity.ownerOf('id-0')]).toEqual([
    'a',
    undefined,
    'b',
  ]);
});

it('keeps an id that is handed out again', () => {
  const affinity = new Affinity();
  affinity.learn(['first', 'second'], 'a');
  affinity.learn(['first'], 'a');
  for (let i = 0; i < 49_999; i++) affinity.learn([`id-${i}`], 'b');
  expect([affinity.ownerOf('first'), affinity.ownerOf('second')]).toEqual(['a', undefined]);
});
