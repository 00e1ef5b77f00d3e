// Hashes of texts: the same in every release, far apart for neighbours, bounded in what they read.
import { expect, it } from 'vitest';
import { hashOf, hashText, mix } from '../../src/call/hash.ts';

it('is the same in every process and release: pools that run beside each other agree', () => {
  expect([mix(0), mix(1), mix(-1), mix(2 ** 32)]).toEqual([0, 1_364_076_727, 2_180_083_513, 0]);
  expect(hashOf('session-1')).toBe(mix(hashText('session-1')));
  expect(hashOf('openai-1')).toMatchInlineSnapshot(`2645410713`);
});

it('spreads texts that are nearly the same', () => {
  const counts = new Array<number>(16).fill(0);
  for (let index = 0; index < 16_000; index++) counts[hashOf(`openai-${index}`) >>> 28]! += 1;
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});

it('tells long texts apart by head, tail, length and letters between', () => {
  const text = 'abcdefghij'.repeat(10_000);
  const changed = (at: number) => `${text.slice(0, at)}#${text.slice(at + 1)}`;
  const step = Math.ceil((text.length - 1_024) / 512);
  const others = [
    changed(0),
    changed(511),
    changed(512 + 7 * step),
    changed(text.length - 1),
    `${text}a`,
    text.slice(1),
  ];
  expect(new Set([text, ...others].map((each) => hashText(each))).size).toBe(7);
});

it('goes on from what came before', () => {
  expect(hashText('b', hashText('a'))).not.toBe(hashText('a', hashText('b')));
  expect(hashText('', 1)).not.toBe(hashText('', 2));
});
