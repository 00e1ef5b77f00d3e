// The text of a call's body: written once, and put right for each endpoint without being written anew.
import { describe, expect, it, vi } from 'vitest';
import { BodyText } from '../../src/call/body-text.ts';
import { fc, runs } from '../support/property.ts';

type Body = Record<string, unknown>;

const key = fc.oneof(fc.constantFrom('model', 'messages', 'user', '1', '0', '__proto__', 'to"JS\\ON', ''), fc.string());
const value = fc.oneof(
  fc.jsonValue() as fc.Arbitrary<unknown>,
  fc.constantFrom(undefined, Number.NaN, -0, new Date(0), () => 1, Symbol('x'), '\\"', '{,}', '\ud800'),
);
const aBody = fc.array(fc.tuple(key, value), { maxLength: 8 }).map(objectOf);

function objectOf(rows: readonly (readonly [string, unknown])[]): Body {
  const body: Body = {};
  for (const [name, held] of rows)
    Object.defineProperty(body, name, { value: held, enumerable: true, configurable: true, writable: true });
  return body;
}

/** Has some of the fields set, and others left out, as a model map does it. */
function changed(body: Body, set: Body, omit: readonly string[]): Body {
  const next = { ...body, ...set };
  for (const name of omit) delete next[name];
  return next;
}

describe('the text of a body', () => {
  it('is what JSON.stringify writes of it, and of every copy with other fields', () => {
    const changes = fc.array(fc.tuple(aBody, fc.array(key, { maxLength: 2 })), { maxLength: 4 });
    fc.assert(
      fc.property(aBody, changes, (body, copies) => {
        const text = new BodyText();
        const asked = [body, ...copies.map(([set, omit]) => changed(body, set, omit)), body];
        for (const next of asked) expect(text.of(next)).toBe(JSON.stringify(next));
      }),
      runs(300),
    );
  });

  it('is written once: of a copy only what is another value in it', () => {
    const toJSON = vi.fn(() => 'the prompt');
    const body = { model: 'gpt-5', messages: [{ toJSON }], user: 'u' };
    const text = new BodyText();
    expect(text.of({ ...body, model: 'a' })).toBe('{"model":"a","messages":["the prompt"],"user":"u"}');
    expect(text.of({ ...body, model: 'b' })).toBe('{"model":"b","messages":["the prompt"],"user":"u"}');
    expect(text.of({ messages: body.messages, model: 'c', seed: 1 })).toBe(
      '{"messages":["the prompt"],"model":"c","seed":1}',
    );
    expect(text.of(body)).toBe('{"model":"gpt-5","messages":["the prompt"],"user":"u"}');
    expect(toJSON).toHaveBeenCalledOnce();
  });

  it('throws for what is no JSON, each time', () => {
    const body: Body = {};
    body.self = body;
    const text = new BodyText();
    expect(() => text.of(body)).toThrow(TypeError);
    expect(() => text.of(body)).toThrow(TypeError);
    expect(text.of({ a: 1 })).toBe('{"a":1}');
  });
});
