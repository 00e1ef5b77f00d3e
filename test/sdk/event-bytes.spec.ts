import { describe, expect, it } from 'vitest';
import { Blocks } from '../../src/sdk/blocks.ts';
import { EventBytes } from '../../src/sdk/event-bytes.ts';
import { plainEvent, SILENT } from '../../src/sdk/plain-event.ts';

const bytes = (text: string) => Buffer.from(text);
const texts = (blocks: readonly Uint8Array[]) => blocks.map((block) => Buffer.from(block).toString());

describe('EventBytes', () => {
  function reading(...chunks: string[]) {
    const events = new EventBytes();
    const blocks = new Blocks();
    const left = [...chunks];
    const read = () => {
      let block = blocks.next();
      while (!block && left.length > 0) {
        blocks.add(bytes(left.shift() as string));
        block = blocks.next();
      }
      if (block) events.came(block, plainEvent(block) === SILENT);
      return block;
    };
    return { events, read };
  }

  it('gives each event what came before it', () => {
    const { events, read } = reading(': hi\n\ndata: 1\n\ndata: 2\n\n', 'data: [DONE]\n\n');
    read();
    read();
    events.mark();
    read();
    events.mark();
    expect(read()).toEqual(bytes('data: [DONE]\n\n'));
    expect(Buffer.from(events.all()).toString()).toBe(': hi\n\ndata: 1\n\ndata: 2\n\ndata: [DONE]\n\n');
    expect([events.next(), events.next(), events.rest(), events.next(), events.rest()].map(texts)).toEqual([
      [': hi\n\n', 'data: 1\n\n'],
      ['data: 2\n\n'],
      ['data: [DONE]\n\n'],
      [],
      [],
    ]);
    expect(read()).toBeUndefined();
  });

  it('keeps no flood of comments for the event they stand before', () => {
    const flood = Array.from({ length: 50 }, () => `:${'x'.repeat(10_000)}\n\n`);
    const { events, read } = reading(...flood, 'data: 1\n\n');
    for (let piece = read(); piece; piece = read());
    events.mark();
    const kept = events.next();
    expect(kept.length).toBeLessThan(10);
    expect(texts(kept).at(-1)).toBe('data: 1\n\n');
  });

  it('takes no part of an event for a comment', () => {
    const long = `: "${'x'.repeat(100_000)}"}\n\n`;
    const { events, read } = reading('data: {"a"', long);
    read();
    events.mark();
    expect(texts(events.next())).toEqual([`data: {"a"${long}`]);
  });

  it('lets comments pass while somebody waits, and nothing else', () => {
    const { events, read } = reading(': 1\n\n: 2\n\ndata: x\n\n: 3\n\n: 4\n\n');
    const passed: Uint8Array[] = [];
    read();
    events.waiting((block) => passed.push(block));
    // It follows one that waits for its event: the order stays.
    read();
    read();
    events.mark();
    read();
    expect(texts(passed)).toEqual([]);
    expect(texts(events.next())).toEqual([': 1\n\n', ': 2\n\n', 'data: x\n\n']);
    expect(texts(events.rest())).toEqual([': 3\n\n']);
    read();
    expect(texts(passed)).toEqual([': 4\n\n']);
  });
});
