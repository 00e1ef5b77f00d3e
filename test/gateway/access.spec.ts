// Who may call, and how much: client keys, their groups and limits; and a gateway without keys, which only this machine may reach.
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { settingsOf } from '../../src/gateway/config/load.ts';
import { startGateway } from '../../src/gateway/gateway.ts';
import { GatewayLog } from '../../src/gateway/http/log.ts';
import { CannotStart } from '../../src/gateway/running/start-checks.ts';
import { faultServer, manualClock } from '../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith, messages } from '../support/gateway.ts';

const withKey = (init: RequestInit, key: string, header = 'authorization'): RequestInit => ({
  ...init,
  headers: { ...(init.headers as object), [header]: header === 'authorization' ? `Bearer ${key}` : key },
});

/** A request with headers that fetch would not send. */
function raw(url: string, headers: Record<string, string>, body?: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: body === undefined ? 'GET' : 'POST', headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('client keys', () => {
  it('open the gateway, as Bearer or x-api-key; nothing else does, and every refusal looks the same', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      clientKeys: [{ name: 'app', key: 'ck-right' }],
      adminKeys: [{ name: 'boss', key: 'ak-boss' }],
    });
    const status = async (init: RequestInit) => (await gateway.get('/v1/chat/completions', init)).status;
    expect(await status(withKey(chat('gpt-5'), 'ck-right'))).toBe(200);
    expect(await status(withKey(chat('gpt-5'), 'ck-right', 'x-api-key'))).toBe(200);
    const bodies = new Set<string>();
    for (const wrong of ['ck-wrong', 'ck-righ', 'ck-right2', "' OR 1=1 --", '%'.repeat(1_000), 'sk-upstream-a']) {
      const response = await gateway.get('/v1/chat/completions', withKey(chat('gpt-5'), wrong));
      expect(response.status).toBe(401);
      bodies.add(await response.text());
    }
    const none = await gateway.get('/v1/chat/completions', chat('gpt-5'));
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    bodies.add(await none.text());
    expect(bodies.size).toBe(1);
    expect(await status(withKey(chat('gpt-5'), 'ak-boss'))).toBe(401);
    // Neither of them went up.
    expect(a.requests.map(({ apiKey }) => apiKey)).toEqual(['sk-upstream-a', 'sk-upstream-a']);
    expect(JSON.stringify(a.requests.map(({ headers }) => headers))).not.toContain('ck-right');
    expect(JSON.stringify(gateway.lines)).not.toMatch(/ck-|ak-|sk-upstream/);
  });

  it('cannot be guessed: after a hundred wrong ones a minute the next have to wait, and right ones do not', async () => {
    const clock = manualClock();
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith(
      { endpoints: [endpointOf(a)], clientKeys: [{ name: 'app', key: 'k1' }] },
      { clock },
    );
    const call = async (key: string) => (await gateway.get('/v1/models', withKey({}, key))).status;
    const seen = [];
    for (let guess = 0; guess < 110; guess++) seen.push(await call(`k${guess + 2}`));
    expect([seen.filter((status) => status === 401).length, seen.filter((status) => status === 429).length]).toEqual([
      100, 10,
    ]);
    expect(await call('k1')).toBe(200);
    await clock.advance(60_000);
    expect(await call('k2')).toBe(401);
  });

  it('end when they expire', async () => {
    const clock = manualClock();
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith(
      {
        endpoints: [endpointOf(a)],
        clientKeys: [{ name: 'app', key: 'k1', expiresAt: new Date(clock.date() + 60_000).toISOString() }],
      },
      { clock },
    );
    const call = () => gateway.get('/v1/chat/completions', withKey(chat('gpt-5'), 'k1'));
    expect((await call()).status).toBe(200);
    await clock.advance(60_000);
    const late = await call();
    expect([late.status, await late.json()]).toMatchObject([401, { error: { code: 'expired_api_key' } }]);
  });

  it('use the groups they may, and see no others', async () => {
    await using a = await faultServer({ name: 'a' });
    const members = [{ endpoint: 'a', model: 'gpt-5' }];
    await using gateway = await gatewayWith({
      endpoints: [endpointOf(a)],
      groups: { mine: { endpoints: members }, theirs: { endpoints: members } },
      clientKeys: [
        { name: 'one', key: 'k1', groups: ['mine'] },
        { name: 'all', key: 'k2' },
      ],
    });
    const client = gateway.client('k1');
    const ask = (model: string) =>
      client.chat.completions.create({ model, messages }).then(
        () => 200,
        ({ status }) => status as number,
      );
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['mine']);
    expect([
      await ask('mine'),
      await ask('mine$1'),
      await ask('theirs'),
      await ask('theirs$1'),
      await ask('gpt-5'),
    ]).toEqual([200, 200, 404, 404, 404]);
    // What names no model could reach any.
    await expect(client.files.list()).rejects.toMatchObject({ status: 404 });
    await expect(
      client.batches.create({ input_file_id: 'f', endpoint: '/v1/chat/completions', completion_window: '24h' }),
    ).rejects.toMatchObject({ status: 404 });
    const { id } = await client.responses.create({ model: 'mine', input: 'x' });
    expect((await client.responses.retrieve(id)).id).toBe(id);
    expect((await gateway.client('k2').models.list()).data).toHaveLength(2);
    const unknown = await gateway.get('/v1/chat/completions', withKey(chat('nope'), 'k1'));
    const foreign = await gateway.get('/v1/chat/completions', withKey(chat('theirs'), 'k1'));
    // Nobody can tell what there is from how it is refused.
    expect((await unknown.text()).replaceAll('nope', '')).toBe((await foreign.text()).replaceAll('theirs', ''));
  });
});

