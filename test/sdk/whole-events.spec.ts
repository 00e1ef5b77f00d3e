// A stream's bytes in whole events: never less than what makes the next event, and none without end.
import { describe, expect, it, vi } from 'vitest';
import { isBadReply } from '../../src/errors.ts';
import { wholeEvents } from '../../src/sdk/whole-events.ts';
import { fc, runs } from '../support/property.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

function made(pieces: readonly string[], limit?: number) {
  const cancel = vi.fn();
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[pulled++];
        if (piece === undefined) controller.close();
        else controller.enqueue(encode(piece));
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
  const response = new Response(body);
  const bytesRead = wholeEvents(response, limit);
  const reader = response.body!.getReader();
  return {
    response,
    reader,
    cancel,
    bytesRead,
    read: async () => decode((await reader.read()).value),
    pulled: () => pulled,
  };
}

async function all(pieces: readonly string[], limit?: number): Promise<string[]> {
  const { reader } = made(pieces, limit);
  const read: string[] = [];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return read;
    read.push(decode(value));
  }
}

describe('wholeEvents', () => {
  it.each<[string, string[], string[]]>([
    ['hands on at once what ends with an event', ['a\n\n', 'b\r\r', 'c\r\n\r\n'], ['a\n\n', 'b\r\r', 'c\r\n\r\n']],
    ['hands on at once what holds the end of one', ['a\n\nb', 'c\n\n'], ['a\n\nb', 'c\n\n']],
    ['joins the pieces of one event', ['da', 'ta', ': a\n', '\n', 'b\n\n'], ['data: a\n\n', 'b\n\n']],
    [
      'knows a blank line that was cut',
      ['a\r\n', '\r\n', 'b\r', '\r', 'c\n\r', '\n'],
      ['a\r\n\r\n', 'b\r\r', 'c\n\r', '\n'],
    ],
    ['knows mixed line ends', ['a\n\r\n', 'b\r\n\n', 'c\r\r\n', 'd\n\r'], ['a\n\r\n', 'b\r\n\n', 'c\r\r\n', 'd\n\r']],
    ['takes one line end for no blank line', ['a\r\n', 'b\n', 'c\r', 'd\n\n'], ['a\r\nb\nc\rd\n\n']],
    ['gives the rest at the end', ['a\n\nb', 'c'], ['a\n\nb', 'c']],
    ['gives a rest in pieces as one', ['a', 'b', 'c'], ['abc']],
    ['gives nothing of nothing', [], []],
  ])('%s', async (_, pieces, events) => {
    expect(await all(pieces)).toEqual(events);
  });

  it('asks for no more than it needs', async () => {
    const { read, pulled, bytesRead } = made(['a', '\n\n', 'b\n\n', 'c']);
    expect([pulled(), await read(), pulled(), await read(), pulled()]).toEqual([0, 'a\n\n', 2, 'b\n\n', 3]);
    expect(bytesRead()).toBe(6);
  });

  it('loses and changes no byte, and leaves no whole event behind, however it is cut', async () => {
    const text = fc.array(fc.constantFrom('data: x', '\n', '\r', '\r\n', '\n\n', ': ka', '€'), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(60), { maxLength: 10 }), async (parts, cuts) => {
        const whole = parts.join('');
        const places = [0, ...cuts.map((cut) => Math.min(cut, whole.length)).sort((a, b) => a - b), whole.length];
        const pieces = places.slice(1).flatMap((to, i) => whole.slice(places[i], to) || []);
        const { reader, pulled } = made(pieces);
        let read = '';
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          read += decode(value);
          // What came so far and was not handed on holds no blank line.
          const held = pieces.slice(0, pulled()).join('').slice(read.length);
          expect(held).not.toMatch(/\n\n|\n\r|\r\r/);
        }
        expect(read).toBe(whole);
      }),
      runs(300),
    );
  });

  it('refuses an event larger than the limit, blames the endpoint and stops the transfer', async () => {
    const { read, cancel } = made(['a\n\n12345', '67890', '!'], 10);
    expect(await read()).toBe('a\n\n12345');
    const error = await read().catch((thrown: unknown) => thrown);
    expect([isBadReply(error), (error as Error).message]).toEqual([
      true,
      'An event of the stream is larger than 10 bytes.',
    ]);
    expect(cancel).toHaveBeenCalledOnce();
  });

  it('counts each event for itself', async () => {
    expect(await all(['12345678\n\n', '12345678\n\n1234', '5678\n\n'], 10)).toHaveLength(3);
  });

  it('many small pieces cost what they weigh', async () => {
    let left = 100_000;
    const read = async () => (left-- > 0 ? { done: false, value: encode('x') } : { done: true });
    const response = { body: { getReader: () => ({ read }) } } as unknown as Response;
    wholeEvents(response);
    const { value } = await response.body!.getReader().read();
    expect(value?.byteLength).toBe(100_000);
  });

  it('hands cancelling through, and says whether it is locked', async () => {
    const { response, reader, cancel } = made(['a']);
    expect(response.body!.locked).toBe(true);
    await reader.cancel('enough');
    await reader.closed;
    reader.releaseLock();
    expect([cancel.mock.calls, response.body!.locked]).toEqual([[['enough']], false]);
    const other = made(['a']);
    other.reader.releaseLock();
    await other.response.body!.cancel('all');
    expect(other.cancel.mock.calls).toEqual([['all']]);
    const none = new Response(null);
    wholeEvents(none);
    expect(none.body).toBeNull();
  });
});
