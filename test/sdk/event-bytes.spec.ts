import { describe, expect, it } from 'vitest';
import { blocksOf, EventBytes } from '../../src/sdk/event-bytes.ts';

const bytes = (text: string) => Buffer.from(text);
const texts = (blocks: readonly Uint8Array[]) => blocks.map((block) => Buffer.from(block).toString());

describe('blocksOf', () => {
  it.each([
    ['data: 1\n\ndata: 2\n\n', ['data: 1\n\n', 'data: 2\n\n']],
    ['data: 1\r\n\r\ndata: 2\r\n\r\n', ['data: 1\r\n\r\n', 'data: 2\r\n\r\n']],
    ['data: 1\r\rdata: 2\r\r', ['data: 1\r\r', 'data: 2\r\r']],
    ['data: 1\n\r\ndata: 2', ['data: 1\n\r\n', 'data: 2']],
    [': a\n\n\ndata: 1\n\n', [': a\n\n', '\n', 'data: 1\n\n']],
    ['', []],
  ])('%j', (text, blocks) => {
    expect(texts(blocksOf(bytes(text)))).toEqual(blocks);
  });

  it('loses no byte', () => {
    const text = '\r\n: x\n\ndata: a\r\ndata: b\n\r\nid: 1\r\rdata: cut';
    expect(texts(blocksOf(bytes(text))).join('')).toBe(text);
  });
});

describe('EventBytes', () => {
  async function reading(...chunks: string[]) {
    const events = new EventBytes();
    const response = new Response(ReadableStream.from(chunks.map(bytes)) as ReadableStream<Uint8Array>);
    events.split(response);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    return { events, read: async () => (await reader.read()).value };
  }

  it('gives each event what came before it', async () => {
    const { events, read } = await reading(': hi\n\ndata: 1\n\ndata: 2\n\n', 'data: [DONE]\n\n');
    await read();
    await read();
    events.mark();
    await read();
    events.mark();
    expect(await read()).toEqual(bytes('data: [DONE]\n\n'));
    expect(Buffer.from(events.all()).toString()).toBe(': hi\n\ndata: 1\n\ndata: 2\n\ndata: [DONE]\n\n');
    expect([events.next(), events.next(), events.rest(), events.next(), events.rest()].map(texts)).toEqual([
      [': hi\n\n', 'data: 1\n\n'],
      ['data: 2\n\n'],
      ['data: [DONE]\n\n'],
      [],
      [],
    ]);
    expect(await read()).toBeUndefined();
  });

  it('keeps no flood of comments for the event they stand before', async () => {
    const flood = Array.from({ length: 50 }, () => `:${'x'.repeat(10_000)}\n\n`);
    const { events, read } = await reading(...flood, 'data: 1\n\n');
    for (let piece = await read(); piece; piece = await read());
    events.mark();
    const kept = events.next();
    expect(kept.length).toBeLessThan(10);
    expect(texts(kept).at(-1)).toBe('data: 1\n\n');
  });

  it('takes no part of an event for a comment', async () => {
    const long = `: "${'x'.repeat(100_000)}"}\n\n`;
    const { events, read } = await reading('data: {"a"', long);
    await read();
    events.mark();
    expect(texts(events.next())).toEqual([`data: {"a"${long}`]);
  });

  it('lets comments pass while somebody waits, and nothing else', async () => {
    const { events, read } = await reading(': 1\n\n: 2\n\ndata: x\n\n: 3\n\n: 4\n\n');
    const passed: Uint8Array[] = [];
    await read();
    events.waiting((block) => passed.push(block));
    // It follows one that waits for its event: the order stays.
    await read();
    await read();
    events.mark();
    await read();
    expect(texts(passed)).toEqual([]);
    expect(texts(events.next())).toEqual([': 1\n\n', ': 2\n\n', 'data: x\n\n']);
    expect(texts(events.rest())).toEqual([': 3\n\n']);
    await read();
    expect(texts(passed)).toEqual([': 4\n\n']);
  });
});
