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
    expect(client.balancer.snapshot().endpoints[0]?.headroom).toMatchObject([{ model: 'gpt-5', left: 0 }]);
    await a.server.close();
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
