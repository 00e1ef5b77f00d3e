import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteRope, Pieces } from '../../src/call/byte-rope.ts';
import { contentOf } from '../../src/call/content.ts';
import { FormBytes } from '../../src/call/form-bytes.ts';
import { boundaryOf } from '../../src/call/form-parts.ts';
import { localize, modelOf } from '../../src/call/localize.ts';

const EDGE = 'an-edge-as-clients-write-them-0';
const TYPE = `multipart/form-data; boundary=${EDGE}`;

/** One part: its headers but the first, and its content. */
const part = (disposition: string, content: string, more = '') =>
  `--${EDGE}\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n${content}\r\n`;
const end = `--${EDGE}--\r\n`;
const model = part('name="model"', 'a');
const file = part('name="file"; filename="x.mp3"', 'so\r\nund', 'Content-Type: audio/mpeg\r\nX-Own: 1\r\n');

/** Its bytes in pieces of these lengths, which come again and again. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] as number;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

const readAs = (text: string, type = TYPE, lengths = [7]) => FormBytes.read(cut(Buffer.from(text), lengths), type);
const read = (text: string) => readAs(text) as FormBytes;
const textOf = ({ bytes }: FormBytes) => Buffer.from(bytes).toString();

/** What a form says, files by their contents. */
async function entriesOf(form: FormData): Promise<[name: string, value: unknown][]> {
  const entries: [string, unknown][] = [];
  for (const [name, value] of form)
    entries.push([name, typeof value === 'string' ? value : [value.name, value.type, await value.text()]]);
  return entries;
}

const parsed = (bytes: Uint8Array, type: string) =>
  new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData();

