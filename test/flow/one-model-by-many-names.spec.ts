// The promise: what an endpoint's model does counts under every public name that leads to it there, in every pool of the process;
// what another model of the same name elsewhere does, does not.
import { describe, expect, it } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI } from '../../src/index.ts';
import { faultServer } from '../../src/testing/index.ts';

const messages = [{ role: 'user' as const, content: 'hi' }];

let count = 0;
/** A server, and the endpoint that it is under these names. */
async function serverOf(name: string) {
  count += 1;
  const apiKey = `sk-names-${name}-${count}`;
  const server = await faultServer({ name, apiKey });
  const endpoint = (modelMap: Record<string, string>, as = name) => ({
    ...{ name: as, apiKey, baseURL: server.url, modelMap },
    models: Object.keys(modelMap),
  });
  return { server, endpoint };
}

const served = async (client: LoadBalancedOpenAI, model: string) => {
  const reply = client.chat.completions.create({ model, messages });
  await reply.catch(() => undefined);
  return attemptsOf(reply).map(({ endpoint, verdict }) => `${endpoint} ${verdict}`);
};

describe('two public names of one model at an endpoint', () => {
  it('cool down together: a 429 under one name keeps the other away', async () => {
    const [a, b] = [await serverOf('a'), await serverOf('b')];
    const both = { fast: 'gpt-5', cheap: 'gpt-5' };
    await using client = new LoadBalancedOpenAI([a.endpoint(both), b.endpoint(both)], { strategy: 'priority' });
    a.server.script([{ status: 429, retryAfter: 30 }]);
    expect(await served(client, 'fast')).toEqual(['a rate-limited', 'b ok']);
    expect(await served(client, 'cheap')).toEqual(['b ok']);
    const [state] = client.balancer.snapshot().endpoints;
    expect(state?.cooldowns).toMatchObject([{ model: 'gpt-5' }]);
    for (const { server } of [a, b]) await server.close();
  });

  it('are ejected together, also between pools: the breaker is that of the model there', async () => {
    const [a, b] = [await serverOf('a'), await serverOf('b')];
    const options = { strategy: 'priority' as const, breaker: { consecutiveFailures: 2 } };
    const pool = (name: string) => {
      const map = { [name]: 'gpt-5' };
      const more = { other: 'gpt-4o', [name]: 'gpt-5' };
      return new LoadBalancedOpenAI([a.endpoint(more), b.endpoint(map)], options);
    };
    await using one = pool('fast');
    await using two = pool('cheap');
    // Another model works there, so that it is the model alone.
    expect(await served(one, 'other')).toEqual(['a ok']);
    a.server.script([500, 500]);
    for (let i = 0; i < 2; i++) expect(await served(one, 'fast')).toEqual(['a server-error', 'b ok']);
    expect(await served(two, 'cheap')).toEqual(['b ok']);
    expect(await served(two, 'other')).toEqual(['a ok']);
    expect(one.balancer.snapshot().endpoints[0]?.models).toEqual([{ model: 'gpt-5', breaker: 'open' }]);
    for (const { server } of [a, b]) await server.close();
  });

  it('draw on one limit', async () => {
    const a = await serverOf('a');
    const endpoint = { ...a.endpoint({ fast: 'gpt-5', cheap: 'gpt-5' }), limits: { requestsPerMinute: 2 } };
    await using client = new LoadBalancedOpenAI([endpoint], { waitingRoom: false, maxRetries: 0 });
    expect(await served(client, 'fast')).toEqual(['a ok']);
    expect(await served(client, 'cheap')).toEqual(['a ok']);
    expect(await served(client, 'fast')).toEqual([]);
    const [left] = client.balancer.snapshot().endpoints[0]?.headroom ?? [];
    expect(left?.model).toBe('gpt-5');
    // Windows fill again as time goes by: less than the place of one call is left.
    expect(left?.left).toBeLessThan(1 / 2);
    await a.server.close();
  });
});

describe('a quota group that calls one model by several names', () => {
  const group = { quotaGroup: 'subscription' };
  const maps = [{ best: 'prod-gpt5' }, { best: 'dev-gpt5', other: 'prod-gpt5' }] as const;

  it('shares a 429 of the model, and of it alone', async () => {
    const servers = [await serverOf('a'), await serverOf('b'), await serverOf('c')] as const;
    const [a, b, c] = servers;
    const both = { best: 'gpt-5', other: 'gpt-4o' };
    const endpoints = [{ ...a.endpoint(maps[0]), ...group }, { ...b.endpoint(maps[1]), ...group }, c.endpoint(both)];
    await using client = new LoadBalancedOpenAI(endpoints, { strategy: 'priority' });
    a.server.script([{ status: 429, retryAfter: 30 }]);
    expect(await served(client, 'best')).toEqual(['a rate-limited', 'c ok']);
    expect(await served(client, 'best')).toEqual(['c ok']);
    // What is called like that there is another model.
    expect(await served(client, 'other')).toEqual(['b ok']);
    const cooling = client.balancer.snapshot().endpoints.map(({ cooldowns }) => cooldowns.map(({ model }) => model));
    expect(cooling).toEqual([['prod-gpt5'], ['dev-gpt5'], []]);
    for (const { server } of servers) await server.close();
  });

  it('is two deployments at one address as well', async () => {
    const a = await serverOf('a');
    const endpoints = [
      { ...a.endpoint(maps[0], 'first'), ...group },
      { ...a.endpoint({ best: 'dev-gpt5' }, 'second'), ...group },
    ];
    const options = { strategy: 'priority' as const, maxRetries: 0, waitingRoom: false as const };
    await using client = new LoadBalancedOpenAI(endpoints, options);
    a.server.script([{ status: 429, retryAfter: 30 }]);
    expect(await served(client, 'best')).toEqual(['first rate-limited']);
    expect(await served(client, 'best')).toEqual([]);
    await a.server.close();
  });

  it('draws on one limit', async () => {
    const [a, b] = [await serverOf('a'), await serverOf('b')];
    const limits = { requestsPerMinute: 3 };
    const endpoints = [
      { ...a.endpoint(maps[0]), ...group, limits },
      { ...b.endpoint(maps[1]), ...group },
    ];
    await using client = new LoadBalancedOpenAI(endpoints, { waitingRoom: false, maxRetries: 0 });
    const all = [];
    for (let call = 0; call < 4; call++) all.push(...(await served(client, 'best')));
    expect(all).toEqual(['a ok', 'b ok', 'a ok']);
    for (const { headroom } of client.balancer.snapshot().endpoints) {
      expect(headroom.map(({ model }) => model)).toEqual(['prod-gpt5']);
      expect(headroom[0]?.left).toBeLessThan(1 / 3);
    }
    for (const { server } of [a, b]) await server.close();
  });
});

describe('one public name of two models', () => {
  it('is two at an endpoint that stands in the pool twice: one that is missing does not take the other along', async () => {
    const a = await serverOf('a');
    const endpoints = [a.endpoint({ best: 'gone' }, 'first'), a.endpoint({ best: 'gpt-5' }, 'second')];
    await using client = new LoadBalancedOpenAI(endpoints, { strategy: 'priority' });
    const missing = { status: 404, body: { error: { message: 'no such model', code: 'model_not_found' } } } as const;
    a.server.script(({ body }) => ((body as { model?: string }).model === 'gone' ? missing : undefined));
    expect(await served(client, 'best')).toEqual(['first model-missing', 'second ok']);
    expect(await served(client, 'best')).toEqual(['second ok']);
    await a.server.close();
  });
});
