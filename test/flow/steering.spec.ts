// The promise: who may serve a call can be said beside the call: by a client, or by the code around it.
import { describe, expect, it } from 'vitest';
import {
  AffinityError,
  attemptsOf,
  ConfigurationError,
  LoadBalancedOpenAI,
  NoEndpointAvailableError,
} from '../../src/index.ts';
import { chat, chatStream, failure, gate, read, servedBy, tally } from '../support/calls.ts';
import { openStage, type Stage } from '../support/stage.ts';

const served = async (client: LoadBalancedOpenAI, count = 1): Promise<string[]> => {
  const names: string[] = [];
  for (let i = 0; i < count; i++) names.push(servedBy(await chat(client)) as string);
  return names;
};
const tagged = () =>
  openStage(
    {
      a: { script: [], tags: ['eu'] },
      b: { script: [], tags: ['eu', 'gpu'] },
      c: { script: [], tags: ['us', 'gpu'] },
    },
    { strategy: 'round-robin' },
  );
const refused = (work: () => unknown): ConfigurationError => {
  try {
    work();
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error('It should have been refused.');
};

describe('with({ tags })', () => {
  it('leaves the endpoints that have them all, in turn as ever', async () => {
    await using stage = await tagged();
    const { balancer } = stage.client;
    expect(await served(balancer.with({ tags: ['eu'] }), 4)).toEqual(['a', 'b', 'a', 'b']);
    expect(await served(balancer.with({ tags: ['gpu', 'eu'] }), 2)).toEqual(['b', 'b']);
    expect(await served(stage.client, 3)).toEqual(['a', 'b', 'c']);
  });

  it('holds for failover too: rather an error than somebody else', async () => {
    await using stage = await openStage(
      { a: { script: 503, tags: ['eu'] }, b: { script: 503, tags: ['eu'] }, c: { script: [], tags: ['us'] } },
      { maxRetries: 0 },
    );
    const error = await failure(chat(stage.client.balancer.with({ tags: ['eu'] })));
    expect(attemptsOf(error).map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
    expect(stage.servers.c.calls).toBe(0);
  });

  it('adds up, and stays through withOptions', async () => {
    await using stage = await tagged();
    const eu = stage.client.balancer.with({ tags: ['eu'] });
    expect(await served(eu.balancer.with({ tags: ['gpu'] }), 2)).toEqual(['b', 'b']);
    expect(await served(eu.withOptions({ timeout: 9_000 }).balancer.with({ session: 's', tags: ['gpu'] }))).toEqual([
      'b',
    ]);
  });

  it('makes account objects at the first endpoint that has them, and keeps away from ids elsewhere', async () => {
    await using stage = await tagged();
    const gpu = stage.client.balancer.with({ tags: ['gpu'] });
    const store = await gpu.vectorStores.create({});
    expect(attemptsOf(store).map(({ endpoint }) => endpoint)).toEqual(['b']);
    const us = stage.client.balancer.with({ tags: ['us'] });
    const error = await failure(us.vectorStores.retrieve(store.id));
    expect(error).toBeInstanceOf(NoEndpointAvailableError);
    expect(error.message).toContain("b has no tag 'us' (tags)");
  });

  it('goes for endpoints that come later', async () => {
    await using stage = await tagged();
    const us = stage.client.balancer.with({ tags: ['us'] });
    const { url } = stage.servers.a;
    stage.client.balancer.add({ name: 'd', baseURL: url, apiKey: stage.keys.a, tags: ['us'] });
    await stage.client.balancer.drain('c');
    expect(attemptsOf(await chat(us)).map(({ endpoint }) => endpoint)).toEqual(['d']);
  });
});

describe('with({ session })', () => {
  it('serves a session at one endpoint, sessions at all of them', async () => {
    await using stage = await tagged();
    const homes: string[] = [];
    for (let session = 0; session < 24; session++) {
      const names = await served(stage.client.balancer.with({ session: `user-${session}` }), 3);
      expect(new Set(names).size).toBe(1);
      homes.push(names[0] as string);
    }
    expect(Object.keys(tally(homes)).sort()).toEqual(['a', 'b', 'c']);
  });

  it('is soft: the call fails over, and the next one comes back', async () => {
    await using stage = await tagged();
    const client = stage.client.balancer.with({ session: 'user-1' });
    const [home] = (await served(client)) as ['a' | 'b' | 'c'];
    stage.servers[home].script([503, 503]);
    const [first, second] = [await chat(client), await chat(client)].map(servedBy);
    expect([first, second]).not.toContain(home);
    expect(first).toBe(second);
    expect(await served(client)).toEqual([home]);
  });
});

describe('with({ endpoint }) and pin(name)', () => {
  it('are the same: there, and never elsewhere', async () => {
    await using stage = await openStage({ a: [], b: [503, 503] }, { maxRetries: 0 });
    const { balancer } = stage.client;
    for (const client of [balancer.pin('b'), balancer.with({ endpoint: 'b' })])
      expect(attemptsOf(await failure(chat(client))).map(({ endpoint }) => endpoint)).toEqual(['b']);
    expect(await served(balancer.pin('b').balancer.pin('a'))).toEqual(['a']);
  });

  it('answer an unknown name or tag with the known ones, before any call', async () => {
    await using stage = await tagged();
    const { balancer } = stage.client;
    expect(refused(() => balancer.with({ endpoint: 'z' }))).toMatchObject({
      ...{ code: 'unknown_endpoint', message: "There is no endpoint 'z': known are a, b, c." },
    });
    expect(refused(() => balancer.pin(undefined as never))).toMatchObject({ code: 'unknown_endpoint' });
    expect(refused(() => balancer.with({ tags: ['gpu', 'ue'] }))).toMatchObject({
      ...{ code: 'unknown_tag', message: 'with.tags: names a tag that no endpoint has; known are eu, gpu, us' },
    });
    expect(refused(() => balancer.with({ tags: ['eu', 'us'] })).message).toContain('no endpoint has all of these');
    expect(refused(() => balancer.with({ tags: ['eu'] }).balancer.pin('c')).code).toBe('conflicting_options');
    expect(refused(() => balancer.with({ sesion: 's' } as never)).message).toContain('did you mean session?');
    expect(refused(() => balancer.run({ importance: 'urgent' as never }, () => 1)).message).toContain("'high'");
    expect(refused(() => balancer.run({}, undefined as never)).message).toContain('must be a function');
    expect(refused(() => new LoadBalancedOpenAI({ apiKey: 'x' }).balancer.with({ endpoint: 'a' })).message).toContain(
      'has no pool',
    );
  });
});

describe('run(steering, work)', () => {
  const library = async ({ client }: Stage): Promise<string[]> => {
    // Knows nothing of the pool.
    await new Promise((resolve) => setTimeout(resolve, 1));
    const plain = await chat(client);
    const stream = await read(await chatStream(client));
    return [servedBy(plain), stream.chunks[0]?.system_fingerprint] as string[];
  };

  it('steers every call made inside, after an await and deep down, and none outside', async () => {
    await using stage = await tagged();
    const { balancer } = stage.client;
    const inside = balancer.run({ endpoint: 'c' }, () => library(stage));
    const outside = await library(stage);
    expect(await inside).toEqual(['c', 'c']);
    expect(outside).not.toEqual(['c', 'c']);
    expect(balancer.run({}, () => 'returned')).toBe('returned');
    expect(() =>
      balancer.run({ tags: ['eu'] }, () => {
        throw new RangeError('mine');
      }),
    ).toThrow(RangeError);
  });

  it('keeps concurrent runs apart', async () => {
    await using stage = await tagged();
    const names = ['a', 'b', 'c'];
    const runs = Array.from({ length: 30 }, (_, index) => {
      const endpoint = names[index % 3] as string;
      return stage.client.balancer.run({ endpoint }, async () => [endpoint, servedBy(await chat(stage.client))]);
    });
    for (const [wanted, found] of await Promise.all(runs)) expect(found).toBe(wanted);
  });

  it('nests: the inner one counts, tags add up; what the client says itself counts more', async () => {
    await using stage = await tagged();
    const { balancer } = stage.client;
    const both = balancer.run({ tags: ['eu'] }, () => balancer.run({ tags: ['gpu'] }, () => served(stage.client, 2)));
    expect(await both).toEqual(['b', 'b']);
    const inner = balancer.run({ endpoint: 'a' }, () => balancer.run({ endpoint: 'b' }, () => served(stage.client)));
    expect(await inner).toEqual(['b']);
    expect(await balancer.run({ endpoint: 'a' }, () => served(balancer.pin('c')))).toEqual(['c']);
    const nobody = balancer.run({ tags: ['eu'] }, () => failure(chat(balancer.pin('c'))));
    expect((await nobody).message).toContain("c has no tag 'eu' (tags)");
  });

  it('steers the calls of its own pool only', async () => {
    await using one = await tagged();
    await using other = await tagged();
    const names = await one.client.balancer.run({ endpoint: 'c' }, () => served(other.client, 3));
    expect(names).toEqual(['a', 'b', 'c']);
  });

  it('does not hold back what was begun inside and is read outside', async () => {
    await using stage = await tagged();
    const opened = gate<Awaited<ReturnType<typeof chatStream>>>();
    stage.client.balancer.run({ endpoint: 'b' }, () => void chatStream(stage.client).then(opened.open));
    expect((await read(await opened.promise)).chunks[0]?.system_fingerprint).toBe('b');
  });

  it('pinned to one endpoint, an id of another is an AffinityError', async () => {
    await using stage = await tagged();
    const { balancer } = stage.client;
    const store = await balancer.pin('b').vectorStores.create({});
    const error = await balancer.run({ endpoint: 'a' }, () => failure(stage.client.vectorStores.retrieve(store.id)));
    expect(error).toBeInstanceOf(AffinityError);
  });
});
