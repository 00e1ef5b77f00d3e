// Threats T25, T28 and T29 through the gateway: one tenant neither sees nor harms another, and nobody in between is let in silently.
// For the library alone: test/invariants/tenants.spec.ts and test/faults/05-tls.spec.ts.
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../../src/gateway/config/load.ts';
import { faultServer } from '../../../src/testing/index.ts';
import { FULL, many } from '../../support/calls.ts';
import { certificate } from '../../support/certificate.ts';
import { chat, endpointOf, gatewayWith, messages } from '../../support/gateway.ts';

const json = { 'content-type': 'application/json' };

describe('T25: of two tenants', () => {
  const two = async () => {
    const a = await faultServer({ name: 'a' });
    const b = await faultServer({ name: 'b' });
    const gateway = await gatewayWith({
      endpoints: [endpointOf(a), endpointOf(b)],
      groups: {
        red: { endpoints: [{ endpoint: 'a', model: 'gpt-5' }] },
        blue: { endpoints: [{ endpoint: 'b', model: 'gpt-5' }] },
      },
      clientKeys: [
        { name: 'red', key: 'key-red', groups: ['red'], limits: { requestsPerMinute: 50 } },
        { name: 'blue', key: 'key-blue', groups: ['blue'], limits: { requestsPerMinute: 50 } },
        { name: 'red-too', key: 'key-red-too', groups: ['red'] },
        { name: 'all', key: 'key-all' },
      ],
    });
    return {
      ...{
        a,
        b,
        gateway,
        red: gateway.client('key-red'),
        redToo: gateway.client('key-red-too'),
        blue: gateway.client('key-blue'),
        all: gateway.client('key-all'),
      },
      [Symbol.asyncDispose]: async () => {
        await gateway[Symbol.asyncDispose]();
        await Promise.all([a.close(), b.close()]);
      },
    };
  };
  const statusOf = (call: PromiseLike<unknown>) =>
    Promise.resolve(call).then(
      () => 200,
      ({ status }: { status: number }) => status,
    );

  it('neither reaches files, batches or lists that another one made', async () => {
    await using t = await two();
    const file = await t.all.files.create({ purpose: 'batch', file: new File(['{}'], 'x.jsonl') });
    const tries = [
      () => t.red.files.retrieve(file.id),
      () => t.red.files.content(file.id),
      () => t.red.files.delete(file.id),
      () => t.red.files.list(),
      () => t.red.batches.list(),
      () => t.red.vectorStores.list(),
      () => t.red.fineTuning.jobs.list(),
      () => t.red.get('/chat/completions'),
      () => t.red.get('/responses'),
      () => t.red.get('/conversations'),
      () => t.red.post('/conversations', { body: {} }),
      () => t.red.delete('/models/ft:gpt-5:x'),
    ];
    for (const attempt of tries) expect([String(attempt), await statusOf(attempt())]).toEqual([String(attempt), 404]);
    expect((await t.all.files.retrieve(file.id)).id).toBe(file.id);
  });

  it.each([false, true])(
    'neither reaches responses that another one made, by their id (streamed: %s)',
    async (stream) => {
      await using t = await two();
      const make = async (client: typeof t.red, model: string): Promise<string> => {
        if (!stream) return (await client.responses.create({ model, input: 'x' })).id;
        let id = '';
        for await (const event of await client.responses.create({ model, input: 'x', stream: true }))
          if (event.type === 'response.completed') id = event.response.id;
        return id;
      };
      const ids = { red: await make(t.red, 'red'), blue: await make(t.blue, 'blue'), all: await make(t.all, 'red') };
      const before = t.a.calls + t.b.calls;
      for (const id of [ids.blue, ids.all]) {
        const tries = [
          () => t.red.responses.retrieve(id),
          () => t.red.get(`/responses/${id.replace('_', '%5F')}`),
          () => t.red.get(`/responses/${id}?include[]=x`),
          () => t.red.responses.cancel(id),
          () => t.red.responses.delete(id),
          () => t.red.responses.inputItems.list(id),
          () => t.red.responses.create({ model: 'red', input: 'x', previous_response_id: id }),
          () => t.red.responses.create({ model: 'red', input: 'x'.repeat(200_000), previous_response_id: id }),
          () => t.red.responses.create({ model: 'red', input: 'x', conversation: id }),
          () => t.red.responses.create({ model: 'red', input: 'x', conversation: { id } }),
          () => t.red.post('/messages', { body: { model: 'red', max_tokens: 1, messages, previous_response_id: id } }),
        ];
        for (const attempt of tries)
          expect([String(attempt), await statusOf(attempt())]).toEqual([String(attempt), 404]);
      }
      expect(t.a.calls + t.b.calls).toBe(before);
      // Each its own, keys for the same groups each other's, and who may use all groups everything.
      expect((await t.red.responses.retrieve(ids.red)).id).toBe(ids.red);
      expect((await t.redToo.responses.retrieve(ids.red)).id).toBe(ids.red);
      expect(await statusOf(t.red.responses.create({ model: 'red', input: 'x', previous_response_id: ids.red }))).toBe(
        200,
      );
      for (const id of Object.values(ids)) expect((await t.all.responses.retrieve(id)).id).toBe(id);
      // Of what was made elsewhere nobody here knows whose it is.
      expect(await statusOf(t.red.responses.retrieve('resp_unknown'))).toBe(404);
      expect(t.a.calls + t.b.calls).toBeGreaterThan(before + 5);
    },
  );

  it('each has limits, usage and rate headers of its own', async () => {
    await using t = await two();
    await many(60, 4, () => t.red.chat.completions.create({ model: 'red', messages }));
    expect(await statusOf(t.red.chat.completions.create({ model: 'red', messages }))).toBe(429);
    expect(await statusOf(t.blue.chat.completions.create({ model: 'blue', messages }))).toBe(200);
    expect([t.a.calls, t.b.calls]).toEqual([50, 1]);
  });

  it('none sees the other’s models, endpoints or their state', async () => {
    await using t = await two();
    t.b.script({ repeat: [500] });
    const { data, response } = await t.red.models.list().withResponse();
    expect(data.data.map(({ id }) => id)).toEqual(['red']);
    const seen = [JSON.stringify([...response.headers])];
    for (const model of ['blue', 'red$b', 'red$2', 'gpt-5', 'blue$1', 'nope'])
      seen.push(
        String(
          await t.red.chat.completions
            .create({ model, messages })
            .catch(({ message }: Error) => message.replaceAll(model, '')),
        ),
      );
    expect(new Set(seen.slice(1)).size).toBe(1);
    expect(seen.join('')).not.toMatch(/blue|sk-upstream|127\.0\.0\.1/);
  });
});

