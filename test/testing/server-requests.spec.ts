// What a fault server records of each request, and how it says who answered.
import { Agent, request as httpRequest } from 'node:http';
import { toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { faultServer } from '../../src/testing/index.ts';
import { rawRequest } from '../support/raw-client.ts';
import { clientOf, hi } from './observe.ts';

describe('the record of a request', () => {
  it('holds what arrived', async () => {
    await using server = await faultServer({ name: 'a', script: ['ok', 503] });
    const from = performance.now();
    await clientOf(server).chat.completions.create(hi, { query: { q: '1' } });
    await expect(clientOf(server).chat.completions.create(hi)).rejects.toThrow('503');
    expect(server.calls).toBe(2);
    const [first, second] = server.requests;
    expect(first).toMatchObject({
      ...{ number: 1, method: 'POST', path: '/v1/chat/completions', route: '/chat/completions', query: { q: '1' } },
      ...{ body: hi, bytes: JSON.stringify(hi).length, model: 'gpt-5', apiKey: 'key-1', step: 'ok', status: 200 },
      ...{ aborted: false, headers: { authorization: 'Bearer key-1' } },
    });
    expect(second).toMatchObject({ number: 2, step: '503', status: 503 });
    expect(first?.at).toBeGreaterThanOrEqual(from);
    expect(first?.endedAt).toBeGreaterThanOrEqual(first?.at ?? 0);
  });

  it('understands multipart bodies', async () => {
    await using server = await faultServer();
    const file = await toFile(Buffer.from('{"a":"ü"}\n'), 'my "q".jsonl', { type: 'application/jsonl' });
    await clientOf(server).audio.transcriptions.create({ model: 'whisper-1', file, prompt: 'line\r\n--x' });
    expect(server.requests[0]).toMatchObject({
      model: 'whisper-1',
      body: {
        fields: { model: 'whisper-1', prompt: 'line\r\n--x' },
        files: [{ field: 'file', filename: 'my "q".jsonl', type: 'application/jsonl', size: 11 }],
      },
    });
  });

  it('keeps as many as it was told, and counts all', async () => {
    await using server = await faultServer({ remember: 2 });
    for (let i = 0; i < 5; i++) await rawRequest(server.port, { body: hi, headers: { connection: 'close' } });
    expect([server.calls, server.requests.map(({ number }) => number)]).toEqual([5, [4, 5]]);
    server.reset();
    expect([server.calls, server.requests.length]).toEqual([0, 0]);
  });

  it('keeps text that is no JSON', async () => {
    await using server = await faultServer();
    await rawRequest(server.port, { headers: { 'content-type': 'text/plain', connection: 'close' }, body: 'x' });
    const bytes =
      'POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 3\r\nconnection: close\r\n\r\n{"a';
    await rawRequest(server.port, { bytes });
    expect(server.requests.map(({ body }) => body)).toEqual(['"x"', '{"a']);
  });

  it('tells a client that left from a fault of ours', async () => {
    await using server = await faultServer({ script: ['black-hole', 'reset', 'sse-stall', 'ok'] });
    const client = clientOf(server);
    const controller = new AbortController();
    const first = client.chat.completions.create(hi, { signal: controller.signal });
    await server.until((s) => s.calls === 1);
    expect(server.requests[0]).toMatchObject({ aborted: false, endedAt: undefined });
    controller.abort();
    await expect(first).rejects.toThrow();
    await server.until((s) => s.requests[0]?.aborted === true);
    await expect(client.chat.completions.create(hi)).rejects.toThrow('Connection error');
    const stream = await client.chat.completions.create({ ...hi, stream: true });
    stream.controller.abort();
    await server.until((s) => s.requests[2]?.aborted === true);
    await client.chat.completions.create(hi);
    expect(server.requests.map(({ aborted }) => aborted)).toEqual([true, false, true, false]);
    expect(server.requests[0]?.endedAt).toBeDefined();
  });

  it('tells fresh connections from reused ones', async () => {
    await using server = await faultServer({ script: (request) => (request.reused ? 'reset' : 'ok') });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const get = () =>
      new Promise((resolve) => {
        const call = httpRequest({ port: server.port, host: '127.0.0.1', path: '/v1/models', agent });
        call.on('response', (response) => response.resume().on('end', () => resolve(response.statusCode)));
        call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
        call.end();
      });
    expect([await get(), await get(), await get()]).toEqual([200, 'ECONNRESET', 200]);
    agent.destroy();
    expect(server.requests.map(({ socketId, reused, step }) => [socketId, reused, step])).toEqual([
      [1, false, 'ok'],
      [1, true, 'reset'],
      [2, false, 'ok'],
    ]);
  });
});

describe('who answered', () => {
  it('is said in every reply, with a unique request id', async () => {
    await using server = await faultServer({ name: 'azure-eu', script: ['ok', 'ok', 500] });
    const client = clientOf(server);
    const { data, response, request_id } = await client.chat.completions.create(hi).withResponse();
    expect(data).toMatchObject({
      system_fingerprint: 'azure-eu',
      choices: [{ message: { content: 'Hello from azure-eu.' } }],
    });
    expect(response.headers.get('x-served-by')).toBe('azure-eu');
    const again = await client.responses.create({ model: 'gpt-5', input: 'hi' }).withResponse();
    expect(again.data.metadata).toEqual({ served_by: 'azure-eu' });
    const failed = await client.chat.completions.create(hi).catch((error) => error);
    expect(new Set([request_id, again.request_id, failed.requestID]).size).toBe(3);
  });
});