describe('a form kept as it came', () => {
  it('says what is in it, and another model changes no other byte', () => {
    const text = `${file}${model}${part('name="stream"', 'true')}${end}and more`;
    for (let length = 1; length < 90; length++) {
      const form = readAs(text, TYPE, [length]) as FormBytes;
      expect([...form.outline.keys()]).toEqual(['file', 'model', 'stream']);
      expect([form.model, form.outline.get('stream'), modelOf({ body: form })]).toEqual(['a', 'true', 'a']);
      expect((form.outline.get('file') as File).size).toBe(0);
      const other = form.withModel('a longer name');
      expect(other.outline.get('model')).toBe('a longer name');
      expect(textOf(other)).toBe(text.replace(model, part('name="model"', 'a longer name')));
      expect(other.byteLength).toBe(other.bytes.byteLength);
      expect(textOf(other.withModel('ö'))).toBe(text.replace(model, part('name="model"', 'ö')));
      expect(other).toBe(form.withModel('a longer name'));
      expect(textOf(form)).toBe(text);
    }
  });

  it('that names no model is given one in front', () => {
    for (const text of [`${file}${end}`, end, `before\r\n${file}${end}`]) {
      const form = read(text);
      expect(form.model).toBeUndefined();
      const named = form.withModel('b');
      expect(textOf(named)).toBe(text.replace(`--${EDGE}`, `${part('name="model"', 'b')}--${EDGE}`));
      expect([named.model, named.withModel('c').model]).toEqual(['b', 'c']);
      expect(textOf(named.withModel('c'))).toBe(textOf(named).replace('\r\n\r\nb\r\n', '\r\n\r\nc\r\n'));
    }
  });

  it('is localized by its model alone', () => {
    const form = read(file + model + end);
    const map = { a: { model: 'own', body: { temperature: 0 } } };
    expect(textOf(localize({ body: form }, 'a', map as never).options.body)).toBe(
      file + part('name="model"', 'own') + end,
    );
    expect(contentOf(form)).toBe(form.outline);
  });

  it('is not sound with a name that would end its part', () => {
    const form = read(file + model + end);
    for (const name of [`x--${EDGE}`, 'x\r\ny', 'x\0']) expect(form.withModel(name).sound).toBe(false);
    expect(form.withModel(`x-${EDGE}`).sound).toBe(true);
  });

  it('goes out in pieces that are no copies', async () => {
    const bytes = Buffer.from(new TextEncoder().encode(file + model + end).buffer);
    const form = FormBytes.read([bytes.subarray(0, 50), bytes.subarray(50)], TYPE) as FormBytes;
    const pieces: Uint8Array[] = [];
    for await (const piece of form.withModel('b').stream()) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe(file + part('name="model"', 'b') + end);
    expect(pieces.filter((piece) => piece.buffer === bytes.buffer).length).toBe(3);
  });

  it.each([
    ['two models', model + model + end],
    ['no end', file + model],
    ['an end in the middle', file + end + model],
    ['parts behind its end', `${file}${end}${model}${end}`],
    ['a delimiter within a line', `${part('name="x"', `y--${EDGE}`)}${model}${end}`],
    ['a delimiter behind half a line’s end', `${part('name="x"', `y\n--${EDGE}\r\n`)}${model}${end}`],
    ['a delimiter that is longer', `${part('name="x"', `y\r\n--${EDGE}0\r\n`)}${model}${end}`],
    ['a delimiter at once behind another', `--${EDGE}\r\n${model}${end}`],
    ['lines that end with half of it', (file + model + end).replaceAll('\r\n', '\n')],
    ['two names for a part', part('name="x"; name="model"', 'b') + model + end],
    ['a name of another kind', part("name*=utf-8''model", 'b') + model + end],
    ['a name without quotes', part('name=x', 'b') + model + end],
    ['a name with a quote', part('name="mo\\del"', 'b') + model + end],
    ['a name that holds a parameter', part('name="a=model;b"', 'b') + model + end],
    ['a file’s name that holds one', part('name="x"; filename="a; name=model"', 'b') + model + end],
    ['another length than it says', part('name="x"', 'b', 'Content-Length: 900\r\n') + model + end],
    ['space behind a delimiter', (model + end).replace(`${EDGE}\r\n`, `${EDGE} \t\r\n`)],
    ['a part without a name', `--${EDGE}\r\nContent-Type: text/plain\r\n\r\nx\r\n${model}${end}`],
    ['a part without headers', `--${EDGE}\r\n\r\nx\r\n${model}${end}`],
    ['a folded header', part('name="x"', 'b', 'X-Own: 1\r\n name="model"\r\n') + model + end],
    ['two dispositions', part('name="x"', 'b', 'content-disposition: form-data; name="model"\r\n') + model + end],
    ['an encoded part', part('name="x"', 'Yg==', 'Content-Transfer-Encoding: base64\r\n') + model + end],
    ['a model of a length', part('name="model"', 'a', 'Content-Length: 1\r\n') + end],
    ['a model in another charset', part('name="model"', 'a', 'Content-Type: text/plain; charset=utf-16\r\n') + end],
    ['a model in a file', part('name="model"; filename="x"', 'a') + end],
    ['a model of two lines', part('name="model"', 'a\nb') + end],
    ['a model behind a mark', part('name="model"', '\ufeffa') + end],
    ['a head without an end', `--${EDGE}\r\nX: ${'x'.repeat(10_000)}\r\n\r\nx\r\n${model}${end}`],
    ['nothing in it', ''],
    ['something else in it', '{"model":"a"}'],
  ])('is not one with %s', (_, text) => {
    for (const lengths of [[1], [7], [1_000_000]]) expect(readAs(text, TYPE, lengths)).toBeUndefined();
  });

  it('may have what every reader reads alike', () => {
    for (const text of [
      `\r\n${model}${end}`,
      model + end.trimEnd(),
      (model + end).replace('Content-Disposition: form-data; ', 'CONTENT-DISPOSITION:form-data;'),
      part('name="model"', 'a', 'Content-Type: text/plain; charset=utf-8\r\n') + end,
      part('name="x"', '', 'Content-Transfer-Encoding: binary\r\nContent-Length: 0\r\n') + model + end,
    ])
      expect([text, read(text)?.model]).toEqual([text, 'a']);
  });

  it.each([
    ['multipart/form-data; boundary=x', 'x'],
    ['Multipart/Form-Data;boundary="x y:=?"', undefined],
    ['Multipart/Form-Data;boundary="x-y"', 'x-y'],
    ['Multipart/Form-Data;boundary="x,y"', undefined],
    ['multipart/form-data; charset=utf-8; boundary=x', 'x'],
    ['multipart/form-data; boundary=x; charset="UTF-8"', 'x'],
    ['multipart/form-data; boundary=x; boundary=y', undefined],
    ['multipart/form-data; y="; boundary=z"; boundary=x', undefined],
    ["multipart/form-data; boundary*=utf-8''x", undefined],
    ['multipart/form-data; boundary=', undefined],
    ['multipart/form-data', undefined],
    ['multipart/mixed; boundary=x', undefined],
    [`multipart/form-data; boundary=${'x'.repeat(71)}`, undefined],
  ])('%s tells its boundary where that is clear', (type, boundary) => expect(boundaryOf(type)).toBe(boundary));

  it('has no more parts than any API asks for', () => {
    expect(readAs(part('name="x"', '').repeat(1_000) + end, TYPE, [9_999])).toBeInstanceOf(FormBytes);
    expect(readAs(part('name="x"', '').repeat(1_001) + end, TYPE, [9_999])).toBe('many');
  });

  it('is as the platform reads and writes it, whatever it holds and however it comes', async () => {
    const name = fc.oneof(fc.constantFrom('file', 'prompt', 'n', 'x[]'), fc.string({ unit: 'grapheme' }));
    const content = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constant(Buffer.from('\r\n--\r\n\r\n--')));
    const value = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 50 }),
      fc.tuple(content, fc.string({ maxLength: 9 })),
    );
    const fields = fc.array(fc.tuple(name, value), { maxLength: 6 });
    const lengths = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 9 });
    let kept = 0;
    await fc.assert(
      fc.asyncProperty(fields, fc.nat(6), lengths, async (given, at, by) => {
        const form = new FormData();
        const all: (typeof given)[number][] = given.filter(([field]) => field !== 'model');
        all.splice(at, 0, ['model', 'a']);
        for (const [field, text] of all)
          if (typeof text === 'string') form.append(field, text);
          else form.append(field, new Blob([text[0] as Uint8Array<ArrayBuffer>]), text[1]);
        const response = new Response(form);
        const type = response.headers.get('content-type') as string;
        const bytes = Buffer.from(await response.arrayBuffer());
        const read = FormBytes.read(cut(bytes, by), type) as FormBytes | undefined;
        // Letters that are written in more than one way.
        if (!read) return;
        kept += 1;
        const before = await entriesOf(await parsed(bytes, type));
        expect(Buffer.from(read.bytes).equals(bytes)).toBe(true);
        expect([...read.outline].filter(([, text]) => typeof text === 'string')).toEqual(
          before.filter(([, text]) => typeof text === 'string'),
        );
        const after = await entriesOf(await parsed(read.withModel('b').bytes, type));
        expect(after).toEqual(before.map(([field, text]) => [field, field === 'model' ? 'b' : text]));
      }),
      { numRuns: process.env.FULL ? 3_000 : 150 },
    );
    expect(kept).toBeGreaterThan(100);
  });

  it('is read in linear time, whatever stands in it', () => {
    const spent = (length: number) => {
      const from = process.cpuUsage();
      for (const pad of ['-', `\r\n--${EDGE.slice(0, -1)}`, `\r\n--${EDGE}`, '\r\n', `--${EDGE}`]) {
        const text = pad.repeat(length / pad.length);
        for (const whole of [part('name="x"', text) + end, text]) readAs(whole, TYPE, [4_096]);
        readAs(text.replaceAll(EDGE, '-'.repeat(70)), `multipart/form-data; boundary=${'-'.repeat(70)}`, [4_096]);
      }
      const { user, system } = process.cpuUsage(from);
      return (user + system) / 1_000;
    };
    spent(10_000);
    const [small, large] = [Math.min(spent(200_000), spent(200_000)), Math.min(spent(1_600_000), spent(1_600_000))];
    expect(large).toBeLessThan(Math.max(2.5 ** 3 * small, 300));
  });
});

describe('a rope', () => {
  it('has each place of some bytes, however it is cut', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 60 });
    const sought = fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 5 });
    const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(letters, sought, lengths, (text, part, by) => {
        const places: number[] = [];
        for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) places.push(at);
        const rope = new ByteRope(cut(Buffer.from(text), by));
        expect([...rope.placesOf(Buffer.from(part))]).toEqual(places);
      }),
    );
  });

  it('is made of pieces that are worth it', () => {
    const pieces = new Pieces();
    const given = Buffer.from('x'.repeat(100_000));
    for (const piece of cut(given, [1, 50, 20_000, 3, 999])) pieces.add(piece);
    expect(Buffer.concat([...pieces.all])).toEqual(given);
    expect([pieces.length, pieces.all.slice(0, -1).every(({ length }) => length >= 16_384)]).toEqual([100_000, true]);
  });
});
