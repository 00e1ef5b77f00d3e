// What a pool adds: an attempt that failed for the endpoint's reasons is not the caller's business, one that failed for
// the call's own reasons is, after exactly one request.
import type OpenAI from 'openai';
import { expect } from 'vitest';
import { ANSWER, ASK, type Bench, behaviour, MANY, POOLS, rejection, soon } from '../support/bench.ts';
import type { Reply } from '../support/upstream.ts';
import { apiError, chatChunk, DONE, responseEvents } from '../support/wire.ts';

const MOVABLE: Record<string, Reply> = {
  'a 500': { status: 500, json: apiError('broken') },
  'a 503': { status: 503, text: 'Service Unavailable' },
  'a 529': { status: 529, json: apiError('overloaded') },
  'a 408': { status: 408, json: apiError('slow') },
  'a 429': { status: 429, headers: { 'retry-after': '30' }, json: apiError('busy', { code: 'rate_limit_exceeded' }) },
  'a 429 without credit': { status: 429, json: apiError('no money', { code: 'insufficient_quota' }) },
  'a 401': { status: 401, json: apiError('bad key', { code: 'invalid_api_key' }) },
  'a 403': { status: 403, json: apiError('not in your region') },
  'a 404 of a deployment': { status: 404, json: apiError('no deployment', { code: 'DeploymentNotFound' }) },
  'a 404 of a model': { status: 404, json: apiError('no model', { code: 'model_not_found' }) },
  'a connection reset': { reset: true },
  'a 200 with HTML': { text: '<html>captive portal</html>', headers: { 'content-type': 'text/html' } },
  'a 200 with cut JSON': { text: '{"id":"chatcmpl-1","choi', headers: { 'content-type': 'application/json' } },
  'a 200 with a body cut off': {
    json: { id: 'chatcmpl-1', filler: 'x'.repeat(200) },
    cutAfter: 40,
    headers: { 'content-length': '500' },
  },
  'a 200 with an error object': { json: apiError('inner', { type: 'server_error' }) },
  'an empty 200': { text: '', headers: { 'content-type': 'application/json' } },
  'a redirect': { status: 307, headers: { location: 'http://127.0.0.1:1/v1/chat/completions' } },
};

const MOVABLE_STREAM: Record<string, Reply> = {
  'an error event first': { sse: [{ error: { message: 'inner', type: 'server_error', code: null, param: null } }] },
  'an end without content': { sse: [] },
  'an end after the role': { sse: [chatChunk('gpt-5', { role: 'assistant', content: '' })] },
  'an end marker and nothing else': { sse: [DONE] },
  HTML: { text: '<html></html>', headers: { 'content-type': 'text/html' } },
  'a 500': { status: 500, json: apiError('broken') },
};

const NOT_MOVABLE: Record<string, Reply> = {
  'a 400': { status: 400, json: apiError('Unknown parameter') },
  'a 400 of the content filter': { status: 400, json: apiError('filtered', { code: 'content_filter' }) },
  'a 400 of the context length': { status: 400, json: apiError('too long', { code: 'context_length_exceeded' }) },
  'a 413': { status: 413, json: apiError('too large') },
  'a 422': { status: 422, json: apiError('no') },
};

