// An endpoint's credentials are taken out of errors, wherever they stand; the error stays what it was.
import { inspect } from 'node:util';
import { APIConnectionError, AuthenticationError } from 'openai';
import { describe, expect, it } from 'vitest';
import { redactor } from '../../src/observe/redact.ts';
import { holdsSecret, redacted, scrub } from '../../src/observe/scrub.ts';
import { apiError } from '../support/parts.ts';

const KEY = 'sk-canary-0123456789';
const redact = redactor([KEY]);
const shown = (error: unknown) =>
  [inspect(error, { depth: 10, showHidden: true }), JSON.stringify(error), String(error)].join('\n');

describe('scrub', () => {
  it.each<[string, unknown]>([
    ['a message', new Error(`Incorrect API key provided: ${KEY}.`)],
    [
      'an error of the API',
      apiError(401, { message: `bad ${KEY}`, code: KEY, inner: { list: [KEY, { deep: KEY }] } }, { 'x-echo': KEY }),
    ],
    ['a cause', new APIConnectionError({ cause: new TypeError(`cannot fetch https://${KEY}@a.example`) })],
    ['a cause of a cause', new Error('x', { cause: new Error('y', { cause: new Error(KEY) }) })],
    ['several causes', new AggregateError([new Error(KEY)], 'all failed')],
    ['text in base64', new Error(Buffer.from(KEY).toString('base64'))],
  ])('cleans %s', (_, error) => {
    expect(scrub(error, redact)).toBe(error);
    const text = shown(error);
    expect(text).not.toContain(KEY);
    expect(text).not.toContain(Buffer.from(KEY).toString('base64'));
    expect(text).toContain('[redacted]');
  });

  it('leaves class, status, code and identity', () => {
    const error = apiError(401, { message: `bad ${KEY}`, code: 'invalid_api_key' });
    scrub(error, redact);
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key', message: '401 bad [redacted]' });
    expect(Object.keys(error)).not.toContain('message');
  });

  it('changes nothing that holds no secret', () => {
    const error = apiError(500, { message: 'boom' });
    const before = shown(error);
    scrub(error, redact);
    expect(shown(error)).toBe(before);
    scrub(error, redactor([]));
    expect(shown(error)).toBe(before);
  });

  it('bears cycles and anything thrown', () => {
    const loop: { self?: unknown; text: string } = { text: KEY };
    loop.self = loop;
    const clean = scrub(loop, redact) as typeof loop;
    expect([clean.text, clean.self, loop.text]).toEqual(['[redacted]', clean, KEY]);
    expect(scrub(KEY, redact)).toBe('[redacted]');
    for (const thrown of [undefined, null, 7]) expect(scrub(thrown, redact)).toBe(thrown);
    const round = new Error(KEY);
    round.cause = new Error('x', { cause: round });
    scrub(round, redact);
    expect(shown(round)).not.toContain(KEY);
  });

  it('writes to errors only: what they refer to may be in use', () => {
    const options = { headers: { authorization: `Bearer ${KEY}` } };
    const error = Object.assign(new Error('x'), { options });
    scrub(error, redact);
    expect(shown(error)).not.toContain(KEY);
    expect(options.headers.authorization).toBe(`Bearer ${KEY}`);
  });

  it('leaves nothing of a foreign object that holds a secret, and such an object alone that holds none', () => {
    class Request {
      readonly #private = 1;
      readonly header: string;
      constructor(header: string) {
        this.header = header;
      }
      ok = () => this.#private;
    }
    const error = Object.assign(new Error('x'), { bad: new Request(KEY), good: new Request('harmless') });
    const { good } = error;
    scrub(error, redact);
    expect(error.bad).toBe('[redacted Request]');
    expect(error.good).toBe(good);
  });

  it('cleans maps, sets, names of fields, header bags of others and bytes-free values', () => {
    class Bag {
      readonly #rows = new Map([['x-echo', KEY]]);
      get = (name: string) => this.#rows.get(name);
      set = () => undefined;
      forEach = () => undefined;
      [Symbol.iterator] = () => this.#rows[Symbol.iterator]();
    }
    const error = Object.assign(new Error('x'), {
      map: new Map([[KEY, 1]]),
      set: new Set([{ deep: KEY }]),
      fields: { [KEY]: { [KEY]: 1 } },
      bag: new Bag(),
      bytes: new Uint8Array(4),
    });
    scrub(error, redact);
    expect(shown(error)).not.toContain(KEY);
    expect([...(error.bag as unknown as Headers)]).toEqual([['x-echo', '[redacted]']]);
    expect(error.bytes).toHaveLength(4);
  });

  it('bears any depth', () => {
    let deep: unknown = KEY;
    for (let level = 0; level < 100_000; level++) deep = level % 2 ? [deep] : { deep };
    const error = Object.assign(new Error('x'), { deep });
    scrub(error, redact);
    expect(holdsSecret(error, redact)).toBe(false);
    expect(shown(error)).toContain('[…]');
  });

  it('cleans the rest where a part cannot be written or read', () => {
    const part = Object.freeze({ text: KEY });
    const cause = Object.freeze(new Error(KEY));
    const frozen = Object.assign(new Error(KEY, { cause }), { part });
    scrub(frozen, redact);
    expect([frozen.message, frozen.part.text, frozen.cause]).toEqual(['[redacted]', '[redacted]', '[redacted Error]']);
    const odd = Object.defineProperty(new Error(KEY), 'part', {
      enumerable: true,
      get: () => expect.fail('getter'),
    });
    scrub(odd, redact);
    expect(odd.message).toBe('[redacted]');
    const stiff = Object.freeze(new Error(KEY));
    expect(() => scrub(stiff, redact)).not.toThrow();
    const trap = new Proxy({}, { ownKeys: () => expect.fail('trap') });
    const trapped = Object.assign(new Error(KEY), { trap });
    scrub(trapped, redact);
    expect(trapped.message).toBe('[redacted]');
  });
});

describe('what is logged', () => {
  it('is a copy where it holds a secret, and itself where it does not', () => {
    const details = { url: 'https://a.example', options: { key: KEY }, list: [KEY], error: new Error(KEY) };
    const said = redacted(details, redact) as typeof details;
    expect(said).toMatchObject({ options: { key: '[redacted]' }, list: ['[redacted]'] });
    expect(String(said.error)).toMatch(/^Error: .*redacted/);
    expect([details.options.key, details.error.message]).toEqual([KEY, KEY]);
    const harmless = { a: [1, 'x', null] };
    expect(redacted(harmless, redact)).toBe(harmless);
  });
});
