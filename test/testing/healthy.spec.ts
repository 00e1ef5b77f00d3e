// A healthy server answers every kind of SDK call so that the SDK is content.
import OpenAI, { AzureOpenAI, toFile } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FaultServer, faultServer } from '../../src/testing/index.ts';

const model = 'gpt-5';
const messages = [{ role: 'user' as const, content: 'hi' }];
const HELLO = 'Hello from a.';

let server: FaultServer;
let client: OpenAI;
beforeAll(async () => {
  server = await faultServer({ name: 'a', objects: { files: 45 } });
  client = new OpenAI({ apiKey: 'k', baseURL: server.url, maxRetries: 0 });
});
beforeEach(() => {
  server.script('ok');
  server.reset();
});
afterAll(() => server.close());

describe('chat', () => {
  it('plain, streamed, with usage, n and store', async () => {
    const plain = await client.chat.completions.create({ model, messages, n: 2 });
    expect(plain.choices.map((choice) => choice.message.content)).toEqual([HELLO, HELLO]);
    expect(plain.usage?.total_tokens).toBeGreaterThan(0);
    const stream = client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe(HELLO);
    expect((await stream.totalUsage()).total_tokens).toBeGreaterThan(0);
    const stored = await client.chat.completions.create({ model, messages, store: true });
    expect((await client.chat.completions.retrieve(stored.id)).id).toBe(stored.id);
  });

  it('tool calls, plain and streamed, drive runTools', async () => {
    for (const stream of [false, true] as const) {
      server.script([
        { step: 'ok', toolCalls: [{ name: 'add', arguments: { a: 2, b: 3 } }] },
        { step: 'ok', text: 'It is 5.' },
      ]);
      const seen: unknown[] = [];
      const tools = [
        {
          type: 'function' as const,
          function: {
            name: 'add',
            description: 'adds',
            parameters: { type: 'object' },
            parse: JSON.parse,
            function: (args: { a: number; b: number }) => {
              seen.push(args);
              return String(args.a + args.b);
            },
          },
        },
      ];
      const runner = stream
        ? client.chat.completions.runTools({ model, messages, tools, stream: true })
        : client.chat.completions.runTools({ model, messages, tools });
      expect(await runner.finalContent()).toBe('It is 5.');
      expect(seen).toEqual([{ a: 2, b: 3 }]);
    }
  });

  it('structured output fits its schema', async () => {
    const schema = {
      type: 'object',
      properties: {
        kind: { enum: ['x', 'y'] },
        n: { type: 'integer' },
        list: { type: 'array', items: { $ref: '#/$defs/item' } },
      },
      $defs: { item: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
    };
    const format = { type: 'json_schema' as const, json_schema: { name: 's', schema } };
    const { choices } = await client.chat.completions.parse({ model, messages, response_format: format });
    expect(choices[0]?.message.parsed).toEqual({ kind: 'x', n: 1, list: ['text'] });
  });

  it('legacy completions', async () => {
    const plain = await client.completions.create({ model, prompt: 'hi' });
    expect(plain.choices[0]?.text).toBe(HELLO);
    let text = '';
    for await (const part of await client.completions.create({ model, prompt: 'hi', stream: true }))
      text += part.choices[0]?.text;
    expect(text).toBe(HELLO);
  });
});

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

  it('background, conversations, structured output', async () => {
    const queued = await client.responses.create({ model, input: 'hi', background: true });
    expect(queued.status).toBe('queued');
    expect((await client.responses.retrieve(queued.id)).status).toBe('completed');
    const conversation = await client.conversations.create({});
    await client.responses.create({ model, input: 'hi', conversation: conversation.id });
    await client.conversations.items.create(conversation.id, { items: [{ role: 'user', content: 'x' }] });
    expect((await client.conversations.items.list(conversation.id)).data).toHaveLength(1);
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

describe('everything else that is stateless', () => {
  it('embeddings, in both encodings', async () => {
    const packed = await client.embeddings.create({ model, input: ['a', 'bb'], dimensions: 4 });
    const floats = await client.embeddings.create({
      model,
      input: ['a', 'bb'],
      dimensions: 4,
      encoding_format: 'float',
    });
    expect(packed.data).toHaveLength(2);
    expect(packed.data[0]?.embedding).toHaveLength(4);
    expect(packed.data).toEqual(floats.data);
    expect((await client.embeddings.create({ model, input: [1, 2, 3] })).data).toHaveLength(1);
  });

  it('moderations, images, audio, models', async () => {
    expect((await client.moderations.create({ input: ['a', 'b'] })).results).toHaveLength(2);
    expect((await client.images.generate({ model, prompt: 'x', n: 2 })).data?.[0]?.b64_json).toMatch(/^iVBOR/);
    const speech = await client.audio.speech.create({ model, voice: 'alloy', input: 'x', response_format: 'wav' });
    expect(speech.headers.get('content-type')).toBe('audio/wav');
    expect(Buffer.from(await speech.arrayBuffer()).toString()).toContain('a');
    const file = () => toFile(Buffer.from('abc'), 'a.wav');
    expect((await client.audio.transcriptions.create({ model, file: await file() })).text).toBe(HELLO);
    const text = await client.audio.translations.create({ model, file: await file(), response_format: 'text' });
    expect(String(text).trim()).toBe(HELLO);
    const heard: string[] = [];
    for await (const event of await client.audio.transcriptions.create({ model, file: await file(), stream: true }))
      heard.push(event.type);
    expect(heard.at(-1)).toBe('transcript.text.done');
    expect((await client.models.list()).data.map(({ id }) => id)).toContain('gpt-5');
    expect((await client.models.retrieve('gpt-5')).owned_by).toBe('a');
    await expect(client.models.retrieve('gpt-2')).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });

  it('Azure paths', async () => {
    const azure = new AzureOpenAI({ endpoint: server.origin, apiKey: 'k', apiVersion: '2024-10-21', maxRetries: 0 });
    expect((await azure.chat.completions.create({ model: 'prod', messages })).model).toBe('prod');
    expect((await azure.responses.create({ model: 'prod', input: 'hi' })).output_text).toBe(HELLO);
    const file = await toFile(Buffer.from('abc'), 'a.wav');
    expect((await azure.audio.transcriptions.create({ model: 'prod', file })).text).toBe(HELLO);
  });

  it('an unknown path is a 404', async () => {
    await expect(client.post('/nothing/here')).rejects.toThrow('404 Invalid URL (POST /v1/nothing/here)');
  });
});

describe('objects', () => {
  it('files: pages, upload, content, deletion', async () => {
    const ids: string[] = [];
    for await (const file of client.files.list({ limit: 10 })) ids.push(file.id);
    expect([ids.length, new Set(ids).size, server.calls]).toEqual([45, 45, 5]);
    expect(server.requests.at(-1)?.query.after).toBeDefined();
    const file = await client.files.create({ file: await toFile(Buffer.from('{"a":1}'), 'b.jsonl'), purpose: 'batch' });
    expect(file).toMatchObject({ filename: 'b.jsonl', bytes: 7, purpose: 'batch', status: 'processed' });
    expect(await (await client.files.content(file.id)).text()).toBe('{"a":1}');
    expect((await client.files.list({ limit: 1 })).data[0]?.id).toBe(file.id);
    expect(await client.files.delete(file.id)).toMatchObject({ deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toMatchObject({ status: 404 });
    await expect(client.files.content(file.id)).rejects.toMatchObject({ status: 404 });
    await expect(client.files.list({ after: 'file-x' })).rejects.toMatchObject({ status: 400 });
  });

  it('uploads and batches', async () => {
    const upload = await client.uploads.create({ filename: 'u', bytes: 3, mime_type: 'text/plain', purpose: 'batch' });
    const part = await client.uploads.parts.create(upload.id, { data: await toFile(Buffer.from('abc'), 'part') });
    const whole = await client.uploads.complete(upload.id, { part_ids: [part.id] });
    const request = { endpoint: '/v1/chat/completions' as const, completion_window: '24h' as const };
    const batch = await client.batches.create({ ...request, input_file_id: whole.file?.id ?? '' });
    expect((await client.batches.cancel(batch.id)).status).toBe('cancelled');
    await expect(client.batches.create({ ...request, input_file_id: 'file-x' })).rejects.toMatchObject({ status: 404 });
  });

  it('vector stores, with their pollers', async () => {
    const store = await client.vectorStores.create({ name: 'v' });
    const file = await client.vectorStores.files.uploadAndPoll(store.id, await toFile(Buffer.from('abc'), 'c.txt'));
    expect(file).toMatchObject({ status: 'completed', vector_store_id: store.id });
    const batch = await client.vectorStores.fileBatches.createAndPoll(store.id, { file_ids: [file.id] });
    expect(batch.status).toBe('completed');
    expect((await client.vectorStores.files.list(store.id)).data).toHaveLength(1);
    expect((await client.vectorStores.search(store.id, { query: 'x' })).data).toEqual([]);
    await expect(client.vectorStores.files.list('vs_x')).rejects.toMatchObject({ status: 404 });
  });

  it('assistants, threads and runs, plain and streamed', async () => {
    const assistant = await client.beta.assistants.create({ model });
    const thread = await client.beta.threads.create();
    await client.beta.threads.messages.create(thread.id, { role: 'user', content: 'hi' });
    const run = await client.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
    expect(run).toMatchObject({ status: 'completed', thread_id: thread.id });
    const stream = client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id });
    const [message] = await stream.finalMessages();
    expect(message?.content[0]).toMatchObject({ text: { value: HELLO } });
    expect((await client.beta.threads.messages.list(thread.id)).data).toHaveLength(2);
    const both = await client.beta.threads.createAndRun({ assistant_id: assistant.id });
    expect((await client.beta.threads.runs.retrieve(both.id, { thread_id: both.thread_id })).id).toBe(both.id);
    await expect(client.beta.threads.runs.create(thread.id, { assistant_id: 'asst_x' })).rejects.toMatchObject({
      status: 404,
    });
    await expect(client.beta.threads.messages.list('thread_x')).rejects.toMatchObject({ status: 404 });
  });

  it('belong to the server that made them', async () => {
    await using other = await faultServer({ name: 'b' });
    const { id } = await client.conversations.create({});
    const stranger = new OpenAI({ apiKey: 'k', baseURL: other.url, maxRetries: 0 });
    await expect(stranger.conversations.retrieve(id)).rejects.toThrow(`404 No such conversation: ${id}`);
  });
});
