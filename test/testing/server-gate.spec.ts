// What a healthy server refuses: keys, models, too many requests; and how late it may answer.
import { AzureOpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import { faultServer } from '../../src/testing/index.ts';
import { rawRequest } from '../support/raw-client.ts';
import { clientOf, hi } from './observe.ts';

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

describe('latency', () => {
  it('is fixed or a function of the request', async () => {
    await using fixed = await faultServer({ latency: 40 });
    expect((await rawRequest(fixed.port, { body: hi })).times[0]).toBeGreaterThanOrEqual(38);
    await using slow = await faultServer({ latency: (request) => (request.model === 'gpt-5' ? 40 : 0) });
    expect((await rawRequest(slow.port, { body: hi })).times[0]).toBeGreaterThanOrEqual(38);
  });
});
