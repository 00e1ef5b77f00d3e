// What a call gives back: data, response, errors, and what of the call's own options arrives upstream.
import { expect } from 'vitest';
import { ALL, ANSWER, ASK, behaviour, OURS, rejection, SINGLE, soon } from '../support/bench.ts';
import { apiError } from '../support/wire.ts';

/** Results and errors. */
export const results = [
  behaviour('create resolves with the answer and its request id', ALL, async (bench) => {
    const answer = await bench.client().chat.completions.create(ASK);
    expect(answer.choices[0]?.message.content).toBe(ANSWER);
    expect(answer._request_id).toBe(`req_${bench.seen[0]?.name}_0`);
    expect(Object.keys(answer)).not.toContain('_request_id');
    expect(bench.seen).toHaveLength(1);
  }),

  behaviour('withResponse gives data, the real response and the request id', ALL, async (bench) => {
    const call = bench.client().chat.completions.create(ASK);
    const { data, response, request_id } = await call.withResponse();
    expect(data.choices[0]?.message.content).toBe(ANSWER);
    expect(response.status).toBe(200);
    expect(response.url).toBe(`${bench.upstreams[bench.seen[0]!.upstream]?.url}/chat/completions`);
    expect(response.headers.get('x-request-id')).toBe(request_id);
    expect(request_id).toBe(`req_${bench.seen[0]?.name}_0`);
  }),

  behaviour('asResponse gives the response with its body unread', ALL, async (bench) => {
    const response = await bench.client().chat.completions.create(ASK).asResponse();
    expect(response).toBeInstanceOf(Response);
    expect(response.bodyUsed).toBe(false);
    expect(await response.json()).toMatchObject({ object: 'chat.completion', model: 'gpt-5' });
  }),

  behaviour('the call is a genuine APIPromise, and one request however often it is awaited', ALL, async (bench) => {
    const call = bench.client().chat.completions.create(ASK);
    expect(call).toBeInstanceOf(bench.sdk.APIPromise);
    expect(call).toBeInstanceOf(Promise);
    const [a, b] = await Promise.all([call, call]);
    const c = await call.finally(() => undefined);
    const d = await call.catch(() => undefined);
    expect(a).toBe(b);
    expect(a).toBe(c);
    expect(a).toBe(d);
    expect(await Promise.all([call.withResponse()]).then(([w]) => w.data)).toBe(a);
    expect(bench.seen).toHaveLength(1);
  }),

  behaviour('_thenUnwrap transforms the data, sees the real props, and can be chained', ALL, async (bench) => {
    const call = bench.client().chat.completions.create(ASK);
    const unwrapped = call
      ._thenUnwrap((data, props) => ({ text: data.choices[0]?.message.content, props }))
      ._thenUnwrap((first) => ({ ...first, again: true }));
    expect(unwrapped).toBeInstanceOf(bench.sdk.APIPromise);
    const { text, again, props } = await unwrapped;
    expect([text, again]).toEqual([ANSWER, true]);
    expect((await unwrapped)._request_id).toBe(`req_${bench.seen[0]?.name}_0`);
    expect(props.response.status).toBe(200);
    expect(props.options.method).toBe('post');
    expect(props.controller).toBeInstanceOf(AbortController);
    expect((await unwrapped.asResponse()).headers.get('x-request-id')).toBe(`req_${bench.seen[0]?.name}_0`);
  }),

  behaviour('tracers find response and options behind responsePromise', ALL, async (bench) => {
    const call = bench.client().chat.completions.create(ASK);
    const props = await (call as unknown as { responsePromise: Promise<Record<string, unknown>> }).responsePromise;
    expect(props.response).toBeInstanceOf(Response);
    expect(props.options).toMatchObject({ method: 'post', path: '/chat/completions', body: { model: 'gpt-5' } });
    await call;
  }),

  behaviour('embeddings arrive as numbers though the wire carries base64', ALL, async (bench) => {
    const answer = await bench.client().embeddings.create({ model: 'embed', input: 'x' });
    expect(answer.data[0]?.embedding).toEqual([0.5, -0.25, 1]);
    expect(bench.seen[0]?.json.encoding_format).toBe('base64');
  }),

  ...[
    [400, 'BadRequestError'],
    [404, 'NotFoundError'],
    [409, 'ConflictError'],
    [422, 'UnprocessableEntityError'],
    [429, 'RateLimitError'],
    [500, 'InternalServerError'],
  ].map(([status, name]) =>
    behaviour(`a ${status} rejects with the SDK's own ${name}, every field filled`, ALL, async (bench) => {
      bench.on(() => ({
        status: Number(status),
        headers: { 'x-extra': 'yes' },
        json: apiError('It broke', { type: 'some_type', param: 'messages', code: 'some_code' }),
      }));
      const error = await rejection(bench.client({ maxRetries: 0 }).chat.completions.create(ASK));
      const Class = bench.sdk[name as 'BadRequestError'];
      expect(error).toBeInstanceOf(Class);
      expect(error).toBeInstanceOf(bench.sdk.APIError);
      expect(error.constructor).toBe(Class);
      expect(error.message).toBe(`${status} It broke`);
      expect(error).toMatchObject({ status, code: 'some_code', type: 'some_type', param: 'messages' });
      expect(error.requestID).toMatch(/^req_e\d_0$/);
      expect((error.headers as Headers).get('x-extra')).toBe('yes');
      expect(error.error).toMatchObject({ message: 'It broke' });
    }),
  ),

  behaviour('a refused connection rejects with APIConnectionError and its cause', ALL, async (bench) => {
    await Promise.all(bench.upstreams.map((upstream) => upstream.close()));
    const error = await rejection(bench.client({ maxRetries: 0 }).chat.completions.create(ASK));
    expect(error.constructor).toBe(bench.sdk.APIConnectionError);
    expect((error.cause as Error & { cause: { code: string } }).cause.code).toBe('ECONNREFUSED');
  }),

  behaviour('one retry after a 500 with one upstream, announced in x-stainless-retry-count', SINGLE, async (bench) => {
    bench.failFirst({ status: 500, headers: { 'retry-after-ms': '1' }, json: apiError('once') });
    await bench.client().chat.completions.create(ASK);
    expect(bench.seen.map((request) => request.headers['x-stainless-retry-count'])).toEqual(['0', '1']);
  }),

  behaviour('an unawaited failing call is exactly one unhandled rejection', ALL, async (bench) => {
    bench.on(({ path }) => (path === '/v1/completions' ? { status: 400, json: apiError('nobody looks') } : undefined));
    const client = bench.client();
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    const reasons: unknown[] = [];
    try {
      const first = new Promise<void>((settle) => {
        process.on('unhandledRejection', (reason) => {
          reasons.push(reason);
          settle();
        });
      });
      // No handler is attached; asResponse would start nothing new either.
      void client.completions.create({ model: 'gpt-5', prompt: 'x' }).then(() => undefined);
      await soon(first, 'the unhandled rejection');
      await client.chat.completions.create(ASK);
      for (let turn = 0; turn < 5; turn++) await new Promise((settle) => setImmediate(settle));
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of others) process.on('unhandledRejection', listener);
    }
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toBeInstanceOf(bench.sdk.BadRequestError);
  }),

  behaviour('a call nobody looks at is exactly one unhandled rejection too', ALL, async (bench) => {
    bench.on(({ path }) => (path === '/v1/completions' ? { status: 400, json: apiError('nobody looks') } : undefined));
    const client = bench.client();
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    const reasons: unknown[] = [];
    try {
      const first = new Promise<void>((settle) => {
        process.on('unhandledRejection', (reason) => {
          reasons.push(reason);
          settle();
        });
      });
      void client.completions.create({ model: 'gpt-5', prompt: 'x' });
      await soon(first, 'the unhandled rejection');
      await client.chat.completions.create(ASK);
      for (let turn = 0; turn < 5; turn++) await new Promise((settle) => setImmediate(settle));
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const listener of others) process.on('unhandledRejection', listener);
    }
    expect(reasons).toHaveLength(1);
  }),

  behaviour('a handled failing call is no unhandled rejection', OURS, async (bench) => {
    bench.on(() => ({ status: 400, json: apiError('somebody looks') }));
    const reasons: unknown[] = [];
    const listen = (reason: unknown) => reasons.push(reason);
    process.on('unhandledRejection', listen);
    const call = bench.client().chat.completions.create(ASK);
    await rejection(call);
    await rejection(call.asResponse());
    await rejection(call.withResponse());
    for (let turn = 0; turn < 5; turn++) await new Promise((settle) => setImmediate(settle));
    process.off('unhandledRejection', listen);
    expect(reasons).toEqual([]);
  }),
];
