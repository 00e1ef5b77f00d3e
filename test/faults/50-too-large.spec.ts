// Row 50: what an endpoint sends is far too much: bombs, endless headers, an event without end. What it may cost.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Script, Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, read, servedBy } from '../support/calls.ts';
import { runChild } from '../support/child.ts';
import { openStage } from '../support/stage.ts';
import { row } from './row.ts';

const BOMB = new URL('./children/bomb.ts', import.meta.url);
const MIB = 1_048_576;
/** The longest event. */
const EVENT = 64 * MIB;
/** `maxResponseBytes` where memory is measured: half of the default, and enough to tell it from noise. */
const LIMIT = 128 * MIB;

/** A reply that was compressed by hand. */
const zipped = (status: number, type: string, text: string): Step => ({
  status,
  body: gzipSync(text, { level: 1 }),
  headers: { 'content-type': type, 'content-encoding': 'gzip' },
});
/** An event of 72 MiB, in 0.3 MiB. */
const zippedEvent = () => zipped(200, 'text/event-stream', `data: ${'a'.repeat(72 * MIB)}`);

const verdict =
  'bombs, endless headers and endless events fail over and count; a large answer that is none is the call’s own error';

row(50, 'far too much: compressed bombs, a body of a gigabyte, endless headers, an event without end', verdict, () => {
  describe('a compressed bomb is a failure of its endpoint, the next one answers', () => {
    it.each<['gzip' | 'br' | 'deflate']>([['gzip'], ['br'], ['deflate']])('%s', async (encoding) => {
      const bomb: Step = { step: 'bomb', bytes: 4 * MIB, encoding };
      await using stage = await openStage({ a: [bomb], b: [] }, { maxResponseBytes: MIB });
      expect(servedBy(await chat(stage.client))).toBe('b');
      expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 1]);
      expect(stage.state('a')).toMatchObject({ failures: 1, breaker: 'closed', cooldowns: [], inFlight: 0 });
      await stage.servers.a.until(({ inFlight }) => inFlight === 0);
    });
  });

  it('a bomb alone: an APIConnectionError that names the limit', async () => {
    const script: Script = { step: 'bomb', bytes: 4 * MIB, times: Number.POSITIVE_INFINITY };
    await using stage = await openStage({ a: script }, { maxResponseBytes: MIB, maxRetries: 0 });
    const error = await failure(chat(stage.client));
    expect([error.constructor.name, error.message]).toEqual([
      'APIConnectionError',
      expect.stringContaining(`maxResponseBytes (${MIB} bytes)`),
    ]);
  });

  it('a large answer that is no bomb: the call’s own error after one request, and nobody’s fault', async () => {
    await using stage = await openStage({ a: ['huge-body'], b: [] }, { maxResponseBytes: MIB });
    const error = await failure(chat(stage.client));
    expect([error.constructor.name, error.message]).toEqual([
      'OpenAIError',
      expect.stringContaining('maxResponseBytes'),
    ]);
    await stage.servers.a.until(({ inFlight }) => inFlight === 0);
    expect([stage.servers.a.requests[0]?.aborted, stage.servers.b.calls]).toEqual([true, 0]);
    expect(stage.state('a')).toMatchObject({ failures: 0, excluded: null, cooldowns: [], inFlight: 0 });
  });

  it('an event without end: fails over before the first content, throws after it, counts both times', async () => {
    const said = { choices: [{ index: 0, delta: { content: 'so far' }, finish_reason: null }] };
    const endless = `data: ${'a'.repeat(65 * MIB)}`;
    await using stage = await openStage({
      a: [
        { step: 'huge-line', bytes: 66 * MIB },
        { stream: [said, endless], endMarker: false },
      ],
      b: [{ stream: 2 }],
    });
    expect((await read(await chatStream(stage.client))).text).toBe('b-0 b-1 ');
    const { text, error } = await read(await chatStream(stage.client));
    expect([text, (error as Error).constructor.name, (error as Error).message]).toEqual([
      'so far',
      'APIConnectionError',
      `An event of the stream is larger than ${EVENT} bytes.`,
    ]);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([2, 1]);
    expect(stage.state('a')).toMatchObject({ failures: 2, inFlight: 0 });
  });

  it('headers without end: fails over and counts', async () => {
    await using stage = await openStage({ a: ['header-flood', { step: 'header-flood', bytes: 20_000 }], b: [] });
    for (const _ of [1, 2]) expect(servedBy(await chat(stage.client))).toBe('b');
    expect([stage.servers.a.calls, stage.state('a').failures]).toEqual([2, 2]);
    await stage.servers.a.until(({ inFlight }) => inFlight === 0);
  });

  describe('memory grows by at most twice the limit', () => {
    const warm = { times: 3 } as const;
    it.each<[what: string, kind: string, step: () => Step, most: number, verdicts: string[]]>([
      ['a bomb as an answer', 'json', () => ({ step: 'bomb', bytes: 512 * MIB }), 2 * LIMIT, ['a bad-reply', 'b ok']],
      [
        'a bomb in an error’s body: judged by its status',
        'json',
        () => zipped(500, 'text/plain', 'a'.repeat(48 * MIB)),
        40 * MIB,
        ['a server-error', 'b ok'],
      ],
      ['a bomb in a stream', 'stream', zippedEvent, 2 * EVENT, ['a bad-reply', 'b ok']],
    ])('%s', async (_, kind, step, most, verdicts) => {
      await using stage = await openStage({ a: [{ step: 'ok', ...warm }, step()], b: [] }, { maxResponseBytes: LIMIT });
      const result = await runChild<{ verdicts: string[]; grown: number }>(BOMB, { options: stage.options, kind });
      expect(result.verdicts).toEqual(verdicts);
      expect(result.grown).toBeLessThan(most / MIB);
    });

    it('a file’s content, however large, is handed on unread', async () => {
      const file = (size: number) => zipped(200, 'application/octet-stream', 'a'.repeat(size));
      await using stage = await openStage(
        { a: [{ ...(file(10) as object), ...warm } as Step, file(128 * MIB)], b: [] },
        { maxResponseBytes: MIB },
      );
      const result = await runChild<{ bytes: number; grown: number; verdicts: string[] }>(BOMB, {
        options: stage.options,
        kind: 'file',
      });
      expect([result.bytes, result.verdicts]).toEqual([128 * MIB, ['a ok']]);
      expect(result.grown).toBeLessThan(64);
    });
  });
});
