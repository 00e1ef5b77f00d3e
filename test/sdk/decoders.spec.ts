// Our reading of event streams against the SDK's own decoder: the same bytes, cut in the same places, come to the same.
import { APIError } from 'openai';
import { Stream } from 'openai/streaming';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EventReader } from '../../src/sdk/event-reader.ts';
import { manualClock } from '../../src/testing/index.ts';
import { fc, runs } from '../support/property.ts';

type Pieces = readonly Uint8Array[];
const encode = (text: string) => new TextEncoder().encode(text);

/** @param broken how the transfer ends, if not well. */
function replyOf(pieces: Pieces, broken: unknown): Response {
  const left = [...pieces];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = left.shift();
      if (piece) controller.enqueue(piece);
      else if (broken) controller.error(broken);
      else controller.close();
    },
  });
  return new Response(body, { headers: { 'x-request-id': 'req_1' } });
}

/** What a reader saw: events, how it ended, and whether the SDK logged what it could not read. */
interface Seen {
  readonly events: unknown[];
  readonly error: unknown;
  readonly logged: unknown[];
}

const shown = (error: unknown) =>
  error instanceof APIError
    ? [error.constructor.name, error.message, error.status, error.error, error.headers?.get('x-request-id')]
    : [(error as Error).constructor.name, (error as Error).message];

const log = vi.fn();
beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(log));
afterEach(() => {
  vi.restoreAllMocks();
  log.mockReset();
});

async function seenBy(iterator: AsyncIterator<unknown>): Promise<Seen> {
  log.mockReset();
  const events: unknown[] = [];
  let error: unknown;
  try {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) events.push(next.value);
  } catch (thrown) {
    error = shown(thrown);
  }
  return { events, error, logged: log.mock.calls.filter(([said]) => !String(said).startsWith('From')) };
}

const sdkOf = (response: Response) =>
  Stream.fromSSEResponse<unknown>(response, new AbortController())[Symbol.asyncIterator]();

const theirs = (pieces: Pieces, broken?: unknown) => seenBy(sdkOf(replyOf(pieces, broken)));

function ours(pieces: Pieces, broken?: unknown): Promise<Seen> {
  const response = replyOf(pieces, broken);
  const reader = new EventReader(response, manualClock(), () => sdkOf(response));
  return seenBy({
    next: () =>
      new Promise((resolve, reject) =>
        reader.pull({
          came: (value) => resolve({ value, done: false }),
          ended: () => resolve({ value: undefined, done: true }),
          broke: reject,
        }),
      ),
  });
}

function piecesOf(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places
    .slice(1)
    .map((to, i) => bytes.slice(places[i], to))
    .filter(({ length }) => length > 0);
}

const CORPUS: Readonly<Record<string, string>> = {
  chat: 'data: {"choices":[{"delta":{"content":"a€😀"}}]}\n\ndata: {"choices":[]}\n\ndata: [DONE]\n\n',
  'with returns': ': hi\r\n\r\ndata: {"a":"é"}\r\n\r\nid: 1\r\nevent: x\r\ndata: {"b":2}\r\n\r\ndata: [DONE]\r\n\r\n',
  'with returns only': 'data: {"a":1}\r\rdata: {"b":2}\r\rdata: [DONE]\r\r',
  responses:
    'event: response.created\ndata: {"type":"response.created"}\n\nevent: x.y\ndata: {"type":"x.y","d":"ü"}\n\n',
  assistants: 'event: thread.created\ndata: {"id":"t"}\n\nevent: done\ndata: [DONE]\n\n',
  'an error event': 'data: {"a":1}\n\nevent: error\ndata: {"message":"no","code":"x"}\n\ndata: {"a":2}\n\n',
  'an error': 'data: {"a":1}\n\ndata: {"error":{"message":"no","type":"server_error"}}\n\n',
  'an error by word': 'data: {"error":"no"}\n\n',
  'data of several lines': 'data: {"a":\ndata: 1}\n\ndata: {"b":2}\n\n',
  'broken JSON': 'data: {"a":1}\n\ndata: {"a":€\n\ndata: {"b":2}\n\n',
  'a name without data': 'data: 1\n\nevent: ping\n\ndata: 2\n\n',
  'no last blank line': 'data: {"a":1}\n\ndata: {"b":2}',
  'a mark at the beginning': '\uFEFFdata: {"a":1}\n\ndata: "\uFEFF"\n\n\uFEFFdata: {"b":2}\n\n',
  'no stream': '{"error":{"message":"no"}}',
  'a page': '<html>\n\n<body>data: 1\n\n</body></html>',
  nothing: '',
};

