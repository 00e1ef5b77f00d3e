// Bodies that can be read once: kept in memory up to 32 MiB, otherwise sent once, never empty.
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import type { FormBytes } from '../../src/call/form-bytes.ts';
import { isOneShot, makeReplayable, prepared } from '../../src/sdk/replayable.ts';
import { manualClock } from '../../src/testing/index.ts';

const MIB = 1_048_576;
const encode = (text: string) => new TextEncoder().encode(text);
const streamOf = (...texts: string[]) => ReadableStream.from(texts.map(encode)) as ReadableStream<Uint8Array>;
const textOf = async (body: unknown) => new Response(body as Uint8Array<ArrayBuffer>).text();

describe('isOneShot', () => {
  it.each<[string, unknown, boolean]>([
    ['a web stream', streamOf('x'), true],
    ['a Node stream', Readable.from(['x']), true],
    ['an async generator', (async function* () {})(), true],
    ['a blob', new Blob(['x']), false],
    ['a file', new File(['x'], 'x'), false],
    ['a form', new FormData(), false],
    ['bytes', new Uint8Array(1), false],
    ['an object', { a: 1 }, false],
    ['text', 'x', false],
    ['nothing', undefined, false],
    ['null', null, false],
  ])('%s: %s', (_, body, expected) => {
    expect(isOneShot(body)).toBe(expected);
  });
});

describe('makeReplayable', () => {
  it('leaves everything else as it is, the very same options', async () => {
    const options = { body: { model: 'x' }, headers: { a: 'b' } };
    const made = await makeReplayable(options);
    expect(made.options).toBe(options);
    expect(made.replay).toBe('free');
  });

  it.each([
    ['a web stream', () => streamOf('he', 'llo')],
    ['a Node stream', () => Readable.from([encode('he'), encode('llo')])],
    [
      'an async generator',
      async function* () {
        yield encode('he');
        yield encode('llo');
      },
    ],
  ])('reads %s once; it can be sent again and again', async (_, body) => {
    const given = { body: body() as unknown, headers: { 'content-type': 'audio/wav', 'x-a': '1' } };
    const { options, replay } = await makeReplayable(given);
    expect([replay, options.headers]).toEqual(['free', given.headers]);
    expect([await textOf(options.body), await textOf(options.body)]).toEqual(['hello', 'hello']);
  });

  it('reads an empty stream', async () => {
    const { options, replay } = await makeReplayable({ body: streamOf() as unknown });
    expect([replay, (options.body as Uint8Array).length]).toEqual(['free', 0]);
  });

  it('passes on what the stream throws', async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('no such file')) });
    await expect(makeReplayable({ body: broken })).rejects.toThrow('no such file');
  });
});

describe('a multipart body', () => {
  const BOUNDARY = 'x-boundary';
  const text = [
    `--${BOUNDARY}`,
    'Content-Disposition: form-data; name="model"',
    '',
    'whisper-1',
    `--${BOUNDARY}`,
    'Content-Disposition: form-data; name="file"; filename="a.txt"',
    'Content-Type: text/plain',
    '',
    'hello',
    `--${BOUNDARY}--`,
    '',
  ].join('\r\n');
  const type = `multipart/form-data; boundary=${BOUNDARY}`;

  const ALL: [string, unknown, (headers: unknown) => string | null][] = [
    ['a record', { 'Content-Type': type, 'x-a': '1' }, (h) => (h as Headers).get('x-a')],
    ['real headers', new Headers({ 'content-type': type, 'x-a': '1' }), (h) => (h as Headers).get('x-a')],
    [
      'the SDK’s bag',
      { values: new Headers({ 'content-type': type, 'x-a': '1' }), nulls: new Set() },
      (h) => (h as Headers).get('x-a'),
    ],
  ];

  it.each(ALL)('is kept as it came: %s', async (_, headers) => {
    const { options, replay } = await makeReplayable({
      body: streamOf(text.slice(0, 40), text.slice(40)) as unknown,
      headers,
    });
    const form = options.body as FormBytes;
    expect([replay, form.model, form.type, Buffer.from(form.bytes).toString()]).toEqual([
      ...['free', 'whisper-1', type, text],
    ]);
    expect(options.headers).toBe(headers);
  });

  it.each(ALL)(
    'that could be read in two ways becomes a form, whose own boundary is set later, with the other headers kept: %s',
    async (_, headers, kept) => {
      const { options, replay } = await makeReplayable({
        body: streamOf(
          text.slice(0, 40),
          text.slice(40).replace('Content-Type', 'X-A: 1\r\nX-A: 1\r\nContent-Type'),
        ) as unknown,
        headers,
      });
      const form = options.body as FormData;
      expect([replay, form.get('model')]).toEqual(['free', 'whisper-1']);
      const file = form.get('file') as File;
      expect([file.name, file.type, await file.text()]).toEqual(['a.txt', 'text/plain', 'hello']);
      expect([(options.headers as Headers).get('content-type'), kept(options.headers)]).toEqual([null, '1']);
    },
  );

  it('that cannot be understood is sent as the caller wrote it', async () => {
    const given = { body: streamOf('no form at all') as unknown, headers: { 'content-type': type } };
    const { options, replay } = await makeReplayable(given);
    expect([replay, options.headers, await textOf(options.body)]).toEqual(['free', given.headers, 'no form at all']);
  });
});

