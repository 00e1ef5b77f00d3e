// Options of a call and of the client: what arrives on the wire, and fields changed after construction.
import { expect } from 'vitest';
import { ALL, ANSWER, ASK, behaviour, MANY, OURS, POOLS, rejection, SINGLE } from '../support/bench.ts';
import { apiError } from '../support/wire.ts';

const elapsed = async (promise: PromiseLike<unknown>): Promise<number> => {
  const start = performance.now();
  await Promise.resolve(promise).catch(() => undefined);
  return performance.now() - start;
};

/** Options and fields. */
export const options = [
  behaviour('headers and query of client and call arrive', ALL, async (bench) => {
    const client = bench.client({
      defaultHeaders: { 'x-default': 'd' },
      defaultQuery: { v: '1' },
      organization: 'org',
      project: 'proj',
    });
    await client.chat.completions.create(ASK, { headers: { 'x-call': 'c' }, query: { q: '2' } });
    const [request] = bench.seen;
    expect(request?.headers).toMatchObject({ 'x-default': 'd', 'x-call': 'c' });
    expect(request?.url).toBe('/v1/chat/completions?v=1&q=2');
    expect(request?.headers.authorization).toBe(`Bearer ${bench.key(request?.upstream ?? 0)}`);
  }),

  behaviour('a default header can be taken away by a call', ALL, async (bench) => {
    const client = bench.client({ defaultHeaders: { 'x-default': 'd' } });
    await client.chat.completions.create(ASK, { headers: { 'x-default': null } });
    expect(bench.seen[0]?.headers['x-default']).toBeUndefined();
  }),

  behaviour('the options and the body of a call are left as they were', ALL, async (bench) => {
    const body = { ...ASK };
    const call = { headers: { 'x-call': 'c' }, maxRetries: 1 };
    const before = JSON.stringify([body, call]);
    await bench.client().chat.completions.create(body, call);
    expect(JSON.stringify([body, call])).toBe(before);
  }),

  behaviour('a body with toJSON goes out as toJSON says', ALL, async (bench) => {
    class Prompt {
      model = 'gpt-5';
      toJSON() {
        return { ...ASK, user: 'from toJSON' };
      }
    }
    const { create } = bench.client().chat.completions;
    expect(typeof create).toBe('function');
    await bench.client().post('/chat/completions', { body: new Prompt() });
    expect(bench.seen[0]?.json).toEqual({ ...ASK, user: 'from toJSON' });
  }),

  behaviour('the fetch given to the constructor is the fetch that is used', ALL, async (bench) => {
    const urls: string[] = [];
    const spy: typeof fetch = (input, init) => {
      urls.push(String(input));
      return fetch(input, init);
    };
    await bench.client({ fetch: spy }).chat.completions.create(ASK);
    expect(urls).toEqual([`${bench.upstreams[bench.seen[0]!.upstream]?.url}/chat/completions`]);
  }),

  behaviour('timeout of a call rejects with APIConnectionTimeoutError', ALL, async (bench) => {
    bench.on(() => ({ hang: true }));
    const error = await rejection(bench.client().chat.completions.create(ASK, { timeout: 120, maxRetries: 0 }));
    expect(error.constructor).toBe(bench.sdk.APIConnectionTimeoutError);
    expect(error.message).toBe('Request timed out.');
  }),

  behaviour('client.timeout changed after construction bounds the call', ALL, async (bench) => {
    bench.on(() => ({ hang: true }));
    const client = bench.client({ maxRetries: 0 });
    client.timeout = 120;
    const ms = await elapsed(client.chat.completions.create(ASK));
    expect(ms).toBeGreaterThan(60);
    expect(ms).toBeLessThan(2_000);
  }),

  behaviour('timeout of the constructor bounds a pool call over all attempts', POOLS, async (bench) => {
    bench.on(() => ({ hang: true }));
    const ms = await elapsed(bench.client({ timeout: 300 }).chat.completions.create(ASK));
    expect(ms).toBeGreaterThan(200);
    expect(ms).toBeLessThan(2_000);
  }),

  behaviour('maxRetries of the constructor, of the call and of the client', SINGLE, async (bench) => {
    let headers: Record<string, string> = {};
    bench.on(() => ({ status: 500, headers, json: apiError('always') }));
    await rejection(bench.client({ maxRetries: 0 }).chat.completions.create(ASK));
    expect(bench.seen.splice(0)).toHaveLength(1);
    const client = bench.client();
    expect(client.maxRetries).toBe(2);
    await rejection(client.chat.completions.create(ASK, { maxRetries: 0 }));
    expect(bench.seen.splice(0)).toHaveLength(1);
    headers = { 'retry-after-ms': '1' };
    client.maxRetries = 1;
    await rejection(client.chat.completions.create(ASK));
    expect(bench.seen).toHaveLength(2);
  }),

  behaviour('maxRetries: 0 never waits, yet still fails over', MANY, async (bench) => {
    bench.failFirst({ status: 500, json: apiError('once') });
    const client = bench.client();
    client.maxRetries = 0;
    const answer = await client.chat.completions.create(ASK);
    expect(answer.choices[0]?.message.content).toBe(ANSWER);
    expect(bench.seen).toHaveLength(2);
  }),

  behaviour('apiKey changed after construction is the key that is sent', SINGLE, async (bench) => {
    const client = bench.client();
    client.apiKey = 'sk-changed';
    await client.chat.completions.create(ASK);
    expect(bench.seen[0]?.headers.authorization).toBe('Bearer sk-changed');
  }),

  behaviour('baseURL changed after construction is where the call goes', SINGLE, async (bench) => {
    const client = bench.client();
    client.baseURL = `${bench.upstreams[0]?.origin}/openai`;
    await client.chat.completions.create(ASK);
    expect(bench.seen[0]?.url).toBe('/openai/chat/completions');
  }),

  behaviour('apiKey as a function is asked for the key of each attempt', ALL, async (bench) => {
    let asked = 0;
    const apiKey = async () => `sk-fresh-${++asked}`;
    const client =
      bench.poolSize === 'sdk' || bench.poolSize === 0
        ? bench.client({ apiKey })
        : bench.client({}, () => ({ apiKey }));
    await client.chat.completions.create(ASK);
    await client.chat.completions.create(ASK);
    expect(bench.seen.map((request) => request.headers.authorization)).toEqual([
      'Bearer sk-fresh-1',
      'Bearer sk-fresh-2',
    ]);
  }),

  behaviour('baseURL and apiKey are a matching pair: the first endpoint', ALL, async (bench) => {
    const client = bench.client();
    expect([client.baseURL, client.apiKey]).toEqual([bench.upstreams[0]?.url, bench.key(0)]);
  }),

  behaviour('withOptions keeps the rest and changes what it names', ALL, async (bench) => {
    const client = bench.client({ defaultHeaders: { 'x-default': 'd' }, timeout: 5_000 });
    const other = client.withOptions({ maxRetries: 0, timeout: 900, defaultHeaders: { 'x-other': 'o' } });
    expect(other).toBeInstanceOf(bench.Base);
    expect(other.constructor).toBe(client.constructor);
    expect([other.maxRetries, other.timeout, client.maxRetries, client.timeout]).toEqual([0, 900, 2, 5_000]);
    await other.chat.completions.create(ASK);
    await client.chat.completions.create(ASK);
    expect(bench.seen.map(({ headers }) => [headers['x-default'], headers['x-other']])).toEqual([
      [undefined, 'o'],
      ['d', undefined],
    ]);
  }),

  behaviour('withOptions shares the pool: counters, breakers, events of state', POOLS, async (bench) => {
    const client = bench.ours();
    const other = client.withOptions({ maxRetries: 0 });
    await client.chat.completions.create(ASK);
    await other.chat.completions.create(ASK);
    const total = (of: typeof client) => of.balancer.snapshot().endpoints.reduce((sum, one) => sum + one.attempts, 0);
    expect([total(client), total(other)]).toEqual([2, 2]);
  }),

  behaviour('withOptions of a client of one upstream may move it elsewhere', SINGLE, async (bench) => {
    const client = bench.client();
    const other = client.withOptions({ apiKey: 'sk-other', baseURL: `${bench.upstreams[0]?.origin}/openai` });
    await other.chat.completions.create(ASK);
    expect(bench.seen[0]).toMatchObject({
      url: '/openai/chat/completions',
      headers: { authorization: 'Bearer sk-other' },
    });
    await client.chat.completions.create(ASK);
    expect(bench.seen[1]).toMatchObject({ url: '/v1/chat/completions' });
  }),

  behaviour(
    'withOptions with a key or a URL over several endpoints is refused, pointing to the endpoint',
    MANY,
    async (bench) => {
      const client = bench.client();
      for (const wrong of [{ apiKey: 'sk-other' }, { baseURL: 'https://other.example/v1' }]) {
        expect(() => client.withOptions(wrong)).toThrow(bench.library.ConfigurationError);
        expect(() => client.withOptions(wrong)).toThrow(/balancer\.endpoint\(/);
      }
    },
  ),

  behaviour('an endpoint of the pool can be taken as the plain client it is', POOLS, async (bench) => {
    const last = bench.upstreams.length;
    const own = bench.ours().balancer.endpoint(`e${last}`);
    expect(own).toBeInstanceOf(bench.sdk.OpenAI);
    await own.chat.completions.create(ASK);
    expect(bench.seen.map((request) => request.name)).toEqual([`e${last}`]);
  }),

  behaviour('the logger and the log level of the client are used', OURS, async (bench) => {
    const lines: string[] = [];
    const say = (...words: unknown[]) => void lines.push(words.map(String).join(' '));
    const logger = { debug: say, info: say, warn: say, error: say };
    await bench.client({ logger, logLevel: 'debug' }).chat.completions.create(ASK);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('\n')).not.toContain(bench.key(0));
    expect(lines.join('\n')).not.toContain('Say hello');
  }),
];
