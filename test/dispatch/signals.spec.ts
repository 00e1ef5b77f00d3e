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

  it.each<[object, object | undefined]>([
    [{ metadata: { reasons: [] } }, { reasons: [] }],
    [{ innererror: { code: 'x' } }, { code: 'x' }],
    [{ metadata: 'text' }, undefined],
    [{}, undefined],
  ])('finds the metadata of %j', (body, metadata) => {
    expect(factsOf(apiError(403, body)).metadata).toEqual(metadata);
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
