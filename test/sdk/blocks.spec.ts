// A stream's bytes in blocks: an event with its blank line each, never less, none without end, however the network cut them.
import { describe, expect, it } from 'vitest';
import { isBadReply } from '../../src/errors.ts';
import { Blocks, bytesOf } from '../../src/sdk/blocks.ts';
import { fc, runs } from '../support/property.ts';

const encode = (text: string) => Buffer.from(text);

/** What comes of each piece, and of the end. */
function cut(pieces: readonly string[], limit?: number): string[][] {
  const blocks = new Blocks(limit);
  const came = pieces.map((piece) => {
    blocks.add(encode(piece));
    const found: string[] = [];
    for (let block = blocks.next(); block; block = blocks.next()) found.push(block.toString());
    return found;
  });
  const rest = blocks.rest();
  return rest ? [...came, [rest.toString()]] : came;
}

describe('bytesOf', () => {
  it.each<[string, unknown, string | undefined]>([
    ['bytes', new TextEncoder().encode('xa€').subarray(1), 'a€'],
    ['a buffer', Buffer.from('a'), 'a'],
    ['text', 'a€', 'a€'],
    ['an array buffer', new TextEncoder().encode('a€').buffer, 'a€'],
    ['nothing', null, undefined],
    ['something else', { a: 1 }, undefined],
  ])('takes %s', (_, chunk, text) => {
    expect(bytesOf(chunk)?.toString()).toBe(text);
  });
});

describe('Blocks', () => {
  it.each<[string, string[], string[][]]>([
    ['hands on at once what ends with a blank line', ['a\n\n', 'b\r\r'], [['a\n\n'], ['b\r\r']]],
    ['takes several apart', ['a\n\nb\r\n\r\nc\r\rd\n\n'], [['a\n\n', 'b\r\n\r\n', 'c\r\r', 'd\n\n']]],
    ['keeps what is not whole', ['a\n\nb', 'c\n\n'], [['a\n\n'], ['bc\n\n']]],
    ['joins the pieces of one event', ['da', 'ta', ': a\n', '\n', 'b\n\n'], [[], [], [], ['data: a\n\n'], ['b\n\n']]],
    ['knows a blank line that was cut', ['a\r\n', '\r\n', 'b\r', '\r'], [[], ['a\r\n\r\n'], [], ['b\r\r']]],
    ['waits for the other half of a line end', ['a\r\n\r', '\nb\n\n'], [[], ['a\r\n\r\n', 'b\n\n']]],
    ['waits for it one byte long', ['a\r\n\r', 'b\n\n'], [[], ['a\r\n\r', 'b\n\n']]],
    ['waits for none where they are no pairs', ['a\r\r', '\nb\r\r'], [['a\r\r'], ['\nb\r\r']]],
    ['takes the half of a line end for no line', ['a\r', '\nb\n', '\n'], [[], [], ['a\r\nb\n\n']]],
    ['knows mixed line ends', ['a\n\r\n', 'b\r\n\n', 'c\r\r\n'], [['a\n\r\n'], ['b\r\n\n'], ['c\r\r\n']]],
    ['takes one line end for no blank line', ['a\r\n', 'b\n', 'c\r', 'd\n\n'], [[], [], [], ['a\r\nb\nc\rd\n\n']]],
    ['gives blank lines alone', ['\n\n: a\n\n\n'], [['\n', '\n', ': a\n\n', '\n']]],
    ['gives the rest at the end', ['a\n\nb', 'c'], [['a\n\n'], [], ['bc']]],
    ['takes an empty piece for nothing', ['a\r', '', '\n', '\n'], [[], [], [], ['a\r\n\n']]],
    ['gives nothing of nothing', [], []],
  ])('%s', (_, pieces, blocks) => {
    expect(cut(pieces)).toEqual(blocks);
  });

  it('loses and changes no byte, and ends every block with its first blank line, however it is cut', () => {
    const parts = fc.array(fc.constantFrom('data: x', '\n', '\r', '\r\n', '\n\n', ': ka', '€'), { maxLength: 40 });
    fc.assert(
      fc.property(parts, fc.array(fc.nat(60), { maxLength: 10 }), (text, cuts) => {
        const whole = text.join('');
        const places = [0, ...cuts.map((at) => Math.min(at, whole.length)).sort((a, b) => a - b), whole.length];
        const pieces = places.slice(1).map((to, i) => whole.slice(places[i], to));
        const blocks = cut(pieces);
        expect(blocks.flat().join('')).toBe(whole);
        const ended = /^\n?(?:[^\r\n]+(?:\r\n|\n|\r))*(?:\r\n|\n|\r)$/;
        for (const block of blocks.slice(0, pieces.length).flat()) expect(block).toMatch(ended);
        const rest = blocks[pieces.length]?.[0] ?? '';
        expect(rest).not.toMatch(/\n\n|\n\r.|\r\r/s);
      }),
      runs(500),
    );
  });

  it('refuses an event larger than the limit and blames the endpoint', () => {
    const blocks = new Blocks(10);
    blocks.add(encode('a\n\n12345'));
    expect([blocks.next()?.toString(), blocks.next()]).toEqual(['a\n\n', undefined]);
    blocks.add(encode('67890'));
    expect(blocks.next()).toBeUndefined();
    blocks.add(encode('!'));
    const error = (() => {
      try {
        return blocks.next();
      } catch (thrown) {
        return thrown;
      }
    })();
    expect([isBadReply(error), (error as Error).message]).toEqual([
      true,
      'An event of the stream is larger than 10 bytes.',
    ]);
  });

  it('counts each event for itself', () => {
    expect(cut(['12345678\n\n', '12345678\n\n1234', '5678\n\n'], 10).flat()).toHaveLength(3);
  });

  it.each([
    ['newlines', '\n'],
    ['returns', '\r'],
  ])('many small pieces and many lines that end with %s cost what they weigh', (_, end) => {
    const blocks = new Blocks();
    const piece = encode('x');
    const early: unknown[] = [];
    for (let i = 0; i < 100_000; i++) {
      blocks.add(piece);
      const block = blocks.next();
      if (block) early.push(block);
    }
    expect(early).toEqual([]);
    blocks.add(encode(`y${end}`.repeat(300_000) + end));
    expect(blocks.next()?.byteLength).toBe(700_001);
  });
});
