// Who owns which id, and what is forgotten.
import { beforeEach, expect, it } from 'vitest';
import { Affinity } from '../../src/affinity/affinity.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';

const DAY = 24 * 60 * 60_000;
let clock: ManualClock;
let affinity: Affinity;
beforeEach(() => {
  clock = manualClock();
  affinity = new Affinity(clock);
});

it('leads an id back to the endpoint that handed it out, the last one to do so', () => {
  affinity.learn(['file-1', 'file-2'], 'a');
  affinity.learn(['file-2'], 'b');
  expect(['file-1', 'file-2', 'file-3'].map((id) => affinity.ownerOf(id))).toEqual(['a', 'b', undefined]);
});

it('remembers 50,000 ids and forgets the one used longest ago', () => {
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
  affinity.learn(['first', 'second'], 'a');
  affinity.learn(['first'], 'a');
  for (let i = 0; i < 49_999; i++) affinity.learn([`id-${i}`], 'b');
  expect([affinity.ownerOf('first'), affinity.ownerOf('second')]).toEqual(['a', undefined]);
});

it('forgets an id 30 days after its last use', async () => {
  affinity.learn(['used', 'unused'], 'a');
  await clock.advance(20 * DAY);
  expect(affinity.ownerOf('used')).toBe('a');
  await clock.advance(10 * DAY - 1);
  expect([affinity.ownerOf('used'), affinity.ownerOf('unused')]).toEqual(['a', 'a']);
  await clock.advance(30 * DAY);
  expect([affinity.ownerOf('used'), affinity.ownerOf('unused')]).toEqual([undefined, undefined]);
});

it('remembers no id that is longer than any id is', () => {
  affinity.learn(['x'.repeat(513), 'y'.repeat(512)], 'a');
  expect([affinity.ownerOf('x'.repeat(513)), affinity.ownerOf('y'.repeat(512))]).toEqual([undefined, 'a']);
});

it('finds what it knows, and nothing else, at once', async () => {
  affinity.learn(['file-1'], 'a');
  expect([await affinity.find('file-1'), await affinity.find('file-2')]).toEqual(['a', undefined]);
});
