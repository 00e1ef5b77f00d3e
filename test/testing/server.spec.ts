// What a fault server records, refuses and reports of itself, and how it goes up and down.

import { Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import OpenAI, { AzureOpenAI, toFile } from 'openai';
import { describe, expect, it } from 'vitest';
import { faultServer } from '../../src/testing/index.ts';
import { certificate } from '../support/certificate.ts';
import { rawRequest } from '../support/raw-client.ts';

const hi = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };
const clientOf = (server: { url: string }, options = {}) =>
  new OpenAI({ apiKey: 'key-1', baseURL: server.url, maxRetries: 0, ...options });

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

describe('the gate', () => {
  it('refuses other keys', async () => {
    await using server = await faultServer({ apiKey: 'right' });
    await expect(clientOf(server).chat.completions.create(hi)).rejects.toMatchObject({
      status: 401,
      code: 'invalid_api_key',
    });
    await clientOf(server, { apiKey: 'right' }).chat.completions.create(hi);
    const azure = new AzureOpenAI({ apiKey: 'right', endpoint: server.origin, apiVersion: '2024-10-21' });
    await azure.chat.completions.create(hi);
  });

  it('refuses other models and deployments, and Azure paths without api-version', async () => {
    await using server = await faultServer({ models: ['gpt-5'] });
    const client = clientOf(server);
    await client.chat.completions.create(hi);
    await client.files.list();
    await expect(client.chat.completions.create({ ...hi, model: 'gpt-4' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
    const azure = new AzureOpenAI({ apiKey: 'k', endpoint: server.origin, apiVersion: '2024-10-21', maxRetries: 0 });
    await azure.chat.completions.create(hi);
    await expect(azure.chat.completions.create({ ...hi, model: 'prod' })).rejects.toMatchObject({
      code: 'DeploymentNotFound',
    });
    expect(server.requests.at(-1)).toMatchObject({
      model: 'prod',
      route: '/chat/completions',
      query: { 'api-version': '2024-10-21' },
    });
    const path = '/openai/deployments/gpt-5/chat/completions';
    expect((await rawRequest(server.port, { path, body: hi })).head).toContain(' 404 ');
  });

  it('limits the rate and says so', async () => {
    await using server = await faultServer({ rateLimit: { requests: 2, perMs: 60_000 } });
    const client = clientOf(server);
    const { response } = await client.chat.completions.create(hi).withResponse();
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('2');
    expect(response.headers.get('x-ratelimit-remaining-requests')).toBe('1');
    expect(response.headers.get('x-ratelimit-reset-requests')).toMatch(/^(30|29\.\d+)s$/);
    await client.chat.completions.create(hi);
    const refused = await client.chat.completions.create(hi).catch((error) => error);
    expect(refused).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
    expect(Number(refused.headers.get('retry-after'))).toBe(30);
    expect(Number(refused.headers.get('retry-after-ms'))).toBeGreaterThan(29_000);
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0');
    server.reset();
    await client.chat.completions.create(hi);
  });

  it('refills the bucket with time', async () => {
    await using server = await faultServer({ rateLimit: { requests: 1, perMs: 40 } });
    const client = clientOf(server, { maxRetries: 5 });
    for (let i = 0; i < 4; i++) await client.chat.completions.create(hi);
    expect(server.requests.filter(({ status }) => status === 200)).toHaveLength(4);
    const [first, last] = [server.requests[0], server.requests.at(-1)];
    expect((last?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(115);
  });

  it('leaves scripted faults alone', async () => {
    await using server = await faultServer({ apiKey: 'right', script: [503] });
    await expect(clientOf(server).chat.completions.create(hi)).rejects.toMatchObject({ status: 503 });
  });
});

describe('connections', () => {
  it('refuse() drops and refuses, accept() comes back on the same port', async () => {
    await using server = await faultServer({ script: ['ok', 'black-hole'] });
    const client = clientOf(server);
    await client.chat.completions.create(hi);
    expect(server.open).toBe(1);
    const hanging = client.chat.completions.create(hi).catch((error) => error);
    await server.until((s) => s.calls === 2);
    await server.refuse();
    expect((await hanging).message).toBe('Connection error.');
    expect([server.open, server.inFlight, server.requests[1]?.aborted]).toEqual([0, 0, false]);
    const refused = await client.chat.completions.create(hi).catch((error) => error);
    expect(refused.cause.cause.code).toBe('ECONNREFUSED');
    await server.refuse();
    await server.accept();
    await server.accept();
    await client.chat.completions.create(hi);
    expect(server.calls).toBe(3);
  });

  it('are closed when idle, without a hint, when told so', async () => {
    await using server = await faultServer({ idleCloseAfter: 5 });
    const reply = await rawRequest(server.port, { body: hi });
    expect(reply.end).toBe('fin');
    expect(reply.head.toLowerCase()).not.toContain('keep-alive:');
    await using patient = await faultServer();
    expect((await rawRequest(patient.port, { body: hi })).end).toBe('open');
  });

  it('are all gone after close(), which may be called twice', async () => {
    const server = await faultServer({ script: 'black-hole' });
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await server.until((s) => s.open === 1);
    const waiting = server.until((s) => s.calls === 9, 60_000);
    await Promise.all([server.close(), expect(waiting).rejects.toThrow('closed before it happened')]);
    await server.close();
    expect(server.open).toBe(0);
    await expect(rawRequest(server.port)).rejects.toThrow('ECONNREFUSED');
  });

  it('until() says what did not happen', async () => {
    await using server = await faultServer({ name: 'a' });
    await expect(server.until((s) => s.calls === 3, 20)).rejects.toThrow(
      /a: .*calls === 3.* did not happen within 20 ms/s,
    );
  });

  it('speak TLS when given a certificate', async () => {
    const own = certificate();
    await using server = await faultServer({ tls: own, script: ['ok', 'reset'] });
    expect(server.url).toMatch(/^https:/);
    const get = () =>
      new Promise((resolve) => {
        const options = {
          port: server.port,
          host: '127.0.0.1',
          path: '/v1/models',
          ca: own.cert,
          agent: false as const,
        };
        const call = httpsRequest(options, (response) => resolve(response.resume().statusCode));
        call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
        call.end();
      });
    expect(await get()).toBe(200);
    expect(await get()).toBe('ECONNRESET');
    const stranger = await clientOf(server)
      .models.list()
      .catch((error) => error);
    expect(stranger.cause.cause.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });
});

describe('latency', () => {
  it('is fixed or a function of the request', async () => {
    await using fixed = await faultServer({ latency: 40 });
    expect((await rawRequest(fixed.port, { body: hi })).times[0]).toBeGreaterThanOrEqual(38);
    await using slow = await faultServer({ latency: (request) => (request.model === 'gpt-5' ? 40 : 0) });
    expect((await rawRequest(slow.port, { body: hi })).times[0]).toBeGreaterThanOrEqual(38);
  });
});
