// What goes up and comes down as bytes: uploads arrive whole, also at the second endpoint; binary answers stay binary.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ALL, ANSWER, ASK, type Bench, behaviour, MANY } from '../support/bench.ts';
import type { Reply } from '../support/upstream.ts';
import { apiError } from '../support/wire.ts';

const CONTENT = randomBytes(300_000);
const sha256 = createHash('sha256').update(CONTENT).digest('hex');
const WHOLE = { bytes: CONTENT.length, sha256 };
const LIMITED: Reply = { status: 429, headers: { 'retry-after': '20' }, json: apiError('busy') };

async function withFile<T>(run: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'lbo-upload-'));
  const path = join(folder, 'data.jsonl');
  await writeFile(path, CONTENT);
  return run(path).finally(() => rm(folder, { recursive: true }));
}

/** The ways to give the SDK a file. */
const SOURCES: Record<string, (bench: Bench, path: string) => Promise<unknown> | unknown> = {
  'a File': () => new File([CONTENT], 'data.jsonl'),
  'toFile(Buffer)': (bench) => bench.sdk.toFile(CONTENT, 'data.jsonl'),
  'fs.createReadStream': (_, path) => createReadStream(path),
  'a fetch Response': (bench) => bench.sdk.toFile(new Response(CONTENT), 'data.jsonl'),
};

/** Uploads and binary answers. */
export const uploads = [
  ...Object.entries(SOURCES).flatMap(([what, source]) => [
    behaviour(`${what} is uploaded whole`, ALL, (bench) =>
      withFile(async (path) => {
        const file = (await source(bench, path)) as File;
        const made = await bench.client().files.create({ purpose: 'batch', file });
        expect(made).toMatchObject({ received: { purpose: 'batch', file: { name: 'data.jsonl', ...WHOLE } } });
        expect(bench.seen[0]?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
      }),
    ),

    behaviour(`${what} is uploaded whole to the next endpoint when the first may not take it`, MANY, (bench) =>
      withFile(async (path) => {
        bench.failFirst(LIMITED);
        const file = (await source(bench, path)) as File;
        const made = await bench.client().files.create({ purpose: 'batch', file });
        expect(made).toMatchObject({ received: { purpose: 'batch', file: { name: 'data.jsonl', ...WHOLE } } });
        expect(bench.seen).toHaveLength(2);
      }),
    ),

    behaviour(`${what} is transcribed by the next endpoint when the first is broken, model mapped`, MANY, (bench) =>
      withFile(async (path) => {
        bench.failFirst({ status: 500, json: apiError('broken') });
        const file = (await source(bench, path)) as File;
        const client = bench.client({}, (i) => (i === 1 ? { modelMap: { 'whisper-1': 'my-whisper' } } : {}));
        const text = await client.audio.transcriptions.create({ model: 'whisper-1', file });
        expect(text).toMatchObject({ text: ANSWER, received: { model: 'my-whisper', file: WHOLE } });
        expect(bench.seen).toHaveLength(2);
      }),
    ),

    behaviour(`${what} is uploaded whole past an endpoint that refuses connections`, MANY, (bench) =>
      withFile(async (path) => {
        await bench.upstreams[0]?.close();
        const file = (await source(bench, path)) as File;
        const made = await bench.client().files.create({ purpose: 'batch', file });
        expect(made).toMatchObject({ received: { file: WHOLE } });
      }),
    ),
  ]),

  behaviour('an async iterable is uploaded whole', ALL, async (bench) => {
    async function* pieces() {
      for (let at = 0; at < CONTENT.length; at += 100_000) yield CONTENT.subarray(at, at + 100_000);
    }
    const file = await bench.sdk.toFile(pieces(), 'data.jsonl');
    expect(await bench.client().files.create({ purpose: 'batch', file })).toMatchObject({ received: { file: WHOLE } });
  }),

  behaviour(
    'a streamed upload of more than 32 MiB never arrives cut: whole, or its first error',
    MANY,
    async (bench) => {
      const big = Buffer.alloc(33 * 1024 * 1024, 'x');
      const whole = { received: { file: { bytes: big.length } } };
      const folder = await mkdtemp(join(tmpdir(), 'lbo-upload-'));
      const path = join(folder, 'big.jsonl');
      await writeFile(path, big);
      try {
        const client = bench.client();
        expect(await client.files.create({ purpose: 'batch', file: createReadStream(path) })).toMatchObject(whole);
        bench.failFirst(LIMITED);
        // A version of the SDK that reads the file itself before sending can send it again.
        const again = await client.files
          .create({ purpose: 'batch', file: createReadStream(path) })
          .catch((e: Error) => e);
        if (!(again instanceof Error)) expect(again).toMatchObject(whole);
        else expect([again.constructor, bench.seen.length]).toEqual([bench.sdk.RateLimitError, 2]);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  ),

  behaviour('an upload in parts stays at one endpoint', ALL, async (bench) => {
    const client = bench.client();
    await client.chat.completions.create(ASK);
    const upload = await client.uploads.create({ bytes: 3, filename: 'a', mime_type: 'text/plain', purpose: 'batch' });
    const part = await client.uploads.parts.create(upload.id, {
      data: await bench.sdk.toFile(Buffer.from('abc'), 'a'),
    });
    const done = await client.uploads.complete(upload.id, { part_ids: [part.id] });
    expect(done.status).toBe('completed');
    expect(new Set(bench.seen.slice(1).map(({ name }) => name)).size).toBe(1);
  }),

  behaviour('several images in one edit arrive under their names', ALL, async (bench) => {
    const image = await Promise.all(
      ['a.png', 'b.png'].map((name) => bench.sdk.toFile(CONTENT, name, { type: 'image/png' })),
    );
    await bench.client().images.edit({ model: 'gpt-image-1', prompt: 'both', image });
    const form = await bench.seen[0]!.form();
    expect(form.getAll('image[]').map((file) => [(file as File).name, (file as File).size])).toEqual([
      ['a.png', CONTENT.length],
      ['b.png', CONTENT.length],
    ]);
    expect(form.get('prompt')).toBe('both');
  }),

  behaviour('images.generate answers JSON', ALL, async (bench) => {
    const made = await bench.client().images.generate({ model: 'gpt-image-1', prompt: 'x' });
    expect(Buffer.from(made.data?.[0]?.b64_json ?? '', 'base64').toString()).toBe('picture');
  }),

  behaviour('audio.speech answers a Response with the very bytes', ALL, async (bench) => {
    const sound = await bench.client().audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'x' });
    expect(sound).toBeInstanceOf(Response);
    expect(sound.headers.get('content-type')).toBe('audio/mpeg');
    expect([...new Uint8Array(await sound.arrayBuffer())]).toEqual([0, 1, 2, 250, 255]);
  }),

  behaviour('audio.speech fails over like any call', MANY, async (bench) => {
    bench.failFirst({ status: 500, json: apiError('broken') });
    const sound = await bench.client().audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'x' });
    expect((await sound.arrayBuffer()).byteLength).toBe(5);
    expect(bench.seen).toHaveLength(2);
  }),

  behaviour('files.content answers a Response, from the endpoint that has the file', ALL, async (bench) => {
    const client = bench.client();
    await client.chat.completions.create(ASK);
    const file = await client.files.create({ purpose: 'batch', file: new File(['{}'], 'a.jsonl') });
    const content = await client.files.content(file.id);
    expect((await content.arrayBuffer()).byteLength).toBe(5);
    expect(bench.seen.at(-1)?.name).toBe(bench.seen.at(-2)?.name);
  }),
];
