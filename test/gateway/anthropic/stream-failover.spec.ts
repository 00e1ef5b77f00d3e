// A stream of Anthropic's API that fails before it says anything goes on at the next endpoint; later it is the client's to know.
import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { type FaultServer, faultServer, type Step } from '../../../src/testing/index.ts';
import { endpointOf, gatewayWith, type TestGateway } from '../../support/gateway.ts';

const anthropicOf = (server: FaultServer) => endpointOf(server, { type: 'anthropic' });
const event = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
const message = { id: 'msg_up', type: 'message', role: 'assistant', model: 'claude-next', content: [] };
const begin = event('message_start', { message: { ...message, usage: { input_tokens: 50, output_tokens: 1 } } });
const block = event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } });
const delta = (text: string) => event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } });
const end =
  event('content_block_stop', { index: 0 }) +
  event('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 7 } }) +
  event('message_stop');
const overloaded = event('error', { error: { type: 'overloaded_error', message: 'Overloaded' } });

const streamed = (text: string): Step => ({
  raw: [`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n`, text],
});
const good = begin + block + event('ping') + delta('Hello.') + end;

const ask = { model: 'claude-next', max_tokens: 50, stream: true, messages: [{ role: 'user', content: 'hi' }] };
const raw = async (gateway: TestGateway) => {
  const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
  const response = await gateway.get('/v1/messages', { method: 'POST', headers, body: JSON.stringify(ask) });
  return { response, text: await response.text() };
};

/** Two endpoints of Anthropic's behind a gateway; the first one says this. */
async function two(first: Step) {
  const a = await faultServer({ name: 'a', script: [first, first, first, first] });
  const b = await faultServer({ name: 'b', script: { repeat: [streamed(good)] } });
  const gateway = await gatewayWith({ strategy: 'priority', endpoints: [anthropicOf(a), anthropicOf(b)] });
  return {
    ...{ a, b, gateway },
    async [Symbol.asyncDispose]() {
      await gateway[Symbol.asyncDispose]();
      for (const server of [a, b]) await server.close();
    },
  };
}

describe('a stream that fails before its first content', () => {
  it.each([
    ['with an error right after its start', begin + overloaded],
    ['with an error instead of a start', overloaded],
    ['with an error after an empty block and a ping', begin + block + event('ping') + overloaded],
    ['by ending after its start', begin],
    ['by ending without a word', ''],
  ])('%s goes on at the next endpoint, byte for byte', async (_, said) => {
    await using stage = await two(streamed(said));
    const { response, text } = await raw(stage.gateway);
    expect(response.headers.get('x-endpoint')).toBe('b');
    expect(response.headers.get('x-attempts')).toBe('2');
    expect(text).toBe(good);
    expect([stage.a.calls, stage.b.calls]).toEqual([1, 1]);
  });

  it('reaches the official client as the whole message that the next one makes', async () => {
    await using stage = await two(streamed(begin + overloaded));
    const client = new Anthropic({ baseURL: stage.gateway.url, apiKey: 'any', maxRetries: 0 });
    const reply = client.messages.stream({ ...ask, stream: undefined } as never);
    expect((await reply.finalMessage()).content).toMatchObject([{ type: 'text', text: 'Hello.' }]);
    while (stage.gateway.store.calls.page({}).calls.length === 0) await new Promise((done) => setTimeout(done, 5));
    const [record] = stage.gateway.store.calls.page({}).calls;
    expect(record?.attempts.map(({ endpoint, verdict }) => [endpoint, verdict])).toEqual([
      ['a', 'overloaded'],
      ['b', 'ok'],
    ]);
    // What went in was told at the start, what came out at the end.
    expect(record).toMatchObject({ tokens: { input: 50, output: 7 }, estimated: false });
  });
});

describe('a stream that fails after its first content', () => {
  it('ends with the error that the endpoint wrote, and counts against it', async () => {
    const said = begin + block + delta('Hel') + overloaded;
    await using stage = await two(streamed(said));
    const { response, text } = await raw(stage.gateway);
    expect(response.headers.get('x-endpoint')).toBe('a');
    expect(text).toBe(said);
    expect(stage.b.calls).toBe(0);
  });

  it('that just stops is never ended as if it were whole', async () => {
    await using stage = await two(streamed(begin + block + delta('Hel')));
    const { text } = await raw(stage.gateway).catch(() => ({ text: 'broken' }));
    expect(text).not.toContain('message_stop');
    if (text !== 'broken') expect(text).toContain('"type":"error"');
    expect(stage.b.calls).toBe(0);
  });
});

describe('a stream that everybody fails', () => {
  it('is the last endpoint’s own error, as it wrote it', async () => {
    await using a = await faultServer({ name: 'a', script: { repeat: [streamed(begin + overloaded)] } });
    await using gateway = await gatewayWith({ endpoints: [anthropicOf(a)], maxRetries: 0 });
    const { text } = await raw(gateway);
    expect(text).toContain('overloaded_error');
    expect(text).not.toContain('message_stop');
  });
});
