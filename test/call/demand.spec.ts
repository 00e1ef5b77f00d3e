// What a call will take of a rate limit, read off its body.
import { expect, it } from 'vitest';
import { Demand } from '../../src/call/demand.ts';

const tokens = (body: unknown) => new Demand(body).prompt;

it('counts the bytes of all texts, four to a token', () => {
  expect(tokens({ a: 'x'.repeat(399) })).toBe(100);
  expect(tokens({ messages: [{ role: 'user', content: 'x'.repeat(4_000) }] })).toBeGreaterThanOrEqual(1_000);
  expect(tokens({ messages: [{ role: 'user', content: 'x '.repeat(2_000) }] })).toBeLessThan(1_020);
  // Three bytes each.
  expect(tokens(`${'漢'.repeat(400)}`)).toBe(300);
  expect(tokens({ tools: [{ type: 'function', function: { description: 'y'.repeat(800) } }] })).toBeGreaterThan(200);
});

it('counts tokens given as numbers one by one', () => {
  expect(tokens({ input: Array(500).fill(17) })).toBeLessThan(510);
  expect(tokens({ input: Array(500).fill(17) })).toBeGreaterThanOrEqual(500);
});

it.each([
  ['a data URL', `data:image/png;base64,${'iVBORw0KGgo'.repeat(100_000)}`],
  ['bare base64', 'UklGRiQAAABXQVZF'.repeat(100_000)],
])('an attachment has a flat rate: %s', (_, url) => {
  const body = { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] };
  expect(tokens(body)).toBeLessThan(1_100);
  expect(tokens(body)).toBeGreaterThan(900);
});

it.each([
  ['nothing', undefined],
  ['null', null],
  ['a form', new FormData()],
  ['bytes', new Uint8Array(1_000_000)],
  ['a stream', new ReadableStream()],
])('%s has no prompt', (_, body) => {
  expect(tokens(body)).toBe(0);
});

it('ends on a body that holds itself, and survives a getter that throws', () => {
  const loop: Record<string, unknown> = { text: 'x'.repeat(400) };
  loop.a = loop;
  loop.b = [loop, loop];
  expect(tokens(loop)).toBeGreaterThan(0);
  const trap = Object.defineProperty({}, 'text', {
    enumerable: true,
    get() {
      throw new Error('no');
    },
  });
  expect(tokens(trap)).toBe(0);
});

it('is measured once, and not before somebody asks', () => {
  let asked = 0;
  const get = () => {
    asked += 1;
    return 'text';
  };
  const body = Object.defineProperty({}, 'text', { enumerable: true, get });
  const demand = new Demand(body);
  expect(asked).toBe(0);
  expect([demand.prompt, demand.prompt, asked]).toEqual([2, 2, 1]);
});

it.each([
  [{ max_tokens: 100 }, 100],
  [{ max_completion_tokens: 200, max_tokens: 100 }, 200],
  [{ max_output_tokens: 300 }, 300],
  [{ max_tokens: 100, n: 3 }, 300],
  [{ max_tokens: null }, undefined],
  [{ max_tokens: -1 }, undefined],
  [{}, undefined],
  ['text', undefined],
])('what may come back: %j', (body, most) => {
  expect(new Demand(body).most).toBe(most);
});