describe('T28: another tenant notices nothing of', () => {
  type Trick = (send: (init: RequestInit, path?: string) => Promise<Response>, index: number) => Promise<unknown>;
  const left =
    (after: number): Trick =>
    async (send) => {
      const abort = new AbortController();
      setTimeout(() => abort.abort(), after);
      return send({ ...chat('gpt-5', { slow: true }), signal: abort.signal });
    };
  const TRICKS: Readonly<Record<string, Trick>> = {
    'calls given up after 1 ms': left(1),
    'calls given up later': (send, index) => left(index % 25)(send, index),
    'streams left at once': async (send) => (await send(chat('gpt-5', { stream: true }))).body?.cancel(),
    'timeouts of its own in headers': (send) =>
      send({ ...chat('gpt-5'), headers: { ...json, 'x-stainless-timeout': '0.001' } }),
    'bodies nobody takes': (send) => send(chat('gpt-5', { wrong: true })),
    'models nobody has': (send) => send(chat('missing')),
    'objects nobody has': (send, index) => send({}, `/v1/responses/resp_${index}`),
    'paths nobody has': (send, index) => send(chat('gpt-5'), `/v1/unknown/${index}`),
    'bodies that are cut': (send) => send({ method: 'POST', headers: json, body: '{"model":"gpt-5"' }),
    'prompts that a filter refuses': (send) => send(chat('gpt-5', { moderated: true })),
    'messages that cannot be translated': (send) =>
      send(
        chat('gpt-5', { max_tokens: 1, messages: [{ role: 'user', content: [{ type: 'document' }] }] }),
        '/v1/messages',
      ),
  };

  it.each(Object.keys(TRICKS))('%s', async (trick) => {
    const script = ({ body, route, model }: { body: unknown; route: string; model: string | undefined }) => {
      if (model === 'missing') return { status: 404, code: 'model_not_found' };
      if (route.startsWith('/unknown') || route.startsWith('/responses/')) return 404;
      const { wrong, moderated, slow } = (body ?? {}) as Record<string, unknown>;
      if (moderated) return { status: 403, code: 'content_policy_violation' };
      return wrong ? 400 : slow ? ({ step: 'ok', delay: 40 } as const) : undefined;
    };
    await using a = await faultServer({ name: 'a', script });
    await using b = await faultServer({ name: 'b', script });
    await using gateway = await gatewayWith(
      { endpoints: [endpointOf(a), endpointOf(b)], maxRetries: 0 },
      { level: 'off' },
    );
    const send = (init: RequestInit, path = '/v1/chat/completions') => gateway.get(path, init);
    await many(FULL ? 1_000 : 60, 20, async (index) => {
      const answer = (await TRICKS[trick]!(send, index)) as Response | undefined;
      await answer?.text?.();
    });
    const { endpoints } = (await (await gateway.get('/stats')).json()) as { endpoints: Record<string, unknown>[] };
    for (const { breaker, excluded, failures, cooldowns } of endpoints) {
      // A model that an endpoint does not have is out there, and touches nobody else.
      const others = (cooldowns as { model: string }[]).filter(({ model }) => model !== 'missing');
      expect({ breaker, excluded, failures, others }).toEqual({
        breaker: 'closed',
        excluded: null,
        failures: 0,
        others: [],
      });
    }
    const served = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const response = await send(chat('gpt-5'));
        await response.text();
        return `${response.status} ${response.headers.get('x-endpoint')}`;
      }),
    );
    expect(served.filter((one) => one === '200 a')).toHaveLength(5);
    expect(served.filter((one) => one === '200 b')).toHaveLength(5);
  });
});

