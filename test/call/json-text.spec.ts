import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonText } from '../../src/call/json-text.ts';
import { localize, modelOf } from '../../src/call/localize.ts';

const read = (text: string | Uint8Array) => JsonText.read(text) as JsonText;

describe('a JSON body read once', () => {
  it.each([
    ['{"model":"a"}', '{"model":"b"}'],
    ['{ "x":{"model":"a"},\n"model" : "a" , "y":["model"]}', '{ "x":{"model":"a"},\n"model" : "b" , "y":["model"]}'],
    ['{"model":"a","big":12345678901234567890,"n":1.0}', '{"model":"b","big":12345678901234567890,"n":1.0}'],
    ['{"text":"\\\\\\" \\"model\\":\\"a\\"","model":"a"}', '{"text":"\\\\\\" \\"model\\":\\"a\\"","model":"b"}'],
    ['{"a":"model","model":"a"}', '{"a":"model","model":"b"}'],
    ['{"mod\\u0065l":"a"}', '{"mod\\u0065l":"b"}'],
    // The last one counts, as wherever JSON is read.
    ['{"model":"x","model":"a"}', '{"model":"x","model":"b"}'],
    ['{"messages":[]}', '{"model":"b","messages":[]}'],
    ['{}', '{"model":"b"}'],
  ])('%s with another model', (before, after) => {
    const json = read(before);
    expect(json.withModel('b').text).toBe(after);
    expect(json.withModel('b')).toBe(json.withModel('b'));
    expect(json.withModel('b').value).toEqual(JSON.parse(after));
    expect(Buffer.from(json.bytes).toString()).toBe(before);
  });

  it.each(['a', 'ä', '\ufeff', '\u{1f600}'])('of bytes with %j in them has the same bytes as one of text', (letter) => {
    for (const model of ['b', 'a-much-longer-name', 'ö"'])
      for (const text of [`{"x":"${letter}","model":"a","y":1}`, `{"model":"${letter}"}`, `{"y":"${letter}"}`]) {
        const renamed = read(Buffer.from(text)).withModel(model);
        expect(Buffer.from(renamed.bytes).toString()).toBe(read(text).withModel(model).text);
        expect(renamed.outline).toEqual({ ...(JSON.parse(text) as object), model });
        expect(renamed.value).toEqual(renamed.outline);
      }
  });

  it('names what the JSON of any object says, and changes no byte besides', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), fc.nat(4), (rest, model, spaces) => {
        const text = JSON.stringify({ ...rest, model: 'the-model-asked' }, null, spaces);
        const renamed = read(text).withModel(model);
        expect(renamed.text).toBe(text.replace(/"the-model-asked"(?=\n?\}$)/, () => JSON.stringify(model)));
        expect(JSON.parse(renamed.text)).toEqual({ ...(JSON.parse(text) as object), model });
      }),
      { seed: 5 },
    );
  });

  it('is none when the body is no object', () => {
    for (const text of ['', '[]', '"a"', 'null', '1', '{', 'model=a']) expect(JsonText.read(text)).toBeUndefined();
  });

  it('keeps the bytes it was given', () => {
    const bytes = Buffer.from('{"model":"ü"}');
    expect(read(bytes).bytes).toBe(bytes);
    expect(modelOf({ body: read(bytes) })).toBe('ü');
  });
});

describe('its model map', () => {
  const body = read('{"model":"gpt-5","temperature":1.0}');
  const text = (map: Parameters<typeof localize>[2]) =>
    (localize({ body }, 'gpt-5', map).options.body as unknown as JsonText).text;

  it('leaves it alone, renames, or writes it anew where fields change', () => {
    expect(localize({ body }, 'gpt-5', {}).options.body).toBe(body);
    expect(text({ 'gpt-5': 'own' })).toBe('{"model":"own","temperature":1.0}');
    expect(text({ 'gpt-5': { model: 'own', body: { top_k: 2 }, omit: ['temperature'] } })).toBe(
      '{"model":"own","top_k":2}',
    );
  });
});
