// The reading of a stream: what is noted of its bytes, when it is over, and what is left to the SDK's own decoder.
import { Stream } from 'openai/streaming';
import { describe, expect, it, vi } from 'vitest';
import { isBadReply } from '../../src/errors.ts';
import { EventReader } from '../../src/sdk/event-reader.ts';
import type { ByteKeeper } from '../../src/sdk/reading.ts';
import { manualClock } from '../../src/testing/index.ts';
import { fc, runs } from '../support/property.ts';

const encode = (text: string) => new TextEncoder().encode(text);

type Piece = string | Uint8Array | Error;

function replyOf(pieces: readonly Piece[]) {
  const cancel = vi.fn();
  const left = [...pieces];
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = left.shift();
        if (piece === undefined) controller.close();
        else if (piece instanceof Error) controller.error(piece);
        else controller.enqueue(typeof piece === 'string' ? encode(piece) : piece);
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
  return { response: new Response(body), cancel, left };
}

type Options = { bytes?: ByteKeeper; plain?: boolean; longest?: number };

function open(pieces: readonly Piece[], options: Options = {}, response?: Response) {
  const clock = manualClock();
  const made = replyOf(pieces);
  const reply = response ?? made.response;
  const controller = new AbortController();
  const sdk = vi.fn(() => Stream.fromSSEResponse<unknown>(reply, controller)[Symbol.asyncIterator]());
  const reader = new EventReader(reply, clock, sdk, options);
  const next = () =>
    new Promise<unknown>((resolve, reject) =>
      reader.pull({ came: resolve, ended: () => resolve('the end'), broke: reject }),
    );
  return { ...made, response: reply, reader, next, clock, controller, sdk };
}

/** All that comes, until the end or an error. */
async function all(next: () => Promise<unknown>): Promise<unknown[]> {
  const came: unknown[] = [];
  for (;;) {
    const event = await next().catch((error: unknown) => error);
    if (event === 'the end') return came;
    came.push(event);
    if (event instanceof Error) return came;
  }
}

const ONE = 'data: {"a":1}\n\n';
const TWO = 'data: {"a":2}\n\n';
const DONE = 'data: [DONE]\n\n';

