// The promise: clients on one store act like one. One learns of a 429, all know; and what one finds dead, the others do not ask.
// Each client here shares nothing with the others but the store, as if it were another process.
import { afterEach, describe, expect, it } from 'vitest';
import { LoadBalancedOpenAI, type LoadBalancedOpenAIOptions, memoryStore, type SharedStore } from '../../src/index.ts';
import { type EventRecorder, type ManualClock, manualClock, recordEvents } from '../../src/testing/index.ts';
import { answering, reply } from '../support/answering.ts';

const open: LoadBalancedOpenAI[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

interface World {
  readonly clock: ManualClock;
  readonly store: SharedStore;
  /** What each endpoint answers: a status, or an error in its place. */
  readonly does: ReturnType<typeof answering>['does'];
  readonly asked: string[];
  /** One more client. */
  client(options?: Partial<LoadBalancedOpenAIOptions> & { names?: readonly string[] }): Told;
}

interface Told {
  readonly client: LoadBalancedOpenAI;
  readonly events: EventRecorder;
  call(model?: string): Promise<string>;
  state(name: string): ReturnType<LoadBalancedOpenAI['balancer']['snapshot']>['endpoints'][number];
}

function world(): World {
  const clock = manualClock();
  const { does, asked, fetchOf } = answering();
  const shared = memoryStore(clock);
  return {
    ...{ clock, does, asked, store: shared },
    client({ names = ['a', 'b', 'c'], ...options } = {}) {
      const endpoints = names.map((name) => ({
        ...{ name, apiKey: `key-${name}`, baseURL: `https://${name}.test/v1` },
        fetch: fetchOf(name),
      }));
      const client = new LoadBalancedOpenAI(endpoints, {
        ...{ strategy: 'priority', logLevel: 'off', store: shared, clock, maxRetries: 0, ...options },
      });
      open.push(client);
      const events = recordEvents(client);
      return {
        ...{ client, events },
        async call(model = 'gpt-5') {
          const { data, response } = await client.chat.completions
            .create({ model, messages: [{ role: 'user', content: 'a secret prompt' }] })
            .withResponse();
          expect(data.object).toBe('chat.completion');
          return response.headers.get('x-served-by') ?? '';
        },
        state: (name) => client.balancer.snapshot().endpoints.find((each) => each.name === name)!,
      };
    },
  };
}

const limited =
  (headers: Record<string, string> = { 'retry-after': '8' }) =>
  () =>
    Response.json({ error: { message: 'slow down' } }, { status: 429, headers });
const broken = () => Response.json({ error: { message: 'broken' } }, { status: 500 });
/** Long enough for what is told to arrive. */
const MOMENT = 30;

describe('a cooldown', () => {
  it('learnt by one is respected by all, and said to come from elsewhere', async () => {
    const { client, clock, does, asked } = world();
    const [one, two, three] = [client(), client(), client()];
    await clock.advance(MOMENT);
    does.a = limited();
    expect(await one.call()).toBe('b');
    await clock.advance(MOMENT);
    asked.length = 0;
    expect([await two.call(), await three.call()]).toEqual(['b', 'b']);
    expect(asked).toEqual(['b', 'b']);
    expect(two.events.of('endpoint-cooldown')).toMatchObject([
      { endpoint: 'a', model: 'gpt-5', reason: '429', elsewhere: true },
    ]);
    expect(one.events.of('endpoint-cooldown')).toHaveLength(1);
    expect(one.events.of('endpoint-cooldown')[0]).not.toHaveProperty('elsewhere');
    const [cooldown] = two.state('a').cooldowns;
    expect(cooldown).toMatchObject({ model: 'gpt-5', reason: '429' });
    expect(Math.abs(cooldown!.msLeft - 8_000)).toBeLessThan(2 * MOMENT);
    does.a = undefined;
    await clock.advance(8_000);
    expect(await two.call()).toBe('a');
  });

  it('without a hint doubles over all of them', async () => {
    const { client, clock, does } = world();
    const clients = [client(), client(), client()];
    await clock.advance(MOMENT);
    does.a = limited({});
    const lengths: number[] = [];
    for (const each of clients) {
      await each.call();
      await clock.advance(MOMENT);
      const [cooldown] = each.state('a').cooldowns;
      lengths.push(cooldown!.msLeft + MOMENT);
      await clock.advance(cooldown!.msLeft + 1);
    }
    expect(lengths).toEqual([1_000, 2_000, 4_000]);
  });

  it('is known to a client that starts later, with what is left of it', async () => {
    const { client, clock, does, asked } = world();
    const one = client();
    await clock.advance(MOMENT);
    does.a = limited();
    await one.call();
    await clock.advance(3_000);
    const late = client();
    await clock.advance(MOMENT);
    asked.length = 0;
    expect(await late.call()).toBe('b');
    expect(asked).toEqual(['b']);
    expect(late.state('a').cooldowns[0]!.msLeft).toBeGreaterThan(4_800);
    expect(late.state('a').cooldowns[0]!.msLeft).toBeLessThanOrEqual(5_000);
  });

  it('for a refused key is everyone’s own to find out: the others may have another key', async () => {
    const { client, clock, does, asked } = world();
    const [one, two] = [client(), client()];
    await clock.advance(MOMENT);
    does.a = () => Response.json({ error: { message: 'no', code: 'invalid_api_key' } }, { status: 401 });
    await one.call();
    await clock.advance(MOMENT);
    asked.length = 0;
    await two.call();
    expect(asked).toEqual(['a', 'b']);
  });
});

describe('an ejection', () => {
  const eject = async ({ call }: Told) => {
    for (let i = 0; i < 5; i++) await call();
  };

  it('found by one holds for all who saw nothing else, and the recovery as well', async () => {
    const { client, clock, does, asked } = world();
    const [one, two] = [client(), client()];
    await clock.advance(MOMENT);
    does.a = broken;
    await eject(one);
    await clock.advance(MOMENT);
    expect(one.state('a').models).toEqual([{ model: 'gpt-5', breaker: 'open' }]);
    expect(two.state('a').models).toEqual([{ model: 'gpt-5', breaker: 'open' }]);
    expect(two.events.of('endpoint-ejected')).toMatchObject([{ endpoint: 'a', elsewhere: true }]);
    asked.length = 0;
    expect(await two.call()).toBe('b');
    expect(asked).toEqual(['b']);
    does.a = undefined;
    await clock.advance(5_001);
    expect(await one.call()).toBe('a');
    await clock.advance(MOMENT);
    expect(two.state('a').models).toEqual([]);
    expect(two.events.of('endpoint-restored')).toMatchObject([{ endpoint: 'a', elsewhere: true }]);
  });

  it('by a process whose own network is broken takes nothing from the others', async () => {
    const { client, clock, does } = world();
    const [one, two] = [client(), client()];
    await clock.advance(MOMENT);
    does.a = broken;
    does.b = broken;
    does.c = broken;
    for (let i = 0; i < 5; i++) await one.call().catch(() => undefined);
    await clock.advance(MOMENT);
    expect(one.state('a').models).toEqual([{ model: 'gpt-5', breaker: 'open' }]);
    for (const name of ['a', 'b', 'c']) expect(two.state(name).models).toEqual([]);
  });

  it('is not believed by those who reach the endpoint', async () => {
    const { client, clock, does } = world();
    const [one, two] = [client(), client()];
    await clock.advance(MOMENT);
    await two.call();
    does.a = broken;
    await eject(one);
    await clock.advance(MOMENT);
    expect(two.state('a').models).toEqual([]);
    expect(two.events.of('endpoint-ejected')).toEqual([]);
  });

  it('is known to a client that starts later', async () => {
    const { client, clock, does } = world();
    const one = client();
    await clock.advance(MOMENT);
    does.a = broken;
    await eject(one);
    await clock.advance(1_000);
    const late = client();
    await clock.advance(MOMENT);
    expect(late.state('a').models).toEqual([{ model: 'gpt-5', breaker: 'open' }]);
    await clock.advance(5_000);
    expect(late.state('a').excluded).toBeNull();
  });
});

describe('running calls', () => {
  it('of others count as load, until they are over or their process is silent', async () => {
    const { client, clock, does } = world();
    const [one, two] = [client(), client({ strategy: 'least-busy' })];
    await clock.advance(MOMENT);
    let answer: () => void = () => undefined;
    does.a = () =>
      new Promise((resolve) => {
        answer = () => resolve(reply('a'));
      });
    const running = one.call();
    await clock.advance(150);
    expect(two.state('a')).toMatchObject({ inFlight: 0, inFlightElsewhere: 1 });
    for (let i = 0; i < 6; i++) expect(await two.call()).not.toBe('a');
    // Still running much later: said again.
    await clock.advance(40_000);
    expect(two.state('a').inFlightElsewhere).toBe(1);
    answer();
    await running;
    await clock.advance(150);
    expect(two.state('a').inFlightElsewhere).toBe(0);
  });

  it('of a process that says nothing any more are forgotten', async () => {
    const { client, clock, store } = world();
    const two = client();
    await clock.advance(MOMENT);
    const fact = { is: 'load', endpoint: 'a', address: 'https://a.test/v1', running: 7 };
    await store.publish('lbo:1:facts', JSON.stringify({ v: 1, from: 'dead', facts: [fact] }));
    await clock.advance(1);
    expect(two.state('a').inFlightElsewhere).toBe(7);
    await clock.advance(20_001);
    expect(two.state('a').inFlightElsewhere).toBe(0);
    expect(clock.pending).toBeLessThan(3);
  });

  it('of a client that closes are gone at once', async () => {
    const { client, clock } = world();
    const [one, two] = [client(), client()];
    await clock.advance(MOMENT);
    const { release } = await one.client.balancer.take({ model: 'gpt-5' });
    await clock.advance(150);
    expect(two.state('a').inFlightElsewhere).toBe(1);
    release();
    await one.client.close();
    await clock.advance(1);
    expect(two.state('a').inFlightElsewhere).toBe(0);
  });
});

describe('what is told', () => {
  it('names endpoints and models, and neither a key nor a prompt', async () => {
    const { client, clock, does, store } = world();
    const told: string[] = [];
    await store.subscribe('lbo:1:facts', (text) => told.push(text));
    const one = client();
    await clock.advance(MOMENT);
    does.a = limited();
    await one.call();
    await clock.advance(1_000);
    expect(told.join('')).toContain('"endpoint":"a"');
    for (const secret of ['key-a', 'prompt']) expect(told.join('')).not.toContain(secret);
  });

  it('by somebody else who knows the channel changes nothing, and breaks nothing', async () => {
    const { client, clock, store } = world();
    const one = client();
    await clock.advance(MOMENT);
    const before = JSON.stringify(one.client.balancer.snapshot());
    const place = { endpoint: 'a', address: 'https://a.test/v1' };
    for (const text of [
      'hello',
      '{}',
      '[]',
      'null',
      JSON.stringify({ v: 1, from: 'x', facts: [null, 7, {}, [], { is: '__proto__' }] }),
      JSON.stringify({ v: 1, from: 'x', facts: [{ ...place, is: 'cooldown', scope: 'all', key: '', ms: 1e9 }] }),
      JSON.stringify({ v: 1, from: 'x', facts: [{ ...place, is: 'ejected', ms: -5, failingFor: 0, sure: true }] }),
      JSON.stringify({ v: 1, from: 'x', facts: [{ ...place, endpoint: 'nobody', is: 'load', running: 3 }] }),
      `${' '.repeat(200_000)}{}`,
    ]) {
      await store.publish('lbo:1:facts', text);
      await clock.advance(1);
    }
    expect(JSON.stringify(one.client.balancer.snapshot())).toBe(before);
    expect(one.events.of('store-degraded')).toEqual([]);
    expect(await one.call()).toBe('a');
  });

  it('in another version is ignored, and said once', async () => {
    const { client, clock, store } = world();
    const one = client();
    await clock.advance(MOMENT);
    for (let i = 0; i < 3; i++) await store.publish('lbo:1:facts', JSON.stringify({ v: 2, news: [] }));
    await clock.advance(1);
    expect(one.events.of('store-degraded')).toMatchObject([
      { reason: expect.stringMatching(/in version '2', this one in version 1/) },
    ]);
  });
});

describe('one name for two endpoints', () => {
  it('is named to both, and nothing is shared about it, while the others are shared', async () => {
    const { client, clock, does, store } = world();
    const lines: string[] = [];
    const logger = { warn: (line: string) => lines.push(line), info() {}, debug() {}, error() {} };
    const one = client({ names: ['a', 'b', 'c'] });
    await clock.advance(MOMENT);
    const two = new LoadBalancedOpenAI(
      [
        { name: 'a', apiKey: 'k', baseURL: 'https://elsewhere.test/v1' },
        { name: 'b', apiKey: 'key-b', baseURL: 'https://b.test/v1' },
      ],
      { store, clock, strategy: 'priority', logLevel: 'warn', logger },
    );
    open.push(two);
    const events = recordEvents(two);
    await clock.advance(MOMENT);
    const reason = expect.stringMatching(
      /^the endpoint 'a' is 'https:\/\/elsewhere\.test\/v1' here and 'https:\/\/a\.test\/v1' in another process on this store.*different names/,
    );
    expect(events.of('store-degraded')).toMatchObject([{ reason }]);
    expect(lines.join()).toContain("the endpoint 'a' is");
    does.a = limited();
    does.b = limited();
    await one.call();
    await clock.advance(MOMENT);
    const cooldowns = () => two.balancer.snapshot().endpoints.map((each) => each.cooldowns.length);
    expect(cooldowns()).toEqual([0, 1]);
    expect(events.of('store-degraded')).toHaveLength(1);
  });
});

describe('a store that fails', () => {
  it('leaves each with what it knows, and they share again once it works', async () => {
    let fails = false;
    const failing = (inner: SharedStore): SharedStore => {
      const members = Object.entries(inner).map(([name, does]) => [
        name,
        (...given: unknown[]) => {
          if (fails) throw new Error('gone');
          return (does as (...given: unknown[]) => unknown)(...given);
        },
      ]);
      return Object.fromEntries(members) as SharedStore;
    };
    const { client, clock, does, asked, store } = world();
    const [one, two] = [client({ store: failing(store) }), client({ store: failing(store) })];
    await clock.advance(MOMENT);
    fails = true;
    does.a = limited({ 'retry-after': '60' });
    expect(await one.call()).toBe('b');
    await clock.advance(MOMENT);
    expect(await two.call()).toBe('b');
    expect(asked).toEqual(['a', 'b', 'a', 'b']);
    does.b = limited({ 'retry-after': '60' });
    expect(await one.call()).toBe('c');
    await clock.advance(1_000);
    expect(two.state('b').cooldowns).toEqual([]);
    expect(one.events.of('store-degraded')).toHaveLength(1);
    fails = false;
    await clock.advance(12_000);
    expect(one.events.of('store-recovered')).toHaveLength(1);
    expect(two.events.of('store-recovered')).toHaveLength(1);
    // What was found out meanwhile was kept, and is read now.
    await clock.advance(6_000);
    does.c = limited({ 'retry-after': '60' });
    await expect(one.call()).rejects.toThrow();
    await clock.advance(MOMENT);
    expect(two.state('c').cooldowns).toHaveLength(1);
  });
});
