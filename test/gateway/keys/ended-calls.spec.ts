// A key that holds no longer ends what runs with it, and nothing else.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { SessionUsage } from '../../../src/gateway/realtime/session-usage.ts';
import { faultServer } from '../../../src/testing/index.ts';
import { ask } from '../../support/admin.ts';
import { chat, endpointOf, gatewayWith, type TestGateway } from '../../support/gateway.ts';
import { realtimeServer } from '../../support/realtime-server.ts';

const OTHER = 'ck-other-0123456789';
const clientKeys = [{ name: 'other', key: OTHER }];
const SLOW = { stream: 1_000, gap: 10 };

/** Makes a key in the store. */
async function makeKey(gateway: TestGateway): Promise<{ id: string; key: string }> {
  const { body } = await ask(gateway, 'POST', '/admin/keys', { name: 'app' });
  return body as { id: string; key: string };
}

/** Sends a call with this key, and waits for the first piece of its stream. */
async function streamOf(gateway: TestGateway, key: string, path = '/v1/chat/completions', more: object = {}) {
  const init = chat('gpt-5', { stream: true, max_tokens: 9, ...more });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const { body } = await gateway.get(path, { ...init, headers });
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  return reader;
}

type Reader = Awaited<ReturnType<typeof streamOf>>;

/** What comes until it ends, however it ends. */
async function rest(reader: Reader): Promise<string> {
  let text = '';
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read())
      text += new TextDecoder().decode(next.value);
  } catch {
    // It ends as what was cut does.
  }
  return text;
}

const logged = async (gateway: TestGateway, key: string) =>
  (await ask(gateway, 'GET', `/admin/log?key=${key}`)).body.calls;

/** Whose failed calls there were. */
const blamed = async (gateway: TestGateway) =>
  [...(await (await gateway.get('/metrics')).text()).matchAll(/failed_calls_total\{by="(\w+)"\} (\d+)/g)]
    .map(([, by, count]) => `${by} ${count}`)
    .sort();

