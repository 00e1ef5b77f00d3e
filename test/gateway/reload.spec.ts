// Rows 70 and 71 of the faults: another configuration while calls run, and one that is wrong.
import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../src/gateway/config/load.ts';
import { faultServer } from '../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith } from '../support/gateway.ts';

const withKey = (init: RequestInit, key: string): RequestInit => ({
  ...init,
  headers: { ...(init.headers as object), authorization: `Bearer ${key}` },
});

describe('another configuration', () => {
  it('counts from the next call on; those that run end on the one they began with', async () => {
    await using a = await faultServer({ name: 'a', script: { stream: 6, gap: 60 } });
    await using b = await faultServer({ name: 'b' });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      groups: { old: { endpoints: [{ endpoint: 'a', model: 'gpt-5' }] } },
    });
    const stream = gateway
      .get('/v1/chat/completions', chat('old', { stream: true }))
      .then((response) => response.text());
    await a.until(({ calls }) => calls === 1);
    gateway.gateway.reload(
      settingsOf(
        { endpoints: [endpointOf(b)], groups: { new: { endpoints: [{ endpoint: 'b', model: 'gpt-5' }] } } },
        {},
        'test',
      ),
    );
    expect((await gateway.get('/v1/chat/completions', chat('old'))).status).toBe(404);
    expect((await gateway.get('/v1/chat/completions', chat('new'))).headers.get('x-endpoint')).toBe('b');
    expect(await stream).toContain('[DONE]');
    expect(gateway.gateway.settings.groups.map(({ name }) => name)).toEqual(['new']);
  });

  it('forgets nothing of endpoints that stay: refused keys, ids, what a key has used', async () => {
    await using a = await faultServer({ name: 'a', script: [401] });
    await using b = await faultServer({ name: 'b' });
    const settings = (more: object = {}) => ({
      strategy: 'priority',
      endpoints: [endpointOf(a), endpointOf(b)],
      clientKeys: [{ name: 'app', key: 'k1', limits: { requestsPerMinute: 5 } }],
      ...more,
    });
    await using gateway = await gatewayWith(settings());
    const post = (path: string, body: object) =>
      gateway.get(path, withKey({ ...chat('x'), body: JSON.stringify(body) }, 'k1'));
    const { id } = (await (await post('/v1/responses', { model: 'gpt-5', input: 'x' })).json()) as { id: string };
    gateway.gateway.reload(settingsOf(settings({ timeout: 30_000 }), {}, 'test'));
    // `a` is still known to refuse its key, and `b` to have the response.
    expect((await post('/v1/chat/completions', { model: 'gpt-5', messages: [] })).headers.get('x-endpoint')).toBe('b');
    expect((await gateway.get(`/v1/responses/${id}`, withKey({}, 'k1'))).status).toBe(200);
    expect(a.calls).toBe(1);
    const left = [];
    for (let call = 0; call < 3; call++)
      left.push((await post('/v1/chat/completions', { model: 'gpt-5', messages: [] })).status);
    expect(left).toEqual([200, 200, 429]);
  });

  it('loses no call, however often it comes', async () => {
    await using a = await faultServer({ name: 'a' });
    await using b = await faultServer({ name: 'b' });
    const settings = (first: object, second: object) => ({
      endpoints: [first, second],
      groups: {
        g: {
          endpoints: [
            { endpoint: 'a', model: 'gpt-5' },
            { endpoint: 'b', model: 'gpt-5' },
          ],
        },
      },
    });
    const forms = [
      settings(endpointOf(a), endpointOf(b)),
      settings(endpointOf(b, { weight: 3 }), endpointOf(a, { weight: 2 })),
    ];
    await using gateway = await gatewayWith(forms[0] as object, { level: 'error' });
    let [over, reloads] = [false, 0];
    const results: number[] = [];
    const caller = async (number: number) => {
      while (!over) {
        const response = await gateway.get('/v1/chat/completions', chat('g', { stream: number % 2 === 0 }));
        const text = await response.text();
        results.push(number % 2 === 0 && !text.includes('[DONE]') ? 0 : response.status);
      }
    };
    const callers = Promise.all(Array.from({ length: 8 }, (_, number) => caller(number)));
    while (reloads < 100) {
      gateway.gateway.reload(settingsOf(forms[reloads % 2], {}, 'test'));
      reloads += 1;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    over = true;
    await callers;
    expect(results.length).toBeGreaterThan(100);
    expect(new Set(results)).toEqual(new Set([200]));
    expect(gateway.lines).toEqual([]);
  });

  it('is taken as a whole or not at all', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith(
      { endpoints: [endpointOf(a)], clientKeys: [{ name: 'app', key: 'k1' }] },
      { host: '0.0.0.0' },
    );
    const open = settingsOf({ endpoints: [endpointOf(a)] }, {}, 'test');
    expect(() => gateway.gateway.reload(open)).toThrow(/Add clientKeys/);
    const itself = settingsOf(
      {
        endpoints: [{ name: 'me', apiKey: 'k', baseURL: `http://127.0.0.1:${gateway.gateway.port}/v1` }],
        clientKeys: [{ name: 'app', key: 'k2' }],
      },
      {},
      'test',
    );
    expect(() => gateway.gateway.reload(itself)).toThrow(/is this gateway itself/);
    const url = `http://127.0.0.1:${gateway.gateway.port}/v1/chat/completions`;
    expect((await fetch(url, withKey(chat('gpt-5'), 'k1'))).status).toBe(200);
    expect((await fetch(url, withKey(chat('gpt-5'), 'k2'))).status).toBe(401);
  });
});