describe('limits of a key', () => {
  const limited = async (limits: object, more: object = {}) => {
    const clock = manualClock();
    const a = await faultServer({ name: 'a' });
    const gateway = await gatewayWith(
      {
        endpoints: [endpointOf(a)],
        clientKeys: [
          { name: 'app', key: 'k1', limits },
          { name: 'free', key: 'k2' },
        ],
        ...more,
      },
      { clock },
    );
    const call = async (key = 'k1', init = chat('gpt-5')) => {
      const response = await gateway.get('/v1/chat/completions', withKey(init, key));
      const { error } = (await response.json().catch(() => ({}))) as { error?: { code: string } };
      return { status: response.status, code: error?.code, wait: response.headers.get('retry-after') };
    };
    const close = async () => {
      await gateway[Symbol.asyncDispose]();
      await a.close();
    };
    return { a, clock, call, [Symbol.asyncDispose]: close };
  };

  it('are calls per minute: 429 with the wait, and after it the next', async () => {
    await using app = await limited({ requestsPerMinute: 2 });
    expect([(await app.call()).status, (await app.call()).status]).toEqual([200, 200]);
    expect(await app.call()).toEqual({ status: 429, code: 'rate_limit_exceeded', wait: '30' });
    expect((await app.call('k2')).status).toBe(200);
    await app.clock.advance(30_000);
    expect((await app.call()).status).toBe(200);
    expect((await app.call()).status).toBe(429);
    expect(app.a.calls).toBe(4);
  });

  it('are tokens per minute, as the endpoints count them, streams included', async () => {
    await using app = await limited({ tokensPerMinute: 20 });
    app.a.script({ stream: 25 });
    const stream = chat('gpt-5', { stream: true });
    expect((await app.call('k1', stream)).status).toBe(200);
    const { status, wait } = await app.call();
    expect(status).toBe(429);
    expect(Number(wait)).toBeGreaterThan(3);
    await app.clock.advance(Number(wait) * 1_000);
    expect((await app.call()).status).toBe(200);
  });

  it('are money per day, by the prices; a model without a price is refused', async () => {
    await using app = await limited(
      { budget: { amount: 0.00002, per: 'day' } },
      { prices: { 'gpt-5': { input: 1, output: 2 } } },
    );
    expect((await app.call('k1', chat('gpt-5-mini'))).code).toBe('model_without_price');
    let calls = 0;
    while ((await app.call()).status === 200) calls += 1;
    expect(calls).toBeGreaterThan(0);
    expect(calls).toBeLessThan(10);
    const refused = await app.call();
    expect(refused).toMatchObject({ status: 429, code: 'insufficient_quota' });
    await app.clock.advance((Number(refused.wait) + 1) * 1_000);
    expect((await app.call()).status).toBe(200);
  });
});

