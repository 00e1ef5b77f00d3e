// Buffered bodies within a limit, and what the bytes of a stream show.
import { OpenAIError } from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { isBadReply, isCallersLimit } from '../../src/errors.ts';
import { limitBody } from '../../src/sdk/bounded-body.ts';
import { tapStream } from '../../src/sdk/stream-tap.ts';
import { manualClock } from '../../src/testing/index.ts';
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

describe('tapStream', () => {
  async function read(chunks: readonly (string | Uint8Array)[], pause = 0) {
    const clock = manualClock();
    const { response: made, cancel } = response(
      chunks.map((chunk) => (typeof chunk === 'string' ? encode(chunk) : chunk)),
    );
    const tap = tapStream(made, clock);
    const reader = made.body!.getReader();
    const times: number[] = [];
    for (;;) {
      await clock.advance(pause);
      const { done } = await reader.read();
      if (done) break;
      times.push(tap.lastByteAt());
    }
    return { tap, times, cancel, reader, made };
  }

  it.each<[string, string[], boolean]>([
    ['at the end', ['data: {"a":1}\n\n', 'data: [DONE]\n\n'], true],
    ['without a blank', ['data: {}\n\ndata:[DONE]\n\n'], true],
    ['with other line ends', ['data: {}\r\n\r\ndata: [DONE]\r\n\r\n'], true],
    ['alone', ['data: [DONE]\n\n'], true],
    ['without its line end', ['data: {}\n\n', 'data: [DONE]'], true],
    ['cut in two', ['data: {}\n\ndata: [DO', 'NE]\n\n'], true],
    ['with keep-alives after it', [`data: {}\n\ndata: [DONE]\n\n${': ka\n\n'.repeat(20)}`], true],
    ['at the start of a long read', ['data: {}\n\n', `data: [DONE]\n\n${': ka\n\n'.repeat(20)}`], true],
    ['cut in two, before a long read', ['data: {}\n\ndata: [D', `ONE]\n\n${': ka\n\n'.repeat(20)}`], true],
    ['never', ['data: {"a":1}\n\n'], false],
    ['inside of a text', ['data: {"a":"\\ndata: [DONE]"}\n\n'], false],
    ['inside of a text that a read begins with', ['data: {"a":"', 'data: [DONE]"}\n\n'], false],
    ['inside of a text that a long read begins with', ['data: {"a":"', `data: [DONE]${'x'.repeat(100)}"}\n\n`], false],
    ['as a field of another name', ['xdata: [DONE]\n\n'], false],
    ['in an empty stream', [], false],
  ])('sees [DONE] %s', async (_, chunks, seen) => {
    expect((await read(chunks)).tap.sawDone()).toBe(seen);
  });

  it('sees [DONE] however the bytes are cut, and only then', async () => {
    const text = 'data: {"choices":[{"delta":{"content":"€ data: [DONE]"}}]}\n\ndata: [DONE]\n\n';
    const bytes = encode(text);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: bytes.length }),
        fc.boolean(),
        async (cuts, ends) => {
          const end = ends ? bytes.length : bytes.length - 15;
          const places = [0, ...cuts.filter((cut) => cut < end).sort((a, b) => a - b), end];
          const { tap } = await read(places.slice(1).map((to, i) => bytes.slice(places[i], to)));
          expect(tap.sawDone()).toBe(ends);
        },
      ),
      runs(100),
    );
  });

  it.each<[what: string, chunks: string[], object: string | undefined]>([
    ['an object in place of a stream', ['{"error":', '{"code":"€"}}'], '{"error":{"code":"€"}}'],
    ['nothing of a stream', ['data: {}\n\n', '{"a":1}'], undefined],
    ['nothing of a page', ['<html>{}</html>'], undefined],
    ['nothing of nothing', [], undefined],
  ])('keeps %s', async (_, chunks, object) => {
    expect((await read(chunks)).tap.object()).toBe(object);
  });

  it('keeps 1 MiB of an object, and not much more', async () => {
    const { tap } = await read(['{', ...Array.from({ length: 30 }, () => 'x'.repeat(100_000))]);
    expect(tap.object()?.length).toBeLessThan(1_200_000);
  });

  it('knows when something last came', async () => {
    expect((await read(['data: 1\n\n', 'data: 2\n\n', ': ka\n\n'], 1_000)).times).toEqual([1_000, 2_000, 3_000]);
  });

  it('lets comments alone keep a stream alive for 15 min, an event begins anew', async () => {
    const minute = 60_000;
    const comments = Array.from({ length: 20 }, () => ': ka\n\n');
    const { times } = await read([...comments, 'data: {}\n\n', ...comments], minute);
    const inMinutes = times.map((ms) => ms / minute);
    expect(inMinutes.slice(0, 20)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 14, 14, 14, 14, 14, 14]);
    expect(inMinutes.slice(20, 35)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35]);
    expect(inMinutes.at(-1)).toBe(35);
  });

  it('hands bytes, errors and cancelling through', async () => {
    const { response: made, cancel } = response([encode('a'), encode('b')]);
    tapStream(made, manualClock());
    const reader = made.body!.getReader();
    expect(made.body!.locked).toBe(true);
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('a');
    await reader.cancel('enough');
    expect(cancel.mock.calls).toEqual([['enough']]);
    await reader.closed;
    reader.releaseLock();
    expect(made.body!.locked).toBe(false);
    const broken = new Response(
      new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) }),
    );
    tapStream(broken, manualClock());
    await expect(broken.body!.getReader().read()).rejects.toThrow('terminated');
    const whole = response([encode('a')]);
    tapStream(whole.response, manualClock());
    await whole.response.body!.cancel('all');
    expect(whole.cancel.mock.calls).toEqual([['all']]);
  });

  it('bears a response without a body', () => {
    const tap = tapStream(new Response(null), manualClock());
    expect([tap.sawDone(), tap.lastByteAt()]).toEqual([false, 0]);
  });
});
