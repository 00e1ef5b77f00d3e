// The model map applied to one attempt: what is copied, what must stay the caller's own object.
import { describe, expect, it } from 'vitest';
import { localize, modelOf } from '../../src/call/localize.ts';
import type { ModelMap } from '../../src/call/model-map.ts';

const MAP: ModelMap = {
  'gpt-5': 'prod',
  tuned: { model: 'prod', body: { seed: 1, user: 'us' }, omit: ['logprobs', 'absent'] },
  same: 'same',
  set: { model: 'set', body: { seed: 7 } },
  'set-empty': { model: 'set-empty', omit: [] },
};

function form(...fields: [string, string | Blob][]): FormData {
  const data = new FormData();
  for (const [name, value] of fields) data.append(name, value);
  return data;
}

describe('modelOf', () => {
  it.each<[string, Parameters<typeof modelOf>[0], string | undefined]>([
    ['the body', { body: { model: 'gpt-5' } }, 'gpt-5'],
    ['a form field', { body: form(['model', 'whisper-1']) }, 'whisper-1'],
    ['the metadata', { __metadata: { model: 'whisper-1' } }, 'whisper-1'],
    ['the metadata beside a form without a model', { body: form(['file', 'x']), __metadata: { model: 'w' } }, 'w'],
    ['the body before the metadata', { body: { model: 'a' }, __metadata: { model: 'b' } }, 'a'],
    ['nothing', {}, undefined],
    ['a body without a model', { body: { input: 'x' } }, undefined],
    ['an empty name', { body: { model: '' } }, undefined],
    ['a model that is no text', { body: { model: { id: 1 } } }, undefined],
    ['a body of text', { body: '{"model":"gpt-5"}' }, undefined],
    ['bytes', { body: new Uint8Array(3) }, undefined],
    ['null', { body: null }, undefined],
  ])('reads %s', (_, options, expected) => {
    expect(modelOf(options)).toBe(expected);
  });
});

describe('a body that does not map', () => {
  class Special {
    model = 'gpt-5';
  }
  const json = { model: 'gpt-5', toJSON: () => ({ model: 'other' }) };
  it.each<[string, unknown, string | undefined, ModelMap]>([
    ['an unmapped name', { model: 'other' }, 'other', MAP],
    ['no map', { model: 'gpt-5' }, 'gpt-5', {}],
    ['a name mapped to itself', { model: 'same' }, 'same', MAP],
    ['no model', { input: 'x' }, undefined, { '*': 'x' }],
    ['a body with toJSON', json, 'gpt-5', MAP],
    ['an instance of a class', new Special(), 'gpt-5', MAP],
    ['a list', [{ model: 'gpt-5' }], 'gpt-5', MAP],
    ['null', null, 'gpt-5', MAP],
    ['text', 'raw', 'gpt-5', MAP],
    ['bytes', new Uint8Array([1]), 'gpt-5', MAP],
    ['an object without a model field, the name coming from the metadata', { input: 'x' }, 'gpt-5', MAP],
    ['a form without a model field', form(['file', 'x']), 'gpt-5', MAP],
    ['a form that is not mapped', form(['model', 'other']), 'other', MAP],
  ])('is the very same object: %s', (_, body, model, map) => {
    expect(localize({ body }, model, map).options.body).toBe(body);
  });

  it.each<[string | undefined, string | undefined]>([
    ['other', 'other'],
    ['gpt-5', 'prod'],
    [undefined, undefined],
  ])('the endpoint knows %s as %s', (model, expected) => {
    expect(localize({}, model, MAP).model).toBe(expected);
  });
});

describe('a body that maps', () => {
  it('gets the new name in a copy, the rest being the same values', () => {
    const messages = [{ role: 'user', content: 'hi' }];
    const body = Object.freeze({ model: 'gpt-5', messages, stream: true });
    const { options } = localize({ body, path: '/chat/completions' }, 'gpt-5', MAP);
    expect(options).toEqual({ body: { model: 'prod', messages, stream: true }, path: '/chat/completions' });
    expect(options.body).not.toBe(body);
    expect((options.body as unknown as typeof body).messages).toBe(messages);
    expect(body.model).toBe('gpt-5');
  });

  it('gets fields set and left out', () => {
    const body = { model: 'tuned', logprobs: true, seed: 9, n: 2 };
    expect(localize({ body }, 'tuned', MAP).options.body).toEqual({ model: 'prod', seed: 1, user: 'us', n: 2 });
    expect(body).toEqual({ model: 'tuned', logprobs: true, seed: 9, n: 2 });
  });

  it('gets fields set even where the name stays', () => {
    expect(localize({ body: { model: 'set' } }, 'set', MAP).options.body).toEqual({ model: 'set', seed: 7 });
    expect(localize({ body: { model: 'set-empty', n: 1 } }, 'set-empty', MAP).options.body).toEqual({
      model: 'set-empty',
      n: 1,
    });
  });

  it('may have no prototype', () => {
    const body = Object.assign(Object.create(null) as object, { model: 'gpt-5' });
    expect(localize({ body }, 'gpt-5', MAP).options.body).toEqual({ model: 'prod' });
  });

  it('may be a form: only the model changes, files keep their names, order and repeats stay', async () => {
    const file = new File(['sound'], 'a.mp3', { type: 'audio/mpeg' });
    const body = form(['file', file], ['model', 'gpt-5'], ['tag[]', '1'], ['tag[]', '2']);
    const copy = localize({ body }, 'gpt-5', MAP).options.body;
    expect(copy).not.toBe(body);
    expect([...copy.keys()]).toEqual(['file', 'model', 'tag[]', 'tag[]']);
    expect(copy.get('model')).toBe('prod');
    expect(copy.getAll('tag[]')).toEqual(['1', '2']);
    const sent = copy.get('file') as File;
    expect([sent.name, sent.type, await sent.text()]).toEqual(['a.mp3', 'audio/mpeg', 'sound']);
    expect(body.get('model')).toBe('gpt-5');
  });

  it('is renamed in the metadata as well, in a copy', () => {
    const __metadata = { model: 'gpt-5', other: 1 };
    const { options } = localize({ body: form(['model', 'gpt-5']), __metadata }, 'gpt-5', MAP);
    expect(options.__metadata).toEqual({ model: 'prod', other: 1 });
    expect(__metadata.model).toBe('gpt-5');
    const without = { other: 1 };
    const bodiless = localize({ __metadata: without }, 'gpt-5', MAP).options;
    expect(bodiless.__metadata).toBe(without);
    expect(bodiless).not.toHaveProperty('body');
  });
});

it('always hands back fresh options, since the SDK writes into them', () => {
  for (const model of ['gpt-5', 'other', undefined]) {
    const given = { body: { model } };
    expect(localize(given, model, MAP).options).not.toBe(given);
  }
});