describe('a gateway without keys', () => {
  it('takes any key on this machine', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], adminKeys: [{ name: 'boss', key: 'ak' }] });
    const status = async (init: RequestInit) => (await gateway.get('/v1/chat/completions', init)).status;
    expect(await status(chat('gpt-5'))).toBe(200);
    expect(await status(withKey(chat('gpt-5'), 'whatever'))).toBe(200);
    // What is meant for something else is not.
    expect(await status(withKey(chat('gpt-5'), 'ak'))).toBe(401);
  });

  it('is not for others: it does not start on an address that they reach', async () => {
    const open = { endpoints: [{ name: 'a', apiKey: 'k', baseURL: 'http://127.0.0.1:9/v1' }] };
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com'])
      await expect(gatewayWith(open, { host })).rejects.toThrow(CannotStart);
    for (const host of ['127.0.0.1', 'localhost']) await (await gatewayWith(open, { host })).gateway.stop(0);
    const closed = await gatewayWith({ ...open, clientKeys: [{ name: 'app', key: 'k1' }] }, { host: '0.0.0.0' });
    expect((await fetch(`http://127.0.0.1:${closed.gateway.port}/v1/models`)).status).toBe(401);
    expect((await fetch(`http://127.0.0.1:${closed.gateway.port}/metrics`)).status).toBe(401);
    expect((await fetch(`http://127.0.0.1:${closed.gateway.port}/metrics`, withKey({}, 'k1'))).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${closed.gateway.port}/health/live`)).status).toBe(200);
    await closed.gateway.stop(0);
  });

  it('tells a key for some groups nothing of all, and nobody without a key who comes by a proxy', async () => {
    await using a = await faultServer({ name: 'a' });
    const settings = {
      endpoints: [endpointOf(a)],
      groups: { mine: { endpoints: [{ endpoint: 'a' }] }, theirs: { endpoints: [{ endpoint: 'a' }] } },
      clientKeys: [
        { name: 'one', key: 'k1', groups: ['mine'] },
        { name: 'all', key: 'k2' },
      ],
      adminKeys: [{ name: 'boss', key: 'ak' }],
    };
    await using outer = await gatewayWith(settings, { host: '0.0.0.0' });
    await using inner = await gatewayWith(settings);
    const proxied = { 'x-forwarded-for': '192.0.2.7' };
    for (const path of ['/stats', '/metrics']) {
      const outside = async (key: string) => {
        const reply = await fetch(`http://127.0.0.1:${outer.gateway.port}${path}`, withKey({}, key));
        return [reply.status, (await reply.text()).includes('theirs')];
      };
      expect(await outside('k1')).toEqual([403, false]);
      expect((await outside('k2'))[0]).toBe(200);
      expect((await outside('ak'))[0]).toBe(200);
      expect((await inner.get(path)).status).toBe(200);
      expect((await inner.get(path, { headers: proxied })).status).toBe(401);
      expect((await inner.get(path, { headers: { ...proxied, 'x-api-key': 'k1' } })).status).toBe(403);
      expect((await inner.get(path, { headers: { ...proxied, 'x-api-key': 'ak' } })).status).toBe(200);
    }
  });

  it('does not call itself', async () => {
    const settings = settingsOf(
      { endpoints: [{ name: 'me', apiKey: 'k', baseURL: 'http://localhost:8000/v1' }] },
      {},
      'x',
    );
    const log = new GatewayLog({ level: 'off', readable: false, write: () => undefined, clock: systemClock });
    await expect(startGateway({ settings, log })).rejects.toThrow(
      /Endpoint me is this gateway itself.*OPENAI_BASE_URL/,
    );
  });

  it('takes nothing from pages of the web, whatever name they reach it by', async () => {
    await using a = await faultServer({ name: 'a' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)] });
    const body = JSON.stringify({ model: 'gpt-5', messages });
    const call = async (headers: Record<string, string>) =>
      (await raw(`${gateway.url}/v1/chat/completions`, headers, body)).status;
    expect(await call({ host: 'evil.example', 'content-type': 'application/json' })).toBe(421);
    expect(await call({ host: '127.0.0.1.evil.example', 'content-type': 'application/json' })).toBe(421);
    expect(await call({ origin: 'https://evil.example', 'content-type': 'text/plain' })).toBe(403);
    expect(await call({ origin: 'null', 'content-type': 'text/plain' })).toBe(403);
    expect((await raw(`${gateway.url}/stats`, { host: 'evil.example' })).status).toBe(421);
    expect(a.calls).toBe(0);
    expect(
      await call({ host: 'localhost:1234', origin: 'http://localhost:3000', 'content-type': 'application/json' }),
    ).toBe(200);
  });
});