describe('T29: nobody in between', () => {
  it('is let in by a certificate that nobody vouches for, whatever a configuration says', async () => {
    let calls = 0;
    const server = createServer(certificate(), (_, response) => {
      calls += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const endpoint = { name: 'a', apiKey: 'k', baseURL: `https://127.0.0.1:${port}/v1` };
    await using gateway = await gatewayWith({ endpoints: [endpoint], maxRetries: 0 });
    const response = await gateway.get('/v1/chat/completions', chat('gpt-5'));
    expect([response.status, calls]).toEqual([502, 0]);
    server.close();
    server.closeAllConnections();
    for (const option of [
      { rejectUnauthorized: false },
      { insecure: true },
      { fetchOptions: { dispatcher: {} } },
      { tls: {} },
    ])
      expect(() => settingsOf({ endpoints: [{ ...endpoint, ...option }] }, {}, 'test')).toThrow();
  });

  it('is let in by NODE_TLS_REJECT_UNAUTHORIZED=0 without a word', () => {
    const configuration = { endpoints: [{ name: 'a', apiKey: 'k' }] };
    const warnings = (env: Record<string, string>) => settingsOf(configuration, env, 'test').warnings;
    expect(warnings({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })).toEqual([
      expect.stringMatching(/NODE_TLS_REJECT_UNAUTHORIZED=0.*anybody in between.*NODE_EXTRA_CA_CERTS/),
    ]);
    for (const env of [{}, { NODE_TLS_REJECT_UNAUTHORIZED: '1' }, { NODE_TLS_REJECT_UNAUTHORIZED: '' }])
      expect(warnings(env as never)).toEqual([]);
  });
});
