// `transport: 'fast'`: every kind of call as before, over undici's own way of sending, and what contradicts it is named.
import { OpenAI, toFile } from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { attemptsOf, ConfigurationError, LoadBalancedOpenAI } from '../../src/index.ts';
import { type FaultServer, faultServer, type Step } from '../../src/testing/index.ts';
import { runChild } from '../support/child.ts';

const servers: FaultServer[] = [];
const ask = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'Hello' }] };

async function pool(...scripts: Step[][]) {
  const endpoints = [];
  for (const [index, script] of scripts.entries()) {
    const server = await faultServer({ name: `s${index}`, script: [...script] });
    servers.push(server);
    endpoints.push({ name: `s${index}`, apiKey: `key-${index}`, baseURL: server.url });
  }
  return new LoadBalancedOpenAI(endpoints, { transport: 'fast', shareState: false });
}

afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) await server.close();
});

describe("transport: 'fast'", () => {
  it('serves chat, streams, binaries and lists without the standard fetch', async () => {
    const standard = vi.spyOn(globalThis, 'fetch');
    const client = await pool([], []);
    expect((await client.chat.completions.create(ask)).choices[0]?.message.content).toBeTruthy();
    let said = '';
    for await (const chunk of await client.chat.completions.create({ ...ask, stream: true }))
      said += chunk.choices[0]?.delta.content ?? '';
    expect(said).not.toBe('');
    const speech = await client.audio.speech.create({ model: 'tts', voice: 'alloy', input: 'x' });
    expect((await speech.arrayBuffer()).byteLength).toBeGreaterThan(0);
    for await (const model of client.models.list()) expect(model.id).toBeTruthy();
    const { response } = await client.chat.completions.create(ask).withResponse();
    expect(response).toBeInstanceOf(Response);
    expect(standard).not.toHaveBeenCalled();
  });

  it('hands uploads over to the standard fetch', async () => {
    const standard = vi.spyOn(globalThis, 'fetch');
    const client = await pool([]);
    const file = await client.files.create({ purpose: 'batch', file: await toFile(Buffer.from('{}'), 'in.jsonl') });
    expect(file.id).toBeTruthy();
    expect(await (await client.files.content(file.id)).text()).toBe('{}');
    // The SDK itself also asks the standard fetch what it can do.
    const sent = standard.mock.calls.filter(([input]) => String(input).startsWith('http'));
    expect(sent).toHaveLength(1);
  });

  it.each([500, 429, 'reset', 'cut-body', 'html'] as const)('moves on after %s', async (fault) => {
    const client = await pool([fault], []);
    const promise = client.chat.completions.create(ask);
    expect((await promise).choices).toHaveLength(1);
    expect(attemptsOf(promise).map(({ endpoint }) => endpoint)).toEqual(['s0', 's1']);
  });

  it('an abort ends a call', async () => {
    const client = await pool(['black-hole']);
    const controller = new AbortController();
    const waiting = client.chat.completions.create(ask, { signal: controller.signal });
    const [server] = servers as [FaultServer];
    await expect.poll(() => server.requests.length).toBe(1);
    controller.abort();
    await expect(waiting).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
  });

  it('is for the clients of single endpoints, and for a client without a pool, too', async () => {
    const client = await pool([]);
    const standard = vi.spyOn(globalThis, 'fetch');
    await client.balancer.endpoint('s0').chat.completions.create(ask);
    const [server] = servers as [FaultServer];
    await new LoadBalancedOpenAI({ apiKey: 'k', baseURL: server.url, transport: 'fast' }).chat.completions.create(ask);
    expect(standard).not.toHaveBeenCalled();
  });

  it.runIf(process.env.TRANSPORT === 'fast')('is what every client uses where TRANSPORT=fast says so', async () => {
    const server = await faultServer();
    servers.push(server);
    const endpoints = [{ name: 'a', apiKey: 'key-a', baseURL: server.url }];
    const standard = vi.spyOn(globalThis, 'fetch');
    await new LoadBalancedOpenAI(endpoints, { shareState: false }).chat.completions.create(ask);
    expect(standard).not.toHaveBeenCalled();
    const script = new URL('./children/transport-used.ts', import.meta.url);
    expect(await runChild(script, endpoints)).toEqual({ standard: 0 });
    // Who says something that contradicts it gets that.
    await new LoadBalancedOpenAI(endpoints, { fetch: standard }).chat.completions.create(ask);
    expect(standard).toHaveBeenCalledTimes(1);
  });

  it('leaves an endpoint its own fetch', async () => {
    const client = await pool([]);
    const [server] = servers as [FaultServer];
    const own = vi.fn(globalThis.fetch);
    const mixed = new LoadBalancedOpenAI([{ apiKey: 'k', baseURL: server.url, fetch: own }], { transport: 'fast' });
    await mixed.chat.completions.create(ask);
    await client.chat.completions.create(ask);
    expect(own).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['an unknown one', { transport: 'quick' }, /transport: must be 'standard' or 'fast'/],
    ['a fetch for all endpoints', { transport: 'fast', fetch: globalThis.fetch }, /transport: .*exclude each other/],
    [
      'a dispatcher',
      { transport: 'fast', fetchOptions: { dispatcher: {} } },
      /endpoints\[0\]\.fetchOptions: names a dispatcher/,
    ],
  ])('%s is refused', (_what, options, message) => {
    const build = () => new LoadBalancedOpenAI([{ apiKey: 'a' }, { apiKey: 'b' }], options as never);
    expect(build).toThrow(ConfigurationError);
    expect(build).toThrow(message);
  });
});
