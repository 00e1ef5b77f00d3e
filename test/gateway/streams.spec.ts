// Streams that do not come to their end: the caller goes, the endpoint dies, the reader stands still.
import { type IncomingMessage, request } from 'node:http';
import OpenAI from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { faultServer, type Step } from '../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith, messages } from '../support/gateway.ts';

describe('a caller who goes', () => {
  it('ends the call at the endpoint: before its answer and in the middle of it', async () => {
    await using a = await faultServer({ name: 'a', script: ['black-hole', { stream: 1_000, gap: 20 }] });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const abort = new AbortController();
    const gone = gateway
      .get('/v1/chat/completions', { ...chat('gpt-5'), signal: abort.signal })
      .catch((error: Error) => error.name);
    await a.until(({ inFlight }) => inFlight === 1);
    abort.abort();
    expect(await gone).toBe('AbortError');
    await a.until(({ inFlight }) => inFlight === 0, 1_000);
    const stream = await gateway.client().chat.completions.create({ model: 'gpt-5', messages, stream: true });
    for await (const { choices } of stream) if (choices[0]?.delta.content) break;
    await a.until(({ inFlight }) => inFlight === 0, 1_000);
    expect(a.requests.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(gateway.gateway.figures.running).toBe(0);
    const [state] = (
      (await (await gateway.get('/stats')).json()) as { endpoints: { inFlight: number; failures: number }[] }
    ).endpoints;
    // Whoever leaves says nothing about the endpoint.
    expect(state).toMatchObject({ inFlight: 0, failures: 0 });
  });
});

describe('a stream that dies', () => {
  it('goes on elsewhere before its first content', async () => {
    await using a = await faultServer({ name: 'a', script: { stream: 5, cutAfter: 0 } });
    await using b = await faultServer({ name: 'b' });
    await using gateway = await gatewayWith({ strategy: 'priority', endpoints: [endpointOf(a), endpointOf(b)] });
    const { data, response } = await gateway
      .client()
      .chat.completions.create({ model: 'gpt-5', messages, stream: true })
      .withResponse();
    let text = '';
    for await (const { choices } of data) text += choices[0]?.delta.content ?? '';
    expect(text).toContain('Hello from b.');
    expect(response.headers.get('x-attempts')).toBe('2');
  });

  it.each(['reset', 'end', 'close'] as const)(
    'is never ended as if it were whole (%s): official clients throw, others see it broken',
    async (cut) => {
      await using a = await faultServer({ name: 'a', script: { stream: 8, cutAfter: 3, cut } });
      await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
      let text = '';
      const reading = async () => {
        for await (const { choices } of await gateway
          .client()
          .chat.completions.create({ model: 'gpt-5', messages, stream: true }))
          text += choices[0]?.delta.content ?? '';
      };
      await expect(reading()).rejects.toBeInstanceOf(OpenAI.OpenAIError);
      expect(text).toBe('a-0 a-1 a-2 ');
      const { body } = await gateway.get('/v1/chat/completions', chat('gpt-5', { stream: true }));
      let raw = '';
      const rest = (async () => {
        for await (const piece of body as ReadableStream<Uint8Array>) raw += new TextDecoder().decode(piece);
      })();
      await expect(rest).rejects.toThrow();
      expect(raw).toContain('data: {"error":{');
      expect(raw).not.toContain('[DONE]');
    },
  );

  it('names its error in the words of the Responses API where the stream is one of it', async () => {
    await using a = await faultServer({ name: 'a', script: { stream: 8, cutAfter: 3 } });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const reading = async () => {
      for await (const _ of await gateway.client().responses.create({ model: 'gpt-5', input: 'x', stream: true }));
    };
    await expect(reading()).rejects.toBeInstanceOf(OpenAI.OpenAIError);
  });
});

it('says of a stream that fell silent how long nothing came', async () => {
  await using a = await faultServer({ name: 'a', script: { stream: 8, stallAfter: 3 } });
  await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], streamIdleTimeout: 300 });
  const { body } = await gateway.get('/v1/chat/completions', chat('gpt-5', { stream: true }));
  let text = '';
  const reading = (async () => {
    for await (const piece of body as ReadableStream<Uint8Array>) text += new TextDecoder().decode(piece);
  })();
  await expect(reading).rejects.toThrow();
  expect(text).toContain('The stream was silent for 300 ms and was given up.');
});

describe('a stream that its API ends with an error', () => {
  const failing: Step = { stream: 8, errorAfter: 3 };

  const ownFetch = globalThis.fetch;
  afterEach(() => {
    globalThis.fetch = ownFetch;
  });

  it.each(['directly', 'the long way'])('is written down as a call that failed, also %s', async (way) => {
    // Nothing goes out directly past a fetch that somebody put in the place of the standard one.
    if (way !== 'directly') globalThis.fetch = (...given) => ownFetch(...given);
    await using a = await faultServer({ name: 'a', script: [failing, { stream: 8 }] });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    for (let call = 0; call < 2; call++) {
      const response = await gateway.get('/v1/chat/completions', chat('gpt-5', { stream: true }));
      expect(await response.text()).toContain(call === 0 ? 'data: {"error":{' : '[DONE]');
    }
    await vi.waitFor(() => expect(gateway.store.calls.page({ limit: 9 }).calls).toHaveLength(2));
    const [good, bad] = gateway.store.calls.page({ limit: 9 }).calls;
    expect(bad).toMatchObject({ status: 502, code: 'upstream_error', attempts: [{ verdict: 'server-error' }] });
    expect(good).toMatchObject({ status: 200, code: undefined });
    expect(await (await gateway.get('/metrics')).text()).toMatch(/status="502"[^\n]* 1\n/);
  });
});

describe('a reader who stands still', () => {
  it('stops the endpoint from sending, and fills no memory', async () => {
    const event = { choices: [{ index: 0, delta: { content: 'x'.repeat(80_000) } }] };
    await using a = await faultServer({ name: 'a', script: { stream: Array.from({ length: 400 }, () => event) } });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const { body } = chat('gpt-5', { stream: true });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      request(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers }, resolve).on('error', reject).end(body);
    });
    // Nobody reads. All of it could come in this time many times over.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(a.inFlight).toBe(1);
    let read = 0;
    for await (const piece of response) read += (piece as Buffer).byteLength;
    expect(read).toBeGreaterThan(32_000_000);
    await a.until(({ inFlight }) => inFlight === 0);
  });
});
