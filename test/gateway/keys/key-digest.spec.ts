// A connection's key is worked out once, and no other key is ever taken for it.
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { digestOf } from '../../../src/gateway/keys/key-digest.ts';

const sha = (key: string) => createHash('sha256').update(key).digest('hex');

it('is the SHA-256 of the key that came, whatever came before by the same connection or by others', () => {
  const [one, other] = [{}, {}];
  const asked: [string, object | undefined][] = [
    ...([
      ['a', one],
      ['a', one],
      ['b', one],
      ['a', other],
      ['b', other],
      ['a', one],
      ['a', undefined],
    ] as const),
  ].map(([key, connection]) => [key, connection]);
  expect(asked.map(([key, connection]) => digestOf(key, connection))).toEqual(asked.map(([key]) => sha(key)));
});