/** Older SDKs take a return for a line end once they know what follows: a transfer that breaks there takes the event along. */
const isEarly = (bytes: Uint8Array) => /\r\r/.test(Buffer.from(bytes).toString('latin1'));
const waits = async () => (await theirs([encode('data: 1\r\r')], new TypeError('terminated'))).events.length === 0;

describe('the same bytes come to the same as in the SDK', () => {
  it.each(Object.entries(CORPUS))('%s, cut at every byte', async (_, text) => {
    const bytes = encode(text);
    const whole = await theirs([bytes].filter(({ length }) => length > 0));
    for (let at = 0; at <= bytes.length; at++) expect([at, await ours(piecesOf(bytes, [at]))]).toEqual([at, whole]);
    expect(await ours([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(whole);
  });

  it.each(Object.entries(CORPUS))('%s, broken off at every byte', async (_, text) => {
    const bytes = encode(text.split('[DONE]')[0] as string);
    const older = await waits();
    for (let end = 0; end < bytes.length; end++) {
      const broken = new TypeError('terminated');
      const pieces = piecesOf(bytes.slice(0, end), []);
      if (!(older && isEarly(bytes.slice(0, end))))
        expect([end, await ours(pieces, broken)]).toEqual([end, await theirs(pieces, broken)]);
      expect([end, await ours(pieces)]).toEqual([end, await theirs(pieces)]);
    }
  });

  const line = fc.oneof(
    fc.constantFrom(
      'data: {"a":1}',
      'data:{"€":"😀"}',
      'data: {"error":{"message":"x"}}',
      'data: {"a"',
      'data',
      'data:',
    ),
    fc.constantFrom(
      'event: thread.x',
      'event: error',
      'event:y',
      'event',
      ': ka',
      'id: 1',
      'retry: 9',
      '\uFEFFdata: 1',
      '',
    ),
    fc.json({ maxDepth: 2 }).map((json) => `data: ${json}`),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const text = fc
    .array(fc.tuple(line, fc.constantFrom('\n\n', '\n', '\r\n', '\r\n\r\n', '\n\n')), { maxLength: 12 })
    .map((lines) => lines.flat().join(''));
  const broken = fc.constantFrom(undefined, new TypeError('terminated'), new DOMException('stop', 'AbortError'));

  it('whatever they are, wherever they are cut, however they end', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(), { maxLength: 6 }), broken, async (said, cuts, end) => {
        const pieces = piecesOf(encode(said), cuts);
        fc.pre(!end || !said.includes('\r') || !(await waits()));
        expect(await ours(pieces, end)).toEqual(await theirs(pieces, end));
      }),
      runs(2_000),
    );
  });

  it('also what is no UTF-8', async () => {
    const garbled = fc.array(
      fc.oneof(fc.constant(encode('data: "')), fc.constant(encode('"\n\n')), fc.uint8Array({ maxLength: 6 })),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(garbled, fc.array(fc.nat(), { maxLength: 4 }), async (parts, cuts) => {
        const pieces = piecesOf(Buffer.concat([...parts, encode('\n\ndata: "')]), cuts);
        expect(await ours(pieces)).toEqual(await theirs(pieces));
      }),
      runs(1_000),
    );
  });
});
