// Where the turns of a conversation go: back to where the last one was served, for a while, and as long as that is fair.
import { describe, expect, it } from 'vitest';
import { Conversations } from '../../src/affinity/conversations.ts';
import type { Call } from '../../src/call/call.ts';
import { hashOf } from '../../src/call/hash.ts';
import type { Endpoint } from '../../src/endpoint/endpoint.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { aCall, anEndpoint } from '../support/parts.ts';

const turn = (name = 'a talk', changes: Partial<Call> = {}) =>
  aCall({ prompt: { prefix: undefined, stem: undefined, conversation: hashOf(name) }, ...changes });
const busy = (endpoint: Endpoint, calls: number) => {
  endpoint.state.inFlight = calls;
};

function scene(names: readonly string[] = ['a', 'b', 'c'], clock: ManualClock = manualClock()) {
  const endpoints = names.map((name) => anEndpoint(clock, { name }));
  // What is learned of a model is kept from its first attempt on.
  for (const { state } of endpoints) state.release(state.begin('gpt-5', 0, false)!);
  let eligible: readonly Endpoint[] = endpoints;
  const conversations = new Conversations(clock);
  const strategy = { keepsCaches: false };
  const recovering = new Set<Endpoint>();
  const pool = { strategy, tier: () => eligible, isWhole: (endpoint: Endpoint) => !recovering.has(endpoint) };
  return {
    clock,
    endpoints,
    conversations,
    strategy,
    recovering,
    only: (...some: Endpoint[]) => {
      eligible = some;
    },
    place: (call = turn()) => conversations.placeOf(call, pool)?.name,
  };
}

describe('a turn goes', () => {
  it('anywhere at first, then back, time and again, for ten minutes after the last one', async () => {
    const { conversations, endpoints, clock, place } = scene();
    expect(place()).toBeUndefined();
    conversations.served(turn(), endpoints[1]!);
    for (let time = 0; time < 3; time++) {
      await clock.advance(599_999);
      expect(place()).toBe('b');
      conversations.served(turn(), endpoints[1]!);
    }
    expect(place(turn('another'))).toBeUndefined();
    await clock.advance(600_000);
    expect(place()).toBeUndefined();
  });

  it('to where the last one was served, wherever the others were', () => {
    const { conversations, endpoints, place } = scene();
    for (const endpoint of [...endpoints].reverse()) conversations.served(turn(), endpoint);
    expect(place()).toBe('a');
  });

  it('anywhere without a conversation', () => {
    const { conversations, endpoints, place } = scene();
    conversations.served(aCall(), endpoints[1]!);
    expect(place(aCall())).toBeUndefined();
  });

  it('anywhere under a strategy that keeps caches itself', () => {
    const { conversations, endpoints, strategy, place } = scene();
    conversations.served(turn(), endpoints[1]!);
    strategy.keepsCaches = true;
    expect(place()).toBeUndefined();
  });
});

describe("while the last turn's endpoint", () => {
  it('carries more than its fair share, a turn goes to the second home, the same one each time', () => {
    const { conversations, endpoints, place } = scene();
    const [home] = endpoints as [Endpoint];
    conversations.served(turn(), home);
    busy(home, 12);
    const second = place();
    expect(['b', 'c']).toContain(second);
    expect(place()).toBe(second);
    const other = scene();
    other.conversations.served(turn(), other.endpoints[0]!);
    busy(other.endpoints[0]!, 12);
    expect(other.place()).toBe(second);
    busy(home, 0);
    expect(place()).toBe('a');
  });

  it('is out, a turn goes to the second home, and back if it was not served there', () => {
    const { conversations, endpoints, place, only } = scene();
    const [a, b, c] = endpoints as [Endpoint, Endpoint, Endpoint];
    conversations.served(turn(), a);
    only(b, c);
    const second = place();
    expect(['b', 'c']).toContain(second);
    only(a, b, c);
    expect(place()).toBe('a');
  });

  it('and all others carry as much, a turn stays', () => {
    const { conversations, endpoints, place } = scene(['a', 'b']);
    conversations.served(turn(), endpoints[0]!);
    for (const endpoint of endpoints) busy(endpoint, 40);
    expect(place()).toBe('a');
  });

  it('is not among those the strategy would take, a turn goes among them', () => {
    const { conversations, endpoints, place, only } = scene(['first', 'spare']);
    conversations.served(turn(), endpoints[1]!);
    only(endpoints[0]!);
    expect(place()).toBe('first');
  });

  it('recovers, a turn goes to another one', () => {
    const { conversations, endpoints, recovering, place } = scene();
    conversations.served(turn(), endpoints[0]!);
    recovering.add(endpoints[0]!);
    expect(['b', 'c']).toContain(place());
  });
});

describe('what replies say of caches', () => {
  const MISS = { prompt: 5_000, cached: 0 };
  const HIT = { prompt: 5_000, cached: 4_096 };
  type World = ReturnType<typeof scene>;
  /** Turns of one conversation on one endpoint, with what their replies say. */
  const repeat = ({ conversations }: World, endpoint: Endpoint, times: number, tokens: typeof MISS | undefined) => {
    for (let time = 0; time < times; time++) {
      conversations.served(turn(), endpoint);
      conversations.told(turn(), endpoint, tokens);
    }
  };
  const asked = { model: 'gpt-5', operation: 'chat', now: 0 };

  it('a conversation leaves an endpoint that caches nothing for one that does', () => {
    const world = scene();
    const [a, b] = world.endpoints as [Endpoint, Endpoint];
    repeat(world, b, 2, HIT);
    repeat(world, a, 8, MISS);
    expect(world.place()).toBe('a');
    repeat(world, a, 1, MISS);
    expect([a.cachesPrompts(asked), b.cachesPrompts(asked)]).toEqual([false, true]);
    expect(world.place()).toBe('b');
    repeat(world, a, 1, HIT);
    expect(world.place()).toBe('a');
  });

  it('it stays where nobody is known to cache anything', () => {
    const world = scene();
    repeat(world, world.endpoints[0]!, 30, MISS);
    expect(world.place()).toBe('a');
  });

  it.each<[string, typeof MISS | undefined]>([
    ['nothing', undefined],
    ['of short prompts', { prompt: 1_000, cached: 0 }],
  ])('silence and short prompts tell nothing: %s', (_, tokens) => {
    const world = scene();
    repeat(world, world.endpoints[0]!, 20, tokens);
    expect(world.endpoints[0]!.cachesPrompts(asked)).toBeUndefined();
  });

  it('a prompt that came from elsewhere, or was there long ago, need not be cached', async () => {
    const world = scene();
    for (let time = 0; time < 40; time++) repeat(world, world.endpoints[time % 2]!, 1, MISS);
    for (let time = 0; time < 20; time++) {
      await world.clock.advance(60_000);
      repeat(world, world.endpoints[0]!, 1, MISS);
    }
    expect(world.endpoints[0]!.cachesPrompts({ ...asked, now: world.clock.now() })).toBeUndefined();
  });
});

it('remembers a bounded number, the latest', () => {
  const { conversations, endpoints, place } = scene();
  for (let talk = 0; talk < 50_010; talk++) conversations.served(turn(`talk ${talk}`), endpoints[0]!);
  expect([place(turn('talk 0')), place(turn('talk 10')), place(turn('talk 50009'))]).toEqual([undefined, 'a', 'a']);
});
