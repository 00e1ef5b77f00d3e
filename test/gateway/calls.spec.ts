// The official client through the gateway: whatever it asks for goes over the pool and comes back as it was.
import OpenAI, { toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { faultServer } from '../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith, messages } from '../support/gateway.ts';

describe('a call of the official client', () => {
  it('is answered, and says who answered in how many attempts', async () => {
    await using a = await faultServer({ name: 'a', script: [503] });
    await using b = await faultServer({ name: 'b' });
    await using gateway = await gatewayWith({ strategy: 'priority', endpoints: [endpointOf(a), endpointOf(b)] });
    const { data, response } = await gateway
      .client()
      .chat.completions.create({ model: 'gpt-5', messages })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe('Hello from b.');
    expect(response.headers.get('x-endpoint')).toBe('b');
    expect(response.headers.get('x-attempts')).toBe('2');
    expect(response.headers.get('x-request-id')).toBe(b.requests[0]?.headers['x-request-id'] ?? 'req_b_1');
    expect(a.requests[0]?.apiKey).toBe('sk-upstream-a');
    expect(b.requests[0]?.apiKey).toBe('sk-upstream-b');
  });

  it('streams: each event comes when the endpoint sent it, byte for byte', async () => {
    await using a = await faultServer({ name: 'a', script: { stream: 4, gap: 150 } });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const times: number[] = [];
    const startedAt = performance.now();
    let text = '';
    const stream = await gateway.client().chat.completions.create({ model: 'gpt-5', messages, stream: true });
    for await (const { choices } of stream) {
      const piece = choices[0]?.delta.content ?? '';
      if (piece !== '') times.push(performance.now() - startedAt);
      text += piece;
    }
    expect(text).toBe('a-0 a-1 a-2 a-3 ');
    // Were it kept until its end, all of it would come at once.
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(200);
    a.script({ stream: 4 });
    const direct = await (await fetch(`${a.url}/chat/completions`, chat('gpt-5', { stream: true }))).text();
    const through = await (await gateway.get('/v1/chat/completions', chat('gpt-5', { stream: true }))).text();
    const plain = (sse: string) => sse.replaceAll(/chatcmpl-[\w-]+|"created":\d+/g, '');
    expect(plain(through)).toBe(plain(direct));
  });

  it('keeps what nobody here knows: fields of the body, their order, large numbers, the query', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a, { name: 'a' })],
      groups: { fast: { endpoints: [{ endpoint: 'a', model: 'gpt-5' }] } },
    });
    let seen = '';
    a.script(({ body }) => {
      seen = JSON.stringify(body);
      return undefined;
    });
    const body =
      '{"zeta":1.50,"model":"fast","messages":[{"role":"user","content":"hi"}],"seed":5e0,"vendor_field":{"b":1,"a":[null]}}';
    const { status } = await gateway.get('/v1/chat/completions?beta=true&include[]=a&include[]=b', {
      ...chat('fast'),
      body,
    });
    expect(status).toBe(200);
    expect(seen).toBe(
      '{"zeta":1.5,"model":"gpt-5","messages":[{"role":"user","content":"hi"}],"seed":5,"vendor_field":{"b":1,"a":[null]}}',
    );
    expect(a.requests[0]?.bytes).toBe(body.length + 1);
    expect(a.requests[0]?.query).toEqual({ beta: 'true', 'include[]': 'b' });
  });

  it('may be anything of the API: embeddings, files, audio, lists, deletions', async () => {
    await using a = await faultServer({ name: 'a' });
    await using b = await faultServer({ name: 'b' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a), endpointOf(b)] });
    const client = gateway.client();
    const { data } = await client.embeddings.create({ model: 'text-embedding-3-small', input: 'x' });
    expect(data[0]?.embedding.length).toBeGreaterThan(0);
    const file = await client.files.create({ file: await toFile(Buffer.from('{}'), 'in.jsonl'), purpose: 'batch' });
    expect((await client.files.retrieve(file.id)).filename).toBe('in.jsonl');
    expect((await client.files.list()).data.map(({ id }) => id)).toContain(file.id);
    expect((await client.files.delete(file.id)).deleted).toBe(true);
    const speech = await client.audio.speech.create({ model: 'gpt-5', voice: 'alloy', input: 'x' });
    const direct = await new OpenAI({ apiKey: 'k', baseURL: a.url }).audio.speech.create({
      model: 'gpt-5',
      voice: 'alloy',
      input: 'x',
    });
    expect(speech.headers.get('content-type')).toBe(direct.headers.get('content-type'));
    expect((await speech.arrayBuffer()).byteLength).toBe((await direct.arrayBuffer()).byteLength);
  });

  it('finds its way back to the endpoint that made an object, from group to group', async () => {
    await using a = await faultServer({ name: 'a' });
    await using b = await faultServer({ name: 'b' });
    const both = [
      { endpoint: 'a', model: 'gpt-5' },
      { endpoint: 'b', model: 'gpt-5' },
    ];
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a), endpointOf(b)],
      groups: { one: { endpoints: both }, two: { endpoints: [...both].reverse() } },
    });
    const client = gateway.client();
    for (let round = 0; round < 6; round++) {
      const { id } = await client.responses.create({ model: round % 2 === 0 ? 'one' : 'two', input: 'x' });
      expect((await client.responses.retrieve(id)).id).toBe(id);
      const next = await client.responses.create({
        model: round % 2 === 0 ? 'two' : 'one',
        input: 'y',
        previous_response_id: id,
      });
      expect(next.previous_response_id).toBe(id);
    }
    // Nobody was asked who does not have it.
    expect([...a.requests, ...b.requests].filter(({ status }) => status === 404)).toEqual([]);
  });

  it('names the model in a form as the endpoint calls it', async () => {
    await using a = await faultServer({ name: 'a', models: ['whisper-here'] });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      groups: { whisper: { endpoints: [{ endpoint: 'a', model: 'whisper-here' }] } },
    });
    const file = await toFile(Buffer.alloc(1_000, 7), 'a.mp3');
    const { text } = await gateway.client().audio.transcriptions.create({ model: 'whisper', file });
    expect(text.length).toBeGreaterThan(0);
    expect(a.requests[0]?.model).toBe('whisper-here');
  });
});

