import { describe, expect, it } from 'vitest';
import { readFetch } from '../../src/sdk/fetch-request.ts';

const URL_ = 'https://api.openai.com/v1/x';
const text = (body: unknown) => new Response(body as string).text();

describe('readFetch', () => {
  it('reads strings, URLs and requests alike; what init says counts more', async () => {
    const request = new Request(URL_, { method: 'PUT', headers: { a: '1' }, body: 'hello' });
    for (const input of [URL_, new URL(URL_)])
      expect(await readFetch(input)).toMatchObject({ url: URL_, method: 'get', body: undefined, signal: undefined });
    const read = await readFetch(request, { method: 'PATCH', headers: { b: '2' } });
    expect([read.method, read.headers.get('a'), read.headers.get('b'), await text(read.body)]).toEqual([
      ...['patch', null, '2', 'hello'],
    ]);
    await expect(readFetch(request)).rejects.toThrow(TypeError);
  });

  it('takes the URL of another realm, and null for no init, as fetch does', async () => {
    const foreign = { href: URL_, toString: () => URL_ } as unknown as URL;
    expect(await readFetch(foreign, null)).toMatchObject({ url: URL_, method: 'get' });
  });

  it.each<[string, NonNullable<RequestInit['body']>, string | null, string]>([
    ['text', 'hello', null, 'hello'],
    ['bytes', Buffer.from('hello'), null, 'hello'],
    ['a part of a buffer', new Uint8Array(Buffer.from('xhellox').buffer.slice(0), 0, 0), null, ''],
    ['an ArrayBuffer', new Uint8Array(Buffer.from('hello')).buffer, null, 'hello'],
    ['a blob', new Blob(['hello'], { type: 'text/x' }), 'text/x', 'hello'],
    ['parameters', new URLSearchParams({ a: 'ü' }), 'application/x-www-form-urlencoded;charset=UTF-8', 'a=%C3%BC'],
  ])('takes %s as body', async (_, body, type, said) => {
    const read = await readFetch(URL_, { method: 'POST', body });
    expect([read.headers.get('content-type'), await text(read.body)]).toEqual([type, said]);
  });

  it('leaves the type of a form to whoever writes it', async () => {
    const headers = { 'content-type': 'multipart/form-data; boundary=old' };
    const { body, headers: read } = await readFetch(URL_, { method: 'POST', body: new FormData(), headers });
    expect(body).toBeInstanceOf(FormData);
    expect(read.has('content-type')).toBe(false);
  });

  it('keeps back what names the caller or belongs to its connection', async () => {
    const headers = new Headers({
      ...{ Authorization: 'x', 'API-Key': 'x', 'x-api-key': 'x', Cookie: 'x', 'OpenAI-Organization': 'x' },
      ...{ connection: 'close, x-hop', 'x-hop': 'x', 'accept-encoding': 'x', 'content-length': '1', host: 'x' },
      ...{ 'x-stainless-retry-count': '0', 'x-stainless-lang': 'js', 'x-mine': 'yes', accept: 'text/x' },
    });
    const first = await readFetch(URL_, { headers });
    expect(Object.fromEntries(first.headers)).toEqual({ 'x-stainless-lang': 'js', 'x-mine': 'yes', accept: 'text/x' });
    headers.set('x-stainless-retry-count', '1');
    const again = await readFetch(URL_, { headers });
    expect(again.headers.get('x-stainless-retry-count')).toBe('1');
    expect((await readFetch(URL_)).headers.get('accept')).toBe('*/*');
  });
});
