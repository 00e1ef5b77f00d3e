// The Responses API of a healthy server: plain, streamed, stored, continued.
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FaultServer, faultServer } from '../../src/testing/index.ts';

const model = 'gpt-5';
const HELLO = 'Hello from a.';

let server: FaultServer;
let client: OpenAI;
beforeAll(async () => {
  server = await faultServer({ name: 'a' });
  client = new OpenAI({ apiKey: 'k', baseURL: server.url, maxRetries: 0 });
});
beforeEach(() => {
  server.script('ok');
  server.reset();
});
afterAll(() => server.close());

describe('responses', () => {
  it('plain, streamed, stored, continued, deleted', async () => {
    const first = await client.responses.create({ model, input: 'hi' });
    expect(first.output_text).toBe(HELLO);
    expect((await client.responses.retrieve(first.id)).output_text).toBe(HELLO);
    await client.responses.create({ model, input: 'more', previous_response_id: first.id });
    await client.responses.delete(first.id);
    await expect(client.responses.retrieve(first.id)).rejects.toMatchObject({ status: 404 });
    await expect(
      client.responses.create({ model, input: 'more', previous_response_id: first.id }),
    ).rejects.toMatchObject({ status: 400, code: 'previous_response_not_found' });
    const unstored = await client.responses.create({ model, input: 'hi', store: false });
    await expect(client.responses.retrieve(unstored.id)).rejects.toMatchObject({ status: 404 });
  });

  it('events arrive in the order of the API', async () => {
    const stream = client.responses.stream({ model, input: 'hi' });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect([...new Set(types)]).toEqual([
      ...['response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added'],
      ...['response.output_text.delta', 'response.output_text.done', 'response.content_part.done'],
      ...['response.output_item.done', 'response.completed'],
    ]);
    expect((await stream.finalResponse()).output[0]).toMatchObject({ content: [{ text: HELLO }] });
  });

  it('a fault after 0 events comes before the message item; function calls are content', async () => {
    server.script([
      { stream: 3, errorAfter: 0 },
      { step: 'ok', toolCalls: [{ name: 'f', arguments: '{}' }] },
    ]);
    const types: string[] = [];
    const broken = (async () => {
      for await (const event of await client.responses.create({ model, input: 'hi', stream: true }))
        types.push(event.type);
    })();
    await expect(broken).rejects.toThrow('The server had an error.');
    expect(types).toEqual(['response.created', 'response.in_progress']);
    const called = await client.responses.create({ model, input: 'hi' });
    expect(called.output[0]).toMatchObject({ type: 'function_call', name: 'f', arguments: '{}' });
  });

  it('streams function calls', async () => {
    server.script({ step: 'ok', toolCalls: [{ name: 'f', arguments: { a: 1 } }, { name: 'g' }] });
    const stream = client.responses.stream({ model, input: 'hi' });
    expect((await stream.finalResponse()).output).toMatchObject([
      { type: 'function_call', name: 'f', arguments: '{"a":1}' },
      { type: 'function_call', name: 'g', arguments: '{}' },
    ]);
  });

  it('background, conversations, structured output', async () => {
    const queued = await client.responses.create({ model, input: 'hi', background: true });
    expect(queued.status).toBe('queued');
    expect((await client.responses.retrieve(queued.id)).status).toBe('completed');
    const conversation = await client.conversations.create({});
    await client.responses.create({ model, input: 'hi', conversation: conversation.id });
    await client.conversations.items.create(conversation.id, { items: [{ role: 'user', content: 'x' }] });
    const { data } = await client.conversations.items.list(conversation.id);
    expect(data).toMatchObject([{ role: 'user', content: [{ type: 'input_text', text: 'x' }] }]);
    await expect(client.responses.create({ model, input: 'hi', conversation: 'conv_x' })).rejects.toMatchObject({
      status: 404,
    });
    const format = {
      type: 'json_schema' as const,
      name: 's',
      schema: { type: 'object', properties: { ok: { type: 'boolean' } } },
    };
    const parsed = await client.responses.create({ model, input: 'hi', text: { format } });
    expect(JSON.parse(parsed.output_text)).toEqual({ ok: true });
  });
});
