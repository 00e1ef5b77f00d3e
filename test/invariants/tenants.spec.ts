// Threats T20 and T28: one tenant of a process cannot take an endpoint out for another, nor fill the memory, whatever it sends, and
// neither can a server by what it answers.
import { describe, expect, it } from 'vitest';
import { LoadBalancedOpenAI } from '../../src/index.ts';
import type { ServerRequest, Step } from '../../src/testing/index.ts';
import { chat, chatStream, FULL, many, read, servedBy, tally } from '../support/calls.ts';
import { runChild } from '../support/child.ts';
import { collectGarbage } from '../support/parts.ts';
import { openStage, type Stage } from '../support/stage.ts';

const MIB = 1_048_576;
const BOMB = new URL('../faults/children/bomb.ts', import.meta.url);

/** A server as there are many: it knows its key, its models and its paths, and dislikes some requests. */
function strict(key: () => string): (request: ServerRequest) => Step | undefined {
  return ({ apiKey, model, route, body }) => {
    if (apiKey !== key()) return 401;
    if (model === 'missing') return { status: 404, code: 'model_not_found', message: 'The model does not exist.' };
    if (model === 'moderated') return { status: 403, code: 'content_policy_violation' };
    if (typeof model === 'string' && model.length > 256) return 400;
    if (route.startsWith('/unknown')) return 404;
    if (typeof body === 'object' && body !== null && 'wrong' in body) return 400;
    // Long enough for a tenant to lose patience.
    return route === '/chat/completions' ? { step: 'ok', delay: 20 } : undefined;
  };
}

type Trick = (client: LoadBalancedOpenAI, index: number) => PromiseLike<unknown>;
const messages = [{ role: 'user' as const, content: 'hi' }];

/** What a tenant may do by mistake or by will; each fails by its own doing. */
const TRICKS: Readonly<Record<string, Trick>> = {
  'a timeout of 1 ms': (client) => chat(client, {}, { timeout: 1 }),
  'an abort, sooner or later': (client, index) => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), index % 25);
    return chat(client, {}, { signal: abort.signal });
  },
  'a stream left at once': (client) => chatStream(client).then((stream) => stream.controller.abort()),
  'a body nobody takes': (client) => chat(client, { wrong: true }),
  'a model nobody has': (client) => chat(client, { model: 'missing' }),
  'a model name of 10 kB': (client) => chat(client, { model: 'x'.repeat(10_000) }),
  'a prompt nobody takes': (client) => chat(client, { model: 'moderated' }),
  'a key of its own that is wrong': (client) => chat(client, {}, { headers: { Authorization: 'Bearer wrong' } }),
  'no key at all': (client) => chat(client, {}, { headers: { Authorization: null } }),
  'a path that is none': (client, index) => client.get(`/unknown/${index}`),
  'an object that is none': (client, index) => client.files.retrieve(`file-${index}`),
  'a foreign address': (client) => client.get('http://127.0.0.1:9/v1/models'),
  'headers no request can have': (client) =>
    chat(client, {}, { headers: { expect: '100-continue', connection: 'upgrade' } }),
  'a header that is none': (client) => chat(client, {}, { headers: { 'x-\n': 'x' } }),
  'a GET with a body': (client) => client.get('/models', { body: { x: 1 } } as never),
  'a method that is none': (client) => client.request({ method: 'no such' as never, path: '/models' }),
  'a body that cannot be written': (client) => chat(client, { messages: [{ role: 'user', content: 1n }] }),
  'fetch options that are none': (client) => chat(client, {}, { fetchOptions: { credentials: 'no such' as never } }),
};

/** What another tenant notices of the pool. */
const health = ({ client }: Stage) =>
  client.balancer.snapshot().endpoints.map(({ breaker, excluded, failures, cooldowns }) => {
    // A model that an endpoint does not have is out there, and touches nobody else.
    return { breaker, excluded, failures, others: cooldowns.filter(({ model }) => model !== 'missing') };
  });

describe('T28: another tenant notices nothing of', () => {
  it.each(Object.keys(TRICKS))('%s', async (trick) => {
    const times = FULL ? 1_000 : 40;
    await using stage = await openStage({ a: [], b: [] }, { strategy: 'round-robin', maxRetries: 0, timeout: 5_000 });
    for (const name of ['a', 'b'] as const) stage.servers[name].script(strict(() => stage.keys[name]));
    for (let call = 0; call < 4; call++) await chat(stage.client);
    // A client of its own over the same endpoints, as a server makes one per request.
    await using tenant = new LoadBalancedOpenAI(stage.options);
    const results = await many(times, 20, async (index) => TRICKS[trick]!(tenant, index));
    if (!/stream left|abort|timeout|headers no request/.test(trick))
      expect(results.filter(({ status }) => status === 'fulfilled')).toEqual([]);
    expect(health(stage)).toEqual([
      { breaker: 'closed', excluded: null, failures: 0, others: [] },
      { breaker: 'closed', excluded: null, failures: 0, others: [] },
    ]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => chat(stage.client)));
    expect(tally(answers.map((answer) => servedBy(answer)!))).toEqual({ a: 10, b: 10 });
  });
});

describe('T20: memory', () => {
  it('a bomb of 200 MiB in 200 kB costs far less than it holds', async () => {
    const bomb: Step = { step: 'bomb', bytes: 200 * MIB };
    await using stage = await openStage({ a: [{ step: 'ok', times: 3 }, bomb], b: [] }, { maxResponseBytes: 32 * MIB });
    const input = { options: stage.options, kind: 'json' };
    const { verdicts, grown } = await runChild<{ verdicts: string[]; grown: number }>(BOMB, input);
    expect(verdicts).toEqual(['a bad-reply', 'b ok']);
    expect(grown).toBeLessThan(128);
  });

  it('names of models and ids without bounds, each seen once, are not kept', async () => {
    let [ids, calls] = [0, 0];
    const fetch = async () => {
      const data = Array.from({ length: 20 }, () => ({ id: `${ids++}`.padEnd(50_000, 'x') }));
      return Response.json({ object: 'list', data, choices: [{ index: 0, finish_reason: 'stop', message: {} }] });
    };
    const client = new LoadBalancedOpenAI(
      [
        { apiKey: 'k', fetch },
        { apiKey: 'l', fetch },
      ],
      { shareState: false },
    );
    const use = async (times: number) => {
      for (let call = 0; call < times; call++) {
        await client.chat.completions.create({ model: `${calls++}`.padEnd(MIB, 'x'), messages });
        await client.files.list();
      }
      await collectGarbage();
      return process.memoryUsage().heapUsed / MIB;
    };
    const before = await use(5);
    expect((await use(60)) - before).toBeLessThan(20);
    await client.close();
  });
});

it('T28: a stream that a tenant reads slowly holds nobody else up', async () => {
  await using stage = await openStage({ a: { repeat: [{ stream: 2_000 }] } });
  const slow = await Promise.all(Array.from({ length: 20 }, () => chatStream(stage.client)));
  stage.servers.a.script('ok');
  const answers = await Promise.all(Array.from({ length: 50 }, () => chat(stage.client)));
  expect(answers).toHaveLength(50);
  for (const stream of slow) expect((await read(stream)).error).toBeUndefined();
});