async function until(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('a revoked key', () => {
  it.each([
    ['/v1/chat/completions', {}, /^data: (\{"error":.*\})\n\n$/m],
    ['/v1/responses', { input: 'x' }, /^event: error\ndata: (.*)\n\n$/m],
    ['/v1/messages', {}, /^event: error\ndata: (.*)\n\n$/m],
  ])('ends its streams of %s with an error event, at once, and no others', async (path, more, last) => {
    await using a = await faultServer({ name: 'a', script: SLOW });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], clientKeys });
    const { id, key } = await makeKey(gateway);
    const others = await streamOf(gateway, OTHER);
    const mine = await streamOf(gateway, key, path, more);
    const began = performance.now();
    await ask(gateway, 'DELETE', `/admin/keys/${id}`);
    const text = await rest(mine);
    expect(performance.now() - began).toBeLessThan(1_000);
    const [, event = '{}'] = last.exec(text) ?? [];
    expect(JSON.parse(event).error).toMatchObject({
      type: 'authentication_error',
      message: "The key 'app' was revoked.",
    });
    expect((await others.read()).done).toBe(false);
    await others.cancel();
    await until(async () => (await logged(gateway, 'app')).length > 0);
    const [call] = await logged(gateway, 'app');
    expect(call).toMatchObject({ status: 401, code: 'revoked_api_key', stream: true, estimated: true });
    // What the other one left is counted as well, among those of callers.
    await expect.poll(() => blamed(gateway), { interval: 5 }).toEqual(['caller 2']);
    // What went out was used.
    expect(call.tokens.output).toBeGreaterThan(0);
    expect(call.tokens.output).toBeLessThan(SLOW.stream);
  });

  it('ends a call that waits for its answer with 401', async () => {
    await using a = await faultServer({ name: 'a', script: 'black-hole' });
    await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], clientKeys });
    const { id, key } = await makeKey(gateway);
    const waiting = gateway.client(key).chat.completions.create({ model: 'gpt-5', messages: [] });
    const failed = expect(waiting).rejects.toMatchObject({ status: 401, code: 'revoked_api_key' });
    await until(async () => a.requests.length > 0);
    await ask(gateway, 'DELETE', `/admin/keys/${id}`);
    await failed;
    expect(await logged(gateway, 'app')).toMatchObject([{ status: 401, code: 'revoked_api_key' }]);
    expect(await blamed(gateway)).toEqual(['caller 1']);
  });

  it('closes its sockets with 1008 after an error event, and says no name to the endpoint', async () => {
    await using a = await realtimeServer('a');
    const endpoint = { name: 'a', apiKey: 'sk-a', baseURL: a.url };
    await using gateway = await gatewayWith({ endpoints: [endpoint], clientKeys });
    const { id, key } = await makeKey(gateway);
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/v1/realtime?model=gpt-realtime`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const heard: { type: string; error?: object; n?: number }[] = [];
    socket.on('message', (data) => heard.push(JSON.parse(String(data))));
    await once(socket, 'open');
    const far = a.sockets[0] as WebSocket;
    for (const n of [1, 2]) far.send(JSON.stringify({ type: 'response.output_text.delta', n }));
    await until(async () => heard.length === 3);
    const [farEnd, end] = [once(far, 'close'), once(socket, 'close')];
    await ask(gateway, 'DELETE', `/admin/keys/${id}`);
    expect((await end).map(String)).toEqual(['1008', "The key 'app' was revoked."]);
    expect((await farEnd).map(String)).toEqual(['1001', '']);
    expect(heard.at(-1)).toMatchObject({ type: 'error', error: { code: 'revoked_api_key' } });
    await until(async () => (await logged(gateway, 'app')).length > 0);
    expect(await logged(gateway, 'app')).toMatchObject([
      { code: 'revoked_api_key', estimated: true, tokens: { output: 2 } },
    ]);
  });
});

it('a key that the configuration names no longer ends its streams; those that stay go on', async () => {
  await using a = await faultServer({ name: 'a', script: SLOW });
  const app = { name: 'app', key: 'ck-app-0123456789' };
  let value = { endpoints: [endpointOf(a)], clientKeys: [...clientKeys, app] };
  await using gateway = await gatewayWith(value, { find: () => ({ source: 'test', value }) });
  const [mine, others] = [await streamOf(gateway, app.key), await streamOf(gateway, OTHER)];
  value = { ...value, clientKeys };
  gateway.configuration.refresh();
  expect(await rest(mine)).toContain('revoked_api_key');
  expect((await others.read()).done).toBe(false);
  await others.cancel();
});

it('a key that expires ends its streams in that moment', async () => {
  await using a = await faultServer({ name: 'a', script: SLOW });
  const until = Date.now() + 400;
  const app = { name: 'app', key: 'ck-app-0123456789', expiresAt: new Date(until).toISOString() };
  await using gateway = await gatewayWith({ endpoints: [endpointOf(a)], clientKeys: [...clientKeys, app] });
  const [mine, others] = [await streamOf(gateway, app.key), await streamOf(gateway, OTHER)];
  const text = await rest(mine);
  expect(Date.now() - until).toBeGreaterThanOrEqual(-2);
  expect(Date.now() - until).toBeLessThan(1_000);
  expect(text).toContain('expired_api_key');
  expect((await others.read()).done).toBe(false);
  await others.cancel();
});

it('a session counts the pieces of a response that was left before its end', () => {
  const usage = new SessionUsage();
  const see = (event: object) => usage.see(Buffer.from(JSON.stringify(event)), false);
  const piece = { type: 'response.output_audio.delta', delta: 'UklGRg==' };
  see(piece);
  see({ type: 'response.done', response: { usage: { input_tokens: 5, output_tokens: 7 } } });
  expect([usage.estimated, usage.total]).toMatchObject([false, { input_tokens: 5, output_tokens: 7 }]);
  see(piece);
  see(piece);
  see({ type: 'session.updated', note: 'response.delta' });
  expect([usage.estimated, usage.total]).toMatchObject([true, { input_tokens: 5, output_tokens: 9 }]);
});
