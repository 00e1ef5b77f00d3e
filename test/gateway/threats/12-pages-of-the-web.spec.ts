// Threats T12 and T13 where calls are made: a page in the browser of somebody who runs a gateway neither makes calls with it nor reads
// by it, and what an endpoint sends is no page of the gateway's own. The admin API: test/gateway/admin; the dashboard: test/dashboard.
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { faultServer } from '../../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith } from '../../support/gateway.ts';

/** As a browser sends it: with headers that fetch would not let us set. */
function sent(url: string, headers: Record<string, string>, body?: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const one = request(url, { method: body === undefined ? 'GET' : 'POST', headers }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    one.on('error', reject).end(body);
  });
}

const BODY = '{"model":"gpt-5","messages":[]}';
const PLAIN = { 'content-type': 'text/plain' };

describe('T12: a page of the web', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ['a form', { ...PLAIN, origin: 'http://evil.example' }, BODY],
    ['a form of a sandbox', { ...PLAIN, origin: 'null' }, BODY],
    ['a form of a file', { ...PLAIN, origin: 'file://' }, BODY],
    ['a page that is called like us', { ...PLAIN, origin: 'http://localhost.evil.example' }, BODY],
    ['a page with us as its user', { ...PLAIN, origin: 'http://localhost@evil.example' }, BODY],
    ['a picture', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, undefined],
    ['a link', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, undefined],
  ])('makes no call by %s', async (_, headers, body) => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const paths =
      body === undefined
        ? ['/v1/models', '/v1/files/file-1/content', '/stats', '/metrics']
        : ['/v1/chat/completions', '/v1/messages'];
    for (const path of paths) expect([path, await sent(gateway.url + path, headers, body)]).toEqual([path, 403]);
    expect(a.calls).toBe(0);
  });

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '0.0.0.0',
    '127.0.0.1@evil.example',
    '[::]',
  ])('does not reach it by a name of its own that leads here: %j', async (host) => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    for (const path of ['/v1/models', '/stats', '/metrics']) {
      const status = await sent(gateway.url + path, { host: `${host}:${gateway.gateway.port}` });
      expect([path, status >= 400 && status < 500]).toEqual([path, true]);
    }
    expect(a.calls).toBe(0);
  });

  it('that a program of this machine shows may, and so may programs', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const ours = [
      {},
      { origin: 'http://localhost:3000' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
    ];
    for (const headers of ours)
      expect(await sent(`${gateway.url}/v1/models`, headers as Record<string, string>)).toBe(200);
  });
});

describe('T13: what an endpoint sends', () => {
  it.each([
    'text/html',
    'image/svg+xml',
    'application/xhtml+xml',
    'text/xml',
    'text/plain',
    'audio/mpeg',
    'application/pdf',
    '',
  ])('as %j is no page of ours', async (type) => {
    const page = '<html><script>fetch("/admin/config")</script></html>';
    const headers = type === '' ? {} : { 'content-type': type };
    await using a = await faultServer({ name: 'a', script: { repeat: [{ status: 200, headers, body: page }] } });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], maxRetries: 0 });
    const response = await gateway.get('/v1/files/file-1/content');
    if (response.status === 200 && !/json|event-stream/.test(response.headers.get('content-type') ?? '')) {
      expect(response.headers.get('content-security-policy')).toBe('sandbox');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    } else expect(response.headers.get('content-type')).toMatch(/json/);
  });

  it('as JSON stays as it is', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const response = await gateway.get('/v1/chat/completions', chat('gpt-5'));
    expect(response.headers.get('content-security-policy')).toBeNull();
  });
});
