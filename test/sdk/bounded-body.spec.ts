// Buffered bodies within a limit.
import { OpenAIError } from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { isBadReply, isCallersLimit } from '../../src/errors.ts';
import { limitBody } from '../../src/sdk/bounded-body.ts';
import { fc, runs } from '../support/property.ts';

const encode = (text: string) => new TextEncoder().encode(text);

function response(chunks: readonly Uint8Array[], headers: Record<string, string> = {}) {
  const cancel = vi.fn();
  const left = [...chunks];
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = left.shift();
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
  return { response: new Response(body, { headers }), cancel };
}

describe('limitBody', () => {
  const limited = (text: string, limit: number, headers: Record<string, string> = {}) => {
    const made = response([encode(text.slice(0, 3)), encode(text.slice(3))], headers);
    limitBody(made.response, limit);
    return made;
  };

  it('reads what is within the limit, to the last byte', async () => {
    expect(await limited('{"a":1}', 7).response.text()).toBe('{"a":1}');
    expect(await limited('{"a":1}', 7).response.json()).toEqual({ a: 1 });
  });

  it('refuses what is beyond it, stops the transfer, and blames nobody', async () => {
    const { response: large, cancel } = limited('{"a":1}', 6);
    const error: unknown = await large.json().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAIError);
    expect([isCallersLimit(error), isBadReply(error)]).toEqual([true, false]);
    expect((error as Error).message).toContain('maxResponseBytes (6 bytes)');
    expect(cancel).toHaveBeenCalledOnce();
  });

  it('blames the endpoint for a bomb: more than a hundred times what was transferred', async () => {
    const text = 'x'.repeat(3_000);
    const judged = async (contentLength: number) => {
      const headers = { 'content-encoding': 'gzip', 'content-length': String(contentLength) };
      return isBadReply(
        await limited(text, 2_000, headers)
          .response.text()
          .catch((thrown: unknown) => thrown),
      );
    };
    expect([await judged(29), await judged(30)]).toEqual([true, false]);
  });

  it.each([
    ['a bomb', () => new Uint8Array(16_384).fill(97), { 'content-encoding': 'gzip' }, true],
    ['an answer', () => encode(fc.sample(fc.lorem({ maxCount: 3_000 }), 1)[0]!), { 'content-encoding': 'br' }, false],
    ['what came as it is', () => new Uint8Array(16_384).fill(97), {}, false],
  ])('knows a bomb whose length nobody told: %s', async (_, bytes, headers, blamed) => {
    const { response: made } = response([bytes(), bytes()], headers as Record<string, string>);
    limitBody(made, 1);
    const error: unknown = await made.json().catch((thrown: unknown) => thrown);
    expect([isBadReply(error), isCallersLimit(error)]).toEqual([blamed, !blamed]);
  });

  it('stops at what a string can hold, whatever the limit', async () => {
    const huge = Buffer.alloc(2 ** 29);
    const { response: made } = response([huge, huge]);
    limitBody(made, Number.MAX_SAFE_INTEGER);
    expect(isCallersLimit(await made.text().catch((thrown: unknown) => thrown))).toBe(true);
  });

  it('costs nothing where the headers show that it is small', () => {
    const { response: small } = limited('{}', 10, { 'content-length': '2' });
    expect(Object.keys(Object.getOwnPropertyDescriptors(small))).not.toContain('text');
  });

  it.each([
    ['too large', { 'content-length': '11' }],
    ['compressed', { 'content-length': '2', 'content-encoding': 'gzip' }],
    ['not told', {}],
    ['nonsense', { 'content-length': 'many' }],
  ])('looks at the bytes where the length is %s', (_, headers) => {
    const { response: watched } = limited('{}', 10, headers as Record<string, string>);
    expect(Object.hasOwn(watched, 'text')).toBe(true);
  });

  it('rejects what is no JSON as JSON does, and an empty body too', async () => {
    await expect(limited('<html>', 99).response.json()).rejects.toBeInstanceOf(SyntaxError);
    await expect(limited('', 99).response.json()).rejects.toBeInstanceOf(SyntaxError);
    const none = new Response(null);
    limitBody(none, 1);
    expect(await none.text()).toBe('');
  });

  it('puts characters together that were cut, wherever', async () => {
    const text = '{"a":"€😀ä"}';
    const bytes = encode(text);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 6 }), async (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const { response: cut } = response(
          places
            .slice(1)
            .map((to, i) => bytes.slice(places[i], to))
            .filter(({ length }) => length > 0),
        );
        limitBody(cut, bytes.length);
        expect(await cut.text()).toBe(text);
      }),
      runs(50),
    );
  });

  it('leaves the response itself as it is', () => {
    const { response: made } = response([encode('x')], { a: 'b' });
    limitBody(made, 0);
    expect([made.headers.get('a'), Object.keys(made)]).toEqual(['b', []]);
  });
});