const STREAMS: Record<string, (client: OpenAI) => Promise<string | null>> = {
  async 'a stream'(client) {
    let text = '';
    for await (const chunk of await client.chat.completions.create({ ...ASK, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
    return text;
  },
  'a chat.completions.stream()': (client) => client.chat.completions.stream(ASK).finalContent(),
};

/** The same for the Responses API. */
const RESPONSES: Record<string, (client: OpenAI) => Promise<string>> = {
  async 'a stream of responses.create'(client) {
    let text = '';
    for await (const event of await client.responses.create({ model: 'gpt-5', input: 'x', stream: true })) {
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    return text;
  },
  async 'a responses.stream()'(client) {
    const final = await client.responses.stream({ model: 'gpt-5', input: 'x' }).finalResponse();
    const [item] = final.output;
    return item?.type === 'message' && item.content[0]?.type === 'output_text' ? item.content[0].text : '';
  },
};
const created = responseEvents('resp_1', 'gpt-5', []).slice(0, 2);
const RESPONSES_MOVABLE: Record<string, Reply> = {
  'an error event first': { sse: [{ type: 'error', code: 'server_error', message: 'inner', param: null }] },
  'response.created and then its end': { sse: created },
  'response.created and then an error': {
    sse: [...created, { type: 'error', code: 'server_error', message: 'inner', param: null }],
  },
  nothing: { sse: [] },
  'a 500': { status: 500, json: apiError('broken') },
};

const served = (bench: Bench) => bench.seen.map((request) => request.name);

/** Failover and its limits. */
export const failover = [
  ...Object.entries(MOVABLE).map(([what, reply]) =>
    behaviour(`${what} at the first endpoint is answered by another, at once`, MANY, async (bench) => {
      bench.failFirst(reply);
      const client = bench.ours();
      const waits: unknown[] = [];
      client.balancer.on('call-waiting', (event) => void waits.push(event));
      const call = client.chat.completions.create(ASK);
      const { data, request_id } = await call.withResponse();
      expect(data.choices[0]?.message.content).toBe(ANSWER);
      expect(waits).toEqual([]);
      expect(new Set(served(bench)).size).toBe(2);
      expect(bench.seen).toHaveLength(2);
      expect(request_id).toBe(`req_${bench.seen[1]?.name}_0`);
      const story = bench.library.attemptsOf(call);
      expect(story.map((attempt) => attempt.endpoint)).toEqual(served(bench));
      expect(story.at(-1)).toMatchObject({ status: 200, model: 'gpt-5' });
      expect(bench.library.attemptsOf(data)).toEqual(story);
    }),
  ),

  ...Object.entries(MOVABLE_STREAM).flatMap(([what, reply]) =>
    Object.entries(STREAMS).map(([kind, read]) =>
      behaviour(`${kind} that gives ${what} is answered by another endpoint`, MANY, async (bench) => {
        bench.failFirst(reply);
        expect(await read(bench.client())).toBe(ANSWER);
        expect(new Set(served(bench)).size).toBe(2);
        expect(bench.seen).toHaveLength(2);
      }),
    ),
  ),

  behaviour('asResponse after a failover gives the response that counted', MANY, async (bench) => {
    bench.failFirst({ status: 500, json: apiError('broken') });
    const response = await bench.client().chat.completions.create(ASK).asResponse();
    expect(response.headers.get('x-request-id')).toBe(`req_${bench.seen[1]?.name}_0`);
    expect(await response.json()).toMatchObject({ object: 'chat.completion' });
  }),

  behaviour('a list is whole although an endpoint fails at first', MANY, async (bench) => {
    bench.failFirst({ status: 500, json: apiError('broken') });
    const ids: string[] = [];
    for await (const { id } of bench.client().fineTuning.jobs.list()) ids.push(id);
    expect(new Set(ids).size).toBe(6 * bench.upstreams.length);
    expect(ids).toHaveLength(6 * bench.upstreams.length);
  }),

  behaviour('a round of runTools fails over by itself', MANY, async (bench) => {
    bench.on(({ index, name, json }) =>
      name === 'e2' && index === 0 && json.tools ? { status: 500, json: apiError('broken') } : undefined,
    );
    const tool = { name: 'weather', description: '', parameters: {}, parse: JSON.parse, function: () => 'sunny' };
    const runner = bench.client().chat.completions.runTools({ ...ASK, tools: [{ type: 'function', function: tool }] });
    expect(await runner.finalContent()).toBe(ANSWER);
    expect(bench.seen).toHaveLength(3);
  }),

  ...Object.entries(RESPONSES_MOVABLE).flatMap(([what, reply]) =>
    Object.entries(RESPONSES).map(([kind, read]) =>
      behaviour(`${kind} that gives ${what} is answered by another endpoint`, MANY, async (bench) => {
        bench.failFirst(reply);
        expect(await read(bench.client())).toBe(ANSWER);
        expect(bench.seen).toHaveLength(2);
      }),
    ),
  ),

  ...Object.entries(NOT_MOVABLE).map(([what, reply]) =>
    behaviour(`${what} reaches the caller after exactly one request`, POOLS, async (bench) => {
      bench.on(() => reply);
      const error = await rejection(bench.client().chat.completions.create(ASK));
      expect(error).toBeInstanceOf(bench.sdk.APIError);
      expect(error.status).toBe(reply.status);
      expect(bench.seen).toHaveLength(1);
      expect(bench.library.attemptsOf(error)).toHaveLength(1);
    }),
  ),

  behaviour('ECONNREFUSED at one endpoint is answered by another', MANY, async (bench) => {
    await bench.upstreams[0]?.close();
    const client = bench.client();
    for (let n = 0; n < 4; n++) {
      const answer = await client.chat.completions.create(ASK);
      expect(answer.choices[0]?.message.content).toBe(ANSWER);
    }
    expect(served(bench)).not.toContain('e1');
  }),

  behaviour('an abort before the headers ends the call at once, and nothing else is asked', POOLS, async (bench) => {
    bench.on(() => ({ hang: true }));
    const controller = new AbortController();
    const call = bench.client().chat.completions.create(ASK, { signal: controller.signal });
    while (bench.seen.length === 0) await new Promise((settle) => setImmediate(settle));
    controller.abort();
    const error = await soon(rejection(call), 'the abort', 1_000);
    expect(error.constructor).toBe(bench.sdk.APIUserAbortError);
    expect(error.message).toBe('Request was aborted.');
    expect(await soon(bench.seen[0]!.closed, 'the connection')).toBe(false);
    expect(bench.seen).toHaveLength(1);
  }),

  behaviour('an abort that was there first sends nothing', POOLS, async (bench) => {
    const error = await rejection(bench.client().chat.completions.create(ASK, { signal: AbortSignal.abort() }));
    expect(error).toBeInstanceOf(bench.sdk.APIUserAbortError);
    expect(bench.seen).toHaveLength(0);
  }),

  behaviour("when every endpoint fails the SDK's own error of the last reply is thrown", POOLS, async (bench) => {
    bench.on(({ name }) => ({ status: 500, json: apiError(`broken ${name}`) }));
    const error = await rejection(bench.client({ maxRetries: 0 }).chat.completions.create(ASK));
    const last = bench.seen.at(-1)?.name;
    expect(error.constructor).toBe(bench.sdk.InternalServerError);
    expect(error).toMatchObject({ status: 500, message: `500 broken ${last}`, requestID: `req_${last}_0` });
    expect(bench.seen).toHaveLength(bench.upstreams.length);
    expect(bench.library.attemptsOf(error).map((attempt) => attempt.endpoint)).toEqual(served(bench));
    expect(bench.library.explain(error)).toContain('500');
  }),

  behaviour('each key goes to its own endpoint only, also on failover', MANY, async (bench) => {
    bench.on(({ name }) => (name === 'e1' ? { status: 500, json: apiError('broken') } : undefined));
    const client = bench.client();
    for (let n = 0; n < 6; n++) await client.chat.completions.create(ASK);
    for (const request of bench.seen) {
      expect(request.headers.authorization).toBe(`Bearer ${bench.key(request.upstream)}`);
    }
    expect(served(bench)).toContain('e1');
  }),

  behaviour('a failover says so in x-stainless-retry-count', MANY, async (bench) => {
    bench.failFirst({ status: 500, json: apiError('once') });
    await bench.client().chat.completions.create(ASK);
    expect(bench.seen.map((request) => request.headers['x-stainless-retry-count'])).toEqual(['0', '1']);
  }),

  behaviour('an endpoint that keeps failing is ejected by its breaker and gets nothing', MANY, async (bench) => {
    bench.on(({ name }) => (name === 'e1' ? { status: 500, json: apiError('broken') } : undefined));
    const client = bench.ours({ breaker: { consecutiveFailures: 3, resetTimeout: 60_000 } });
    const ejected: string[] = [];
    client.balancer.on('endpoint-ejected', (event) => void ejected.push(String(event.endpoint)));
    while (client.balancer.snapshot().endpoints[0]?.breaker !== 'open') {
      await client.chat.completions.create(ASK);
      expect(bench.seen.length).toBeLessThan(40);
    }
    const before = served(bench).filter((name) => name === 'e1').length;
    expect(before).toBe(3);
    for (let n = 0; n < 9; n++) await client.chat.completions.create(ASK);
    expect(served(bench).filter((name) => name === 'e1')).toHaveLength(before);
    expect(ejected).toContain('e1');
    expect(client.balancer.snapshot().endpoints[0]?.excluded).toBeTruthy();
  }),

  behaviour('round-robin spreads equal calls equally', POOLS, async (bench) => {
    const client = bench.client();
    const size = bench.upstreams.length;
    for (let n = 0; n < size * 4; n++) await client.chat.completions.create(ASK);
    for (const upstream of bench.upstreams) expect(upstream.seen).toHaveLength(4);
  }),
];