describe('EventReader', () => {
  it.each<[string, Piece[], unknown[], boolean]>([
    ['takes plain events itself', [ONE, TWO, DONE], [{ a: 1 }, { a: 2 }], true],
    ['takes several of one piece', [ONE + TWO + DONE], [{ a: 1 }, { a: 2 }], true],
    ['takes a stream without a marker', [ONE, TWO], [{ a: 1 }, { a: 2 }], true],
    ['passes comments over', [`: ka\n\n${ONE}`, ': ka\n\n', 'id: 1\n\n', DONE], [{ a: 1 }], true],
    [
      'hands odd ones to the SDK, and all after it',
      [ONE, 'data: {"a":\ndata: 2}\n\n', ONE, DONE],
      [{ a: 1 }, { a: 2 }, { a: 1 }],
      false,
    ],
    [
      'hands a broken transfer to the SDK',
      [ONE, new TypeError('terminated')],
      [{ a: 1 }, new TypeError('terminated')],
      false,
    ],
  ])('%s', async (_, pieces, events, alone) => {
    const { next, sdk } = open(pieces);
    expect(await all(next)).toEqual(events);
    expect(sdk).toHaveBeenCalledTimes(alone ? 0 : 1);
  });

  it('leaves all to the SDK when it is asked for other events', async () => {
    const { next, sdk } = open([ONE, DONE], { plain: false });
    expect(await all(next)).toEqual([{ a: 1 }]);
    expect(sdk).toHaveBeenCalledOnce();
  });

  it.each([[true], [false]])('asks for no more than it needs (plain %s)', async (plain) => {
    const { next, left } = open([ONE, 'data: {', '"a":2}\n\n', DONE, 'data: x'], { plain });
    expect(left).toHaveLength(5);
    await next();
    expect(left).toHaveLength(4);
    await next();
    expect(left).toHaveLength(2);
    expect(await next()).toBe('the end');
    // Whether the transfer ends there as well.
    expect(left).toHaveLength(0);
  });

  it.each<[string, string[], boolean]>([
    ['at the end', ['data: {"a":1}\n\n', 'data: [DONE]\n\n'], true],
    ['without a blank', ['data: {}\n\ndata:[DONE]\n\n'], true],
    ['with other line ends', ['data: {}\r\n\r\ndata: [DONE]\r\n\r\n'], true],
    ['alone', ['data: [DONE]\n\n'], true],
    ['without its line end', ['data: {}\n\n', 'data: [DONE]'], true],
    ['cut in two', ['data: {}\n\ndata: [DO', 'NE]\n\n'], true],
    ['with keep-alives after it', [`data: {}\n\ndata: [DONE]\n\n${': ka\n\n'.repeat(20)}`], true],
    ['after an odd event', ['data: 1\ndata:\n\n', 'data: [DONE]\n\n'], true],
    ['never', ['data: {"a":1}\n\n'], false],
    ['inside of a text', ['data: {"a":"\\ndata: [DONE]"}\n\n'], false],
    ['inside of a text that a read begins with', ['data: {"a":"', 'data: [DONE]"}\n\n'], false],
    ['as a field of another name', ['xdata: [DONE]\n\n'], false],
    ['in an empty stream', [], false],
  ])('sees [DONE] %s', async (_, pieces, seen) => {
    for (const plain of [true, false]) {
      const { next, reader } = open(pieces, { plain });
      await all(next);
      expect([plain, reader.sawDone]).toEqual([plain, seen]);
    }
  });

  it('sees [DONE] however the bytes are cut, and only then', async () => {
    const bytes = encode('data: {"choices":[{"delta":{"content":"€ data: [DONE]"}}]}\n\ndata: [DONE]\n\n');
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: bytes.length });
    await fc.assert(
      fc.asyncProperty(cuts, fc.boolean(), async (places, ends) => {
        const end = ends ? bytes.length : bytes.length - 'data: [DONE]\n\n'.length;
        const at = [0, ...places.filter((place) => place < end).sort((a, b) => a - b), end];
        const { next, reader } = open(at.slice(1).map((to, i) => bytes.slice(at[i], to)));
        expect(await all(next)).toEqual([{ choices: [{ delta: { content: '€ data: [DONE]' } }] }]);
        expect(reader.sawDone).toBe(ends);
      }),
      runs(100),
    );
  });

  it.each([[true], [false]])(
    'is over with [DONE], whatever the server does with its connection (plain %s)',
    async (plain) => {
      const { next, cancel } = open([ONE, DONE, TWO], { plain });
      expect(await all(next)).toEqual([{ a: 1 }]);
      expect(cancel).toHaveBeenCalledOnce();
    },
  );

  it('sees the transfer out after [DONE], so that its connection serves again', async () => {
    let end: () => void = () => undefined;
    const cancel = vi.fn();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(encode(ONE + DONE));
        end = () => controller.close();
      },
      cancel,
    });
    const { next, clock } = open([], {}, new Response(body));
    expect(await all(next)).toEqual([{ a: 1 }]);
    await clock.advance(249);
    end();
    await clock.advance(10_000);
    expect(cancel).not.toHaveBeenCalled();
  });

  it('leaves a server that does not end the transfer soon after [DONE]', async () => {
    const cancel = vi.fn();
    const body = new ReadableStream<Uint8Array>({ start: (to) => to.enqueue(encode(ONE + DONE)), cancel });
    const { next, clock } = open([], {}, new Response(body));
    expect(await all(next)).toEqual([{ a: 1 }]);
    await clock.advance(249);
    expect(cancel).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(cancel).toHaveBeenCalledOnce();
  });

  it.each([[true], [false]])('refuses an event without end, and stops the transfer (plain %s)', async (plain) => {
    const { next, cancel } = open([`${ONE}12345`, '67890', '!'], { longest: 10, plain });
    expect(await next()).toEqual({ a: 1 });
    const error = await next().catch((thrown: unknown) => thrown);
    expect([isBadReply(error), cancel.mock.calls.length]).toEqual([true, 1]);
  });

  it('gives each block to whoever wants the bytes, and passes names without data over', async () => {
    const seen: [string, boolean][] = [];
    const bytes: ByteKeeper = {
      whole: () => undefined,
      came: (block, silent) => void seen.push([Buffer.from(block).toString(), silent]),
      mark: () => undefined,
    };
    const { next, sdk } = open([': ka\n\nevent: ping\n\n', ONE, DONE], { bytes });
    expect(await all(next)).toEqual([{ a: 1 }]);
    expect(seen).toEqual([
      [': ka\n\n', true],
      ['event: ping\n\n', true],
      [ONE, false],
      [DONE, false],
    ]);
    expect(sdk).not.toHaveBeenCalled();
  });

  it.each<[what: string, chunks: string[], object: string | undefined]>([
    ['an object in place of a stream', ['{"error":', '{"code":"€"}}'], '{"error":{"code":"€"}}'],
    ['nothing of a stream', ['data: {}\n\n', '{"a":1}'], undefined],
    ['nothing of a page', ['<html>{}</html>'], undefined],
    ['nothing of nothing', [], undefined],
  ])('keeps %s', async (_, chunks, object) => {
    const { next, reader } = open(chunks);
    await all(next);
    expect(reader.arrivals.object).toBe(object);
  });

  it('keeps 1 MiB of an object, and not much more', async () => {
    const { next, reader } = open(['{', ...Array.from({ length: 30 }, () => 'x'.repeat(100_000))]);
    await all(next);
    expect(reader.arrivals.object?.length).toBeLessThan(1_200_000);
    expect(reader.arrivals.bytes).toBe(3_000_001);
  });

  it('lets comments alone keep a stream alive for 15 min, an event begins anew', async () => {
    const minute = 60_000;
    const clock = manualClock();
    const { response } = replyOf([]);
    let send: (result: { value: Uint8Array; done: false }) => void = () => undefined;
    const read = () => new Promise<{ value: Uint8Array; done: false }>((resolve) => (send = resolve));
    Object.defineProperty(response, 'body', {
      value: { getReader: () => ({ read }) },
      configurable: true,
    });
    const reader = new EventReader(response, clock, () => {
      throw new Error('not asked');
    });
    const nobody = { came: () => undefined, ended: () => undefined, broke: () => undefined };
    reader.pull(nobody);
    const times: number[] = [];
    const comments = Array.from({ length: 20 }, () => ': ka\n\n');
    for (const piece of [...comments, 'data: {}\n\n', ...comments]) {
      await clock.advance(minute);
      send({ value: encode(piece), done: false });
      await clock.advance(0);
      times.push(reader.arrivals.lastByteAt / minute);
      if (piece.startsWith('data')) reader.pull(nobody);
    }
    expect(times.slice(0, 20)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 14, 14, 14, 14, 14, 14]);
    expect(times.slice(20, 35)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35]);
    expect(times.at(-1)).toBe(35);
  });

  it('is locked from the first read on, and can be cancelled before', async () => {
    const { response, next, reader, cancel } = open([ONE]);
    expect(response.body?.locked).toBe(false);
    await next();
    expect(response.body?.locked).toBe(true);
    await reader.leave();
    expect(cancel).toHaveBeenCalledOnce();
    const other = open([ONE]);
    await other.response.body?.cancel();
    expect(other.cancel).toHaveBeenCalledOnce();
  });

  it('breaks where somebody else reads the body', async () => {
    const { response } = replyOf([ONE]);
    response.body?.getReader();
    const { next } = open([], {}, response);
    await expect(next()).rejects.toThrow(TypeError);
  });

  it.each<[string, unknown[], unknown[]]>([
    ['text', [ONE, TWO], [{ a: 1 }, { a: 2 }]],
    ['array buffers', [encode(ONE).buffer, encode(DONE).buffer], [{ a: 1 }]],
    ['what is none', [ONE, 7], [{ a: 1 }, new TypeError('A body is made of bytes.')]],
  ])('bears a body of %s, as a fetch of the caller may give it', async (_, chunks, events) => {
    const { response } = replyOf([]);
    const left = [...chunks];
    const read = async () =>
      left.length > 0 ? { value: left.shift(), done: false } : { value: undefined, done: true };
    const value = { getReader: () => ({ read, cancel: async () => undefined, releaseLock: () => undefined }) };
    Object.defineProperty(response, 'body', { value, configurable: true });
    expect(await all(open([], {}, response).next)).toEqual(events);
  });

  it('refuses a reply without a body', () => {
    const error = (() => {
      try {
        return open([], {}, new Response(null));
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(isBadReply(error)).toBe(true);
  });
});
