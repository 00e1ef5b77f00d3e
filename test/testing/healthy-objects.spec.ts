// Whatever has an id is a real object of the server that made it: created, listed, read, deleted, unknown elsewhere.
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FaultServer, faultServer } from '../../src/testing/index.ts';

const model = 'gpt-5';
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
