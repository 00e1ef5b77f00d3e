// The headers of a reply, read in place: whatever undici hands over, a real `Headers` comes of it.
import { describe, expect, it } from 'vitest';
import { fastHeaders } from '../../src/transport/fast-headers.ts';

const letters = (text: string) => Buffer.from(text).toString('latin1');

describe('fastHeaders', () => {
  it('bears values that an older undici took for UTF-8', () => {
    const headers = fastHeaders({ 'x-model': '模型', 'x-two': ['a', 'б'] });
    expect([...headers]).toEqual([
      ['x-model', letters('模型')],
      ['x-two', letters('a, б')],
    ]);
    expect(new Headers(headers).has('x-model')).toBe(true);
  });
});
