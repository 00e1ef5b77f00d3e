// The promise: what is configured as an endpoint's limit holds for all processes on one store together, and no call waits for the
// store. Clients that share nothing but the store stand for processes.
import { describe, expect, it } from 'vitest';
import { LoadBalancedOpenAI, memoryStore, type SharedStore } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { chat, servedBy } from '../support/calls.ts';
import { openStage, type Stage } from '../support/stage.ts';

const never = () => new Promise<never>(() => undefined);
/** Another process, but for the memory. */
const another = (stage: Stage<'a' | 'b'>) => new LoadBalancedOpenAI({ ...stage.options, shareState: false });

async function served(clients: readonly LoadBalancedOpenAI[], rounds: number, body = {}): Promise<string> {
  const names: unknown[] = [];
  for (let round = 0; round < rounds; round++)
    for (const client of clients) names.push(servedBy(await chat(client, body)));
  return names.join('');
}

describe('limits of an endpoint on a shared store', () => {
  it('hold for two clients together, model by model', async () => {
    const clock = manualClock();
    const store = memoryStore(clock);
    const a = { script: [], limits: { requestsPerMinute: 4 } };
    await using stage = await openStage({ a, b: [] }, { clock, store, shareState: false });
    const clients = [stage.client, another(stage)];
    expect((await served(clients, 5)).slice(0, 3)).toBe('aaa');
    expect(stage.servers.a.calls).toBe(4);
    expect(await served(clients, 1, { model: 'gpt-5-mini' })).toBe('aa');
    await clock.advance(30_000);
    const more = await served(clients, 4);
    expect(more.replaceAll('b', '')).toBe('aa');
    await clients[1]!.close();
  });

  it('hold for each of two endpoints that are called the same and are not', async () => {
    const clock = manualClock();
    const store = memoryStore(clock);
    const a = { script: [], limits: { requestsPerMinute: 4 } };
    const options = { clock, store, shareState: false } as const;
    await using one = await openStage({ a, b: [] }, options);
    await using other = await openStage({ a, b: [] }, options);
    await served([one.client, other.client], 6);
    expect([one.servers.a.calls, other.servers.a.calls]).toEqual([4, 4]);
  });

  it('hold for endpoints of one quota group, whatever they are called', async () => {
    const clock = manualClock();
    const store = memoryStore(clock);
    const [limits, quotaGroup] = [{ requestsPerMinute: 4 }, 'team'];
    const options = { clock, store, shareState: false } as const;
    await using one = await openStage({ a: { script: [], limits, quotaGroup }, b: [] }, options);
    await using other = await openStage({ c: { script: [], limits, quotaGroup }, b: [] }, options);
    await served([one.client, other.client], 5);
    expect(one.servers.a.calls + other.servers.c.calls).toBe(4);
    expect(other.servers.c.calls).toBeGreaterThan(0);
  });

  it('calls that wait are let go as the limit of all fills, in no process later than in the other', async () => {
    const clock = manualClock();
    const store = memoryStore(clock);
    const a = { script: [], limits: { requestsPerMinute: 60 } };
    const waitingRoom = { maxWait: 120_000 };
    await using stage = await openStage(
      { a, b: [] },
      { clock, store, shareState: false, timeout: 300_000, waitingRoom },
    );
    const clients = [stage.client, another(stage), another(stage)].map((client) => client.balancer.pin('a'));
    const done = [0, 0, 0];
    const calls = clients.flatMap((client, index) =>
      Array.from({ length: 40 }, async () => {
        await chat(client);
        done[index]! += 1;
      }),
    );
    const all = Promise.all(calls);
    all.catch(() => undefined);
    for (let second = 0; second < 30; second++) await clock.advance(1_000);
    const { calls: after30 } = stage.servers.a;
    expect(after30).toBeGreaterThan(85);
    expect(after30).toBeLessThanOrEqual(91);
    for (let second = 0; second < 32; second++) await clock.advance(1_000);
    await all;
    expect(done).toEqual([40, 40, 40]);
    await Promise.all(clients.slice(1).map((client) => client.close()));
  });

  it('what a client drew ahead is there for others once it is closed', async () => {
    const clock = manualClock();
    const store = memoryStore(clock);
    const a = { script: [], limits: { requestsPerMinute: 4 } };
    await using stage = await openStage({ a, b: [] }, { clock, store, shareState: false });
    const first = another(stage);
    expect(await served([first], 1)).toBe('a');
    await first.close();
    await served([stage.client], 6);
    expect(stage.servers.a.calls).toBe(4);
  });

  it('tokens that a reply did not use are there for others', async () => {
    const clock = manualClock();
    const store = memoryStore(clock);
    const a = { script: [], limits: { tokensPerMinute: 1_000 } };
    await using stage = await openStage({ a, b: [] }, { clock, store, shareState: false });
    const clients = [stage.client, another(stage)];
    // Each is taken for several hundred, and uses a few.
    expect(await served(clients, 4, { max_tokens: 900 })).toBe('aaaaaaaa');
    await clients[1]!.close();
  });
});

describe('the store', () => {
  const hanging = (inner: SharedStore, hangs: () => boolean): SharedStore => ({
    ...inner,
    add: (key, n, ttl) => (hangs() ? never() : inner.add(key, n, ttl)),
  });

  it('hangs from the beginning: the clock stands still, and calls are served', async () => {
    const clock = manualClock();
    const a = { script: [], limits: { requestsPerMinute: 60 } };
    const store = hanging(memoryStore(clock), () => true);
    await using stage = await openStage({ a, b: [] }, { clock, store, shareState: false });
    expect(await served([stage.client], 3)).toBe('abb');
    // Once it has failed, the whole limit is this process's.
    await clock.advance(2_000);
    expect(await served([stage.client], 50)).toBe('a'.repeat(50));
    expect(stage.events.of('call-waiting')).toEqual([]);
  });

  it('hangs in the midst of it: each goes by its part, and by all of it again once the store is back', async () => {
    const clock = manualClock();
    let hangs = false;
    const store = hanging(memoryStore(clock), () => hangs);
    const a = { script: [], limits: { requestsPerMinute: 60 } };
    await using stage = await openStage({ a, b: [] }, { clock, store, shareState: false });
    const clients = [stage.client, another(stage)];
    expect(await served(clients, 3)).toBe('aaaaaa');
    hangs = true;
    await clock.advance(60_000);
    const calls = stage.servers.a.calls;
    await served([stage.client], 60);
    // Half of the limit, and what was drawn before.
    expect(stage.servers.a.calls - calls).toBeGreaterThanOrEqual(28);
    expect(stage.servers.a.calls - calls).toBeLessThanOrEqual(34);
    hangs = false;
    await clock.advance(90_000);
    expect((await served([stage.client], 80)).replaceAll('b', '').length).toBeGreaterThan(48);
    await clients[1]!.close();
  });
});
