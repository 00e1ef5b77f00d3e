// Failures that come all at once are spread over turns of the event loop, in order, and none is forgotten.
import { describe, expect, it } from 'vitest';
import { turnstile } from '../../src/endpoint/turnstile.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a turnstile', () => {
  it('lets a few pass at once', () => {
    const pass = turnstile();
    const seen: number[] = [];
    for (let n = 0; n < 64; n++) pass(() => seen.push(n));
    expect(seen).toHaveLength(64);
  });

  it('lets no more than those pass in one turn, and all of them in the end, in order', async () => {
    const pass = turnstile();
    const seen: number[] = [];
    for (let n = 0; n < 200; n++) pass(() => seen.push(n));
    for (const so of [64, 128, 192, 200]) {
      expect(seen).toHaveLength(so);
      await turn();
    }
    expect(seen).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });

  it('counts those that were held back in the turn they pass in', async () => {
    const pass = turnstile();
    const seen: string[] = [];
    for (let n = 0; n < 100; n++) pass(() => seen.push('first'));
    await turn();
    for (let n = 0; n < 100; n++) pass(() => seen.push('later'));
    expect(seen).toHaveLength(128);
    await turn();
    expect(seen).toHaveLength(192);
    await turn();
    expect(seen).toHaveLength(200);
  });

  it('is free again after a quiet turn', async () => {
    const pass = turnstile();
    let seen = 0;
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 64; n++) pass(() => (seen += 1));
      expect(seen).toBe(64 * (round + 1));
      await turn();
      await turn();
    }
  });
});