describe('an error of an endpoint', () => {
  it('comes as it is: status, body, class', async () => {
    await using a = await faultServer({
      name: 'a',
      script: { status: 400, code: 'context_length_exceeded', message: 'Too long.' },
    });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const error = await gateway
      .client()
      .chat.completions.create({ model: 'gpt-5', messages })
      .catch((e) => e);
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect([error.status, error.code, error.message, error.requestID]).toEqual([
      400,
      'context_length_exceeded',
      '400 Too long.',
      'req_a_1',
    ]);
    expect(error.headers.get('x-should-retry')).toBeNull();
  });

  it('is not to be tried again where the gateway tried', async () => {
    await using a = await faultServer({ name: 'a', script: 500 });
    await using b = await faultServer({ name: 'b', script: 503 });
    await using gateway = await gatewayWith({ maxRetries: 0, endpoints: [endpointOf(a), endpointOf(b)] });
    const client = gateway.client().withOptions({ maxRetries: 2 });
    const error = await client.chat.completions.create({ model: 'gpt-5', messages }).catch((e) => e);
    expect(error.status).toBeGreaterThanOrEqual(500);
    expect(error.headers.get('x-should-retry')).toBe('false');
    expect(error.headers.get('x-attempts')).toBe('2');
    expect(a.calls + b.calls).toBe(2);
  });

  it('has the shape of an API error where nobody replied', async () => {
    await using a = await faultServer({ name: 'a' });
    await a.refuse();
    await using gateway = await gatewayWith({ maxRetries: 0, endpoints: [endpointOf(a)] });
    const response = await gateway.get('/v1/chat/completions', chat('gpt-5'));
    expect(response.status).toBe(502);
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect(Object.keys(error)).toEqual(['message', 'type', 'param', 'code']);
    expect(error).toMatchObject({ type: 'server_error', code: 'connection_failed' });
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
  });

  it('names the wait where everybody is rate-limited', async () => {
    await using a = await faultServer({ name: 'a', script: { status: 429, retryAfter: 90 } });
    await using gateway = await gatewayWith({ maxRetries: 0, endpoints: [endpointOf(a)] });
    const client = gateway.client();
    await client.chat.completions.create({ model: 'gpt-5', messages }).catch(() => undefined);
    const error = await client.chat.completions.create({ model: 'gpt-5', messages }).catch((e) => e);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(Number(error.headers.get('retry-after'))).toBeGreaterThan(60);
    // Nothing was tried this time: coming back after the wait is right.
    expect(error.headers.get('x-should-retry')).toBeNull();
    expect(a.calls).toBe(1);
  });
});
