// The facts of an error, whatever shape and whatever copy of the SDK it comes from.
import { APIConnectionError } from 'openai';
import { describe, expect, it } from 'vitest';
import { factsOf } from '../../src/dispatch/signals.ts';
import { apiError, connectionError, errorInside200 } from '../support/parts.ts';

describe('factsOf', () => {
  it('reads an error of the API', () => {
    const error = apiError(
      429,
      { code: 'Rate_Limit_Exceeded', type: 'tokens', message: 'slow' },
      { 'retry-after': '1' },
    );
    const facts = factsOf(error);
    expect(facts).toMatchObject({
      status: 429,
      name: 'RateLimitError',
      codes: ['rate_limit_exceeded', 'tokens'],
      reusedSocket: false,
    });
    expect(facts.message).toContain('slow');
    expect(facts.headers?.get('retry-after')).toBe('1');
  });

  it('names each code once, in lower case', () => {
    expect(factsOf(apiError(400, { code: 'X', type: 'x' })).codes).toEqual(['x']);
  });

  it.each<[unknown, number | undefined]>([
    [{ code: 503 }, 503],
    [{ code: '429' }, 429],
    [{ status: 500 }, 500],
    [{ code: 'server_error' }, undefined],
    [{ code: 200 }, undefined],
    [{ code: 399 }, undefined],
    [{ code: null }, undefined],
    [{}, undefined],
  ])('takes the status of an error inside a 200 from %j', (body, status) => {
    expect(factsOf(errorInside200(body as object)).status).toBe(status);
  });

  it.each([1301, '100001', 99_999])('takes a vendor’s own number %s for no status', (code) => {
    expect(factsOf(errorInside200({ code })).status).toBeUndefined();
  });

  it('goes down the causes, not below six, past cycles, to every address', () => {
    const loop: { code: string; cause?: unknown } = { code: 'LOOP' };
    loop.cause = loop;
    expect([...factsOf({ cause: loop }).causes]).toEqual(['LOOP']);
    const many = new APIConnectionError({
      cause: new AggregateError([
        Object.assign(new Error('a'), { code: 'ECONNREFUSED' }),
        Object.assign(new Error('b'), { code: 'EHOSTUNREACH' }),
        new Error('no code'),
      ]),
    });
    expect([...factsOf(many).causes]).toEqual(['ECONNREFUSED', 'EHOSTUNREACH']);
    let deep: unknown = { code: 'DEEP' };
    for (let i = 0; i < 10; i++) deep = { cause: deep };
    expect(factsOf(deep).causes.size).toBe(0);
  });

  it('does not take the error’s own code for a cause', () => {
    expect(factsOf(apiError(400, { code: 'ECONNREFUSED' })).causes.size).toBe(0);
  });

  it.each([
    [{ bytesRead: 10 }, true],
    [{ bytesRead: 0 }, false],
    [undefined, false],
  ])('knows a connection that had served: %j', (socket, reused) => {
    expect(factsOf(connectionError('UND_ERR_SOCKET', socket)).reusedSocket).toBe(reused);
  });

  it('takes a connection that answered, but badly, for none that broke between two replies', () => {
    const error = Object.assign(new Error('bad response'), { code: 'UND_ERR_SOCKET', socket: { bytesRead: 400 } });
    expect(
      factsOf(new APIConnectionError({ cause: new TypeError('fetch failed', { cause: error }) })).reusedSocket,
    ).toBe(false);
  });

  it.each<[object, object | undefined]>([
    [{ metadata: { reasons: [] } }, { reasons: [] }],
    [{ innererror: { code: 'x' } }, { code: 'x' }],
    [{ metadata: 'text' }, undefined],
    [{}, undefined],
  ])('finds the metadata of %j', (body, metadata) => {
    expect(factsOf(apiError(403, body)).metadata).toEqual(metadata);
  });

  it.each<[string, unknown, { codes?: string[]; said: string }]>([
    ['an object', { code: 'X', message: 'no' }, { codes: ['x'], said: 'no' }],
    ['a list', [{ error: { status: 'NOT_FOUND', message: 'no' } }], { codes: ['not_found'], said: 'no' }],
    ['one level deeper', { type: 'error', error: { type: 'y', message: 'no' } }, { said: 'no' }],
    ['a text one level deeper', { code: 'z', error: 'no' }, { said: 'no' }],
    ['with nothing deeper', { error: null, message: 'no' }, { said: 'no' }],
    ['a text', 'no', { codes: [], said: 'no' }],
    ['with reasons', { details: [{ reason: 'WHY' }, { other: 1 }, null] }, { codes: ['why'], said: '400 status' }],
    ['with details in words', { message: 'no', details: 'words' }, { said: 'no' }],
    ['of FastAPI', { detail: 'Not Found' }, { said: 'Not Found' }],
    ['an empty list', [], { codes: [], said: '400 status' }],
  ])('finds what is wrong in a body that is %s', (_, error, expected) => {
    expect(factsOf({ status: 400, message: '400 status', error })).toMatchObject(expected);
  });

  it.each([
    ["Invalid value: 'a b'. Supported: 'c', 'd'", 'Invalid value: . Supported: , '],
    ["The account doesn't exist, and it's not yours", "The account doesn't exist, and it's not yours"],
    ['model `x y` or "z" unknown', 'model  or  unknown'],
    ["an open 'quote", "an open 'quote"],
    [String.raw`'input': '\'"credit balance'`, ': '],
    [String.raw`"a\" credit balance" is wrong`, ' is wrong'],
    [`not 'credit balance ${'x'.repeat(2_000)}'`, 'not '],
    [`not "credit balance ${'x'.repeat(2_000)}`, 'not '],
  ])('leaves out what stands in quotes: %s', (message, said) => {
    expect(factsOf(apiError(400, { message })).said).toBe(said);
  });

  it('reads quotes without end in no time', () => {
    const from = performance.now();
    const { said } = factsOf(apiError(400, { message: `'"\`x `.repeat(200_000) }));
    expect(said.length).toBeLessThanOrEqual(2_000);
    expect(performance.now() - from).toBeLessThan(500);
  });

  it.each<[unknown, string | undefined]>([
    ['tools', 'tools'],
    ['None', undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('takes the parameter %j for %j', (param, expected) => {
    expect(factsOf(apiError(400, { param })).param).toBe(expected);
  });

  it.each([undefined, null, 'text', 7, Symbol('x'), () => undefined])('bears anything thrown: %s', (thrown) => {
    expect(factsOf(thrown)).toMatchObject({
      status: undefined,
      codes: [],
      message: '',
      reusedSocket: false,
      headers: undefined,
    });
  });

  it('trusts headers only where they are real ones', () => {
    expect(factsOf({ headers: { get: () => '1' }, status: '500' })).toMatchObject({
      headers: undefined,
      status: undefined,
    });
  });
});
