// The promise: one name on one store may stand for several accounts, as where each tenant brings a key. What a quota leads to,
// pauses and limits, is shared by those with the same key; the store learns no key.
import { beforeEach, describe, expect, it } from 'vitest';
import { type EndpointOptions, LoadBalancedOpenAI, memoryStore, type SharedStore } from '../../src/index.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { chat } from '../support/calls.ts';

const baseURL = 'https://api.example/v1';
const answer = {
  object: 'chat.completion',
  choices: [{ index: 0, finish_reason: 'stop', message: { content: 'Hi.' } }],
};

let clock: ManualClock;
let store: SharedStore;
/** Everything that ever went into the store. */
let written: string[];
/** The keys that are asked to pause. */
let paused: Set<string>;
/** The keys that calls came with. */
let asked: string[];
beforeEach(() => {
  clock = manualClock();
  [written, asked, paused] = [[], [], new Set()];
  const inner = memoryStore(clock);
  store = {
    ...inner,
    set(key, value, ttl) {
      written.push(key, value);
      return inner.set(key, value, ttl);
    },
    add(key, n, ttl) {
      written.push(key);
      return inner.add(key, n, ttl);
    },
    publish(channel, message) {
      written.push(message);
      return inner.publish(channel, message);
    },
  };
});

/** One more process, and a moment for it to hear what is kept. */
async function started(endpoint: Partial<EndpointOptions>): Promise<LoadBalancedOpenAI> {
  const fetch = async (_: unknown, init?: RequestInit) => {
    const key = new Headers(init?.headers).get('authorization')!.replace('Bearer ', '');
    asked.push(key);
    if (!paused.has(key)) return Response.json(answer);
    return new Response('{}', { status: 429, headers: { 'retry-after': '30' } });
  };
  const only = { name: 'openai', baseURL, fetch, ...endpoint } as EndpointOptions;
  const client = new LoadBalancedOpenAI([only], { store, clock, waitingRoom: false, logLevel: 'off' });
  await clock.advance(1_000);
  return client;
}

/** How many of so many calls were sent; the others were refused here. */
async function sent(client: LoadBalancedOpenAI, calls = 1): Promise<number> {
  const before = asked.length;
  for (let call = 0; call < calls; call++) {
    await chat(client, {}, { maxRetries: 0 }).catch(() => undefined);
    await clock.advance(20);
  }
  return asked.length - before;
}

describe('clients with different keys under one name', () => {
  it('pause each for itself, and those with the same key together, also who starts later', async () => {
    paused.add('key-of-one');
    const [one, same, other] = [
      await started({ apiKey: 'key-of-one' }),
      await started({ apiKey: 'key-of-one' }),
      await started({ apiKey: 'key-of-other' }),
    ];
    expect(await sent(one)).toBe(1);
    expect([await sent(same), await sent(other)]).toEqual([0, 1]);
    const [sameLater, otherLater] = [
      await started({ apiKey: 'key-of-one' }),
      await started({ apiKey: 'key-of-other' }),
    ];
    expect([await sent(sameLater), await sent(otherLater)]).toEqual([0, 1]);
    await clock.advance(30_000);
    expect(await sent(same)).toBe(1);
  });

  it('have the whole limit each', async () => {
    const limits = { requestsPerMinute: 4 };
    const [one, same, other] = [
      await started({ apiKey: 'key-of-one', limits }),
      await started({ apiKey: 'key-of-one', limits }),
      await started({ apiKey: 'key-of-other', limits }),
    ];
    expect([(await sent(one, 3)) + (await sent(same, 3)), await sent(other, 6)]).toEqual([4, 4]);
  });

  it('share both where a quota group says so, as while keys are rotated', async () => {
    const [limits, quotaGroup] = [{ requestsPerMinute: 4 }, 'team'];
    const [one, other] = [
      await started({ apiKey: 'old-key', limits, quotaGroup }),
      await started({ apiKey: 'new-key', limits, quotaGroup }),
    ];
    expect((await sent(one, 3)) + (await sent(other, 3))).toBe(4);
    await clock.advance(2 * 60_000);
    paused.add('old-key');
    expect([await sent(one), await sent(other)]).toEqual([1, 0]);
  });

  it('are one where keys come from functions', async () => {
    paused.add('key-of-one');
    const [one, other] = [
      await started({ apiKey: async () => 'key-of-one' }),
      await started({ apiKey: async () => 'key-of-other' }),
    ];
    expect([await sent(one), await sent(other)]).toEqual([1, 0]);
  });
});

it('the store learns eight letters, which are others at another address', async () => {
  paused.add('key-of-one');
  const limits = { requestsPerMinute: 4 };
  const accounts = async (at: string) => {
    written.length = 0;
    await sent(await started({ name: at, baseURL: `https://${at}.example/v1`, apiKey: 'key-of-one', limits }));
    await clock.advance(1_000);
    return new Set([...written.join('\n').matchAll(/"account":"([^"]*)"/g)].map(([, account]) => account));
  };
  const [[here], [there]] = [[...(await accounts('here'))], [...(await accounts('there'))]];
  expect(written.join('\n')).not.toContain('key-of-one');
  for (const account of [here, there]) expect(account).toMatch(/^[0-9a-f]{8}$/);
  expect(here).not.toBe(there);
});
