// Large bodies that came in pieces: what is left out of them, and that every byte of the rest stays where it was.
import { describe, expect, it } from 'vitest';
import { ByteRope } from '../../src/call/byte-rope.ts';
import { Demand } from '../../src/call/demand.ts';
import { outlineOf } from '../../src/call/json-outline.ts';
import { JsonText } from '../../src/call/json-text.ts';

/** Numbers from 0 to 1, the same in each run. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The bytes of a value as they may come over the wire. */
function piecesOf(value: unknown, size: () => number, space = 0): Buffer[] {
  const bytes = Buffer.from(JSON.stringify(value, null, space));
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieces.at(-1)?.length as number)
    pieces.push(bytes.subarray(at, at + size()));
  return pieces;
}

function read(pieces: readonly Buffer[]): JsonText {
  const outline = outlineOf(new ByteRope(pieces));
  return JsonText.readLarge(pieces, outline as NonNullable<typeof outline>) as JsonText;
}

const written = ({ pieces }: JsonText) => JSON.parse(Buffer.concat(pieces).toString()) as unknown;

describe('the outline of a large body', () => {
  it('says what the body says but for its longest texts, however it was cut, and changes nothing of the bytes', () => {
    const random = chance(11);
    const up = (to: number) => Math.floor(random() * to);
    const long = () => {
      const length = up(60_000);
      const kinds = [
        `data:image/png;base64,${'A'.repeat(length)}`,
        'ü€😀\\"\n'.repeat(length / 8),
        '\\'.repeat(length),
        'x "quoted" \u0001'.repeat(length / 10),
      ];
      return kinds[up(kinds.length)];
    };
    for (let round = 0; round < 60; round++) {
      const value = {
        messages: [long(), { content: long(), model: 'of another' }],
        encrypted_content: long(),
        model: 'gpt-ü',
        last: long(),
      };
      const body = read(piecesOf(value, () => 1 + up(9_000), up(2)));
      expect(body.outline.model).toBe('gpt-ü');
      expect(body.outline.encrypted_content).toBe(value.encrypted_content);
      expect(written(body)).toEqual(value);
      const renamed = body.withModel('other "name"');
      expect(written(renamed)).toEqual({ ...value, model: 'other "name"' });
      expect(written(renamed.withMember('more', { a: 1 }))).toEqual({
        ...value,
        model: 'other "name"',
        more: { a: 1 },
      });
      expect(body.value).toEqual(value);
    }
  });

  it('holds hardly anything of a picture, tells pictures apart, and measures texts as long as they are', () => {
    const picture = (letter: string) => `data:image/png;base64,${'A'.repeat(500_000)}${letter.repeat(500_000)}`;
    const [one, other] = ['B', 'C'].map((letter) => read(piecesOf({ url: picture(letter) }, () => 65_536)));
    expect(String(one?.outline.url).length).toBeLessThan(3_000);
    expect(one?.outline.url).not.toBe(other?.outline.url);
    const prompt = (value: object) => {
      const { outline, unseen } = read(piecesOf(value, () => 65_536));
      return new Demand(outline, unseen).prompt;
    };
    const text = 'some words '.repeat(100_000);
    expect(prompt({ text }) / new Demand({ text }).prompt).toBeCloseTo(1, 2);
    expect(prompt({ url: picture('B') })).toBe(new Demand({ url: picture('B') }).prompt);
  });

  it('is none of a body whose last text has no end', () => {
    expect(outlineOf(new ByteRope([Buffer.from('{"a":"b')]))).toBeUndefined();
  });

  it('is none of bytes that are no text: the model would be named at another place', () => {
    const texts = [JSON.stringify('y'.repeat(70_000)), '"cheap","pad":"pppppppppp"'];
    const bytes = Buffer.concat([
      Buffer.from('{"x":"'),
      Buffer.alloc(9, 0xff),
      Buffer.from(`","y":${texts.join(',"model":')}}`),
    ]);
    expect(outlineOf(new ByteRope([bytes]))).toBeUndefined();
    expect(JsonText.read(bytes)?.withModel('own').value).toMatchObject({ model: 'own', pad: 'pppppppppp' });
  });

  it('takes another member in before the brace that ends it, in whichever piece that is', () => {
    const pieces = [`{"y":"${'z'.repeat(70_000)}","n":{"m":1}`, '}', '\n', ' '].map((piece) => Buffer.from(piece));
    expect(written(read(pieces).withMember('more', true))).toMatchObject({ n: { m: 1 }, more: true });
  });
});
