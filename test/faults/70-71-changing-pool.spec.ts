// Rows 70 and 71: the pool changes while calls are running, and a change that is wrong.
import { expect, it } from 'vitest';
import { ConfigurationError } from '../../src/index.ts';
import { faultServer } from '../../src/testing/index.ts';
import { chat, chatStream, failure, many, read, servedBy, tally } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';
import { row } from './row.ts';

const SECRET = 'sk-canary-7071';

row(
  70,
  'endpoints come and go, keys are replaced, while calls are running',
  'no call fails; the running ones end where they began',
  () => {
    it('with an endpoint replaced over and over under load, plain and streamed calls all succeed', async () => {
      await using stage = await openStage({ a: [], b: [] }, { strategy: 'round-robin' });
      // It takes any key.
      await using changing = await faultServer({ name: 'changing' });
      const { client } = stage;
      const { balancer } = client;
      let name = 'a';
      // Every fifteenth call finds an endpoint replaced, and the replaced one still has calls to end.
      const replaced: Promise<void>[] = [];
      const replace = (round: number) => {
        const next = balancer.add({ name: `a${round}`, baseURL: changing.url, apiKey: `key-of-round-${round}` });
        replaced.push(balancer.drain(name));
        name = next;
      };
      const results = await many(300, 16, async (index) => {
        if (index % 15 === 0) replace(index);
        if (index % 2) return servedBy(await chat(client));
        const { error, text } = await read(await chatStream(client));
        if (error !== undefined) throw error;
        return text;
      });
      await Promise.all(replaced);
      expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
      const keys = new Set(changing.requests.map(({ apiKey }) => apiKey));
      expect(keys.size).toBeGreaterThan(3);
      for (const { inFlight } of balancer.snapshot().endpoints) expect(inFlight).toBe(0);
    });

    it('a stream of a drained endpoint goes on to its end, and drain() resolves with it', async () => {
      await using stage = await openStage({ a: [{ stream: 8, gap: 5 }], b: [] });
      const stream = await chatStream(stage.client);
      const order: string[] = [];
      const draining = stage.client.balancer.drain('a').then(() => order.push('drained'));
      expect(servedBy(await chat(stage.client))).toBe('b');
      const { text, error } = await read(stream);
      order.push('read');
      await draining;
      expect([text, error, order]).toEqual(['a-0 a-1 a-2 a-3 a-4 a-5 a-6 a-7 ', undefined, ['read', 'drained']]);
    });

    it('a new endpoint gets its share, where slow start is off at once, with its own key only', async () => {
      await using stage = await openStage({ a: [], b: [] }, { strategy: 'round-robin', slowStart: false });
      await using added = await faultServer({ name: 'new' });
      await stage.client.balancer.drain('b');
      stage.client.balancer.add({ name: 'new', baseURL: added.url, apiKey: 'key-of-new' });
      const served = await many(10, 1, async () => servedBy(await chat(stage.client)));
      expect(tally(served.map((result) => (result as { value: string }).value))).toEqual({ a: 5, new: 5 });
      expect(new Set(added.requests.map(({ apiKey }) => apiKey))).toEqual(new Set(['key-of-new']));
      expect(new Set(stage.servers.a.requests.map(({ apiKey }) => apiKey))).toEqual(new Set([stage.keys.a]));
    });
  },
);

row(71, 'a change of the pool that is wrong', 'refused as a whole, without a secret; the pool stays as it was', () => {
  it.each<[what: string, endpoint: object]>([
    ['no address', { baseURL: 'nonsense', apiKey: SECRET }],
    ['an unknown option', { apiKey: SECRET, wieght: 2 }],
    ['a weight below zero', { apiKey: SECRET, weight: -1 }],
    ['a name that is taken', { apiKey: SECRET, name: 'a' }],
    ['two kinds of key', { apiKey: SECRET, apiKeyEnv: 'X' }],
    ['no key for an address of its own', { baseURL: 'https://vendor.example/v1' }],
    ['a polluted object', JSON.parse(`{ "__proto__": { "apiKey": "${SECRET}" }, "weight": 1, "x": 1 }`)],
    ['no endpoint at all', 42 as never],
  ])('%s', async (_, endpoint) => {
    await using stage = await openStage({ a: [], b: [] }, { strategy: 'round-robin' });
    const { balancer } = stage.client;
    const before = balancer.snapshot();
    let error: unknown;
    try {
      balancer.add(endpoint as never);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(`${(error as Error).message} ${(error as Error).stack} ${JSON.stringify(error)}`).not.toContain(SECRET);
    expect(balancer.snapshot()).toEqual(before);
    expect(stage.events.of('endpoint-added')).toEqual([]);
    await chat(stage.client);
  });

  it('draining what does not exist names what does', async () => {
    await using stage = await openStage({ a: [], b: [] });
    const error = await failure(stage.client.balancer.drain('c'));
    expect(error.message).toBe("There is no endpoint 'c': known are a, b.");
  });
});
