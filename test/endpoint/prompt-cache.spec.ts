// Whether an endpoint caches prompts, as far as its replies tell.
import { expect, it } from 'vitest';
import { PromptCache } from '../../src/endpoint/prompt-cache.ts';

const TEN_MINUTES = 600_000;
const missed = (cache: PromptCache, times: number, now = 0) => {
  for (let reply = 0; reply < times; reply++) cache.note(false, now);
};

it('is unknown until a reply says that a prompt was in it, or eight in a row that none was', () => {
  const cache = new PromptCache();
  expect(cache.works({ now: 0 })).toBeUndefined();
  missed(cache, 7);
  expect(cache.works({ now: 0 })).toBeUndefined();
  missed(cache, 1);
  expect(cache.works({ now: 0 })).toBe(false);
  cache.note(true, 0);
  expect(cache.works({ now: 0 })).toBe(true);
});

it('works although single prompts were not in it', () => {
  const cache = new PromptCache();
  cache.note(true, 0);
  missed(cache, 7);
  expect(cache.works({ now: 0 })).toBe(true);
  cache.note(true, 0);
  missed(cache, 7);
  expect(cache.works({ now: 0 })).toBe(true);
  missed(cache, 1);
  expect(cache.works({ now: 0 })).toBe(false);
});

it.each([true, false])('is looked for anew after ten minutes: %s', (cached) => {
  const cache = new PromptCache();
  if (cached) cache.note(true, 1_000);
  else missed(cache, 20, 1_000);
  expect(cache.works({ now: TEN_MINUTES + 999 })).toBe(cached);
  expect(cache.works({ now: TEN_MINUTES + 1_000 })).toBeUndefined();
  missed(cache, 7, TEN_MINUTES + 1_000);
  expect(cache.works({ now: TEN_MINUTES + 1_000 })).toBeUndefined();
});