describe('a body larger than 32 MiB', () => {
  function large(chunks: number, cancel = vi.fn()) {
    const chunk = new Uint8Array(MIB).fill(1);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (sent++ < chunks) controller.enqueue(chunk);
          else controller.close();
        },
        cancel,
      },
      { highWaterMark: 0 },
    );
    return { body, cancel, read: () => sent };
  }

  it('is sent once, whole, without reading the rest beforehand', async () => {
    const { body, read } = large(40);
    const { options, replay } = await makeReplayable({ body: body as unknown });
    expect([replay, read()]).toEqual(['once', 33]);
    let size = 0;
    for await (const chunk of options.body as AsyncIterable<Uint8Array>) size += chunk.byteLength;
    expect(size).toBe(40 * MIB);
  });

  it('of exactly 32 MiB is kept', async () => {
    const { options, replay } = await makeReplayable({ body: large(32).body as unknown });
    expect([replay, (options.body as Uint8Array).length]).toEqual(['free', 32 * MIB]);
  });

  it('is closed when its sending is given up: no file stays open', async () => {
    const { body, cancel } = large(40);
    const { options } = await makeReplayable({ body: body as unknown });
    const reader = (options.body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await reader.cancel();
    await new Promise((resolve) => setImmediate(resolve));
    expect(cancel).toHaveBeenCalled();
  });
});

describe('a call that ends while its body is still read', () => {
  /** A source that would go on for ever, and says how much was taken from it and whether it was closed. */
  function endless() {
    const source = { taken: 0, closed: 0 };
    const chunk = new Uint8Array(1_024);
    const forms: Record<string, () => unknown> = {
      'a web stream': () =>
        new ReadableStream<Uint8Array>(
          {
            async pull(controller) {
              await new Promise((resolve) => setImmediate(resolve));
              source.taken += 1;
              controller.enqueue(chunk);
            },
            cancel() {
              source.closed += 1;
            },
          },
          { highWaterMark: 0 },
        ),
      'a Node stream': () =>
        new Readable({
          highWaterMark: 1,
          read() {
            setImmediate(() => {
              source.taken += 1;
              this.push(chunk);
            });
          },
          destroy: (error, done) => {
            source.closed += 1;
            done(error);
          },
        }),
      'an async generator': async function* () {
        try {
          for (;;) {
            await new Promise((resolve) => setImmediate(resolve));
            source.taken += 1;
            yield chunk;
          }
        } finally {
          source.closed += 1;
        }
      },
    };
    return { source, forms };
  }
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
  };

  it.each(['a web stream', 'a Node stream', 'an async generator'])('%s: aborted, no more is read', async (form) => {
    const { source, forms } = endless();
    const abort = new AbortController();
    const body = (forms[form] as () => unknown)();
    const promise = prepared({ body, signal: abort.signal }, true, 60_000, manualClock());
    await turns(10);
    abort.abort();
    await expect(promise).rejects.toMatchObject({ name: 'Error', message: 'Request was aborted.' });
    await turns(5);
    const { taken } = source;
    await turns(50);
    expect([source.taken - taken, source.closed]).toEqual([0, 1]);
  });

  it('out of time, a body that stalls is closed although its read is still pending', async () => {
    const clock = manualClock();
    const cancel = vi.fn();
    const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined), cancel });
    const destroyed = vi.fn();
    const node = new Readable({ read: () => undefined, destroy: (_, done) => done(void destroyed()) });
    const promises = [body, node].map((each) => prepared({ body: each as unknown }, true, 1_000, clock));
    const failed = Promise.all(promises.map((each) => expect(each).rejects.toThrow('timed out')));
    await clock.advance(1_000);
    await failed;
    expect([cancel.mock.calls.length, destroyed.mock.calls.length]).toEqual([1, 1]);
  });
});

it('reads a file from disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lbo-'));
  try {
    writeFileSync(join(folder, 'a.bin'), 'from disk');
    const { options, replay } = await makeReplayable({ body: createReadStream(join(folder, 'a.bin')) as unknown });
    expect([replay, await textOf(options.body)]).toEqual(['free', 'from disk']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
