// Facts of one process on their way to others: bundled, bounded, and at the store's own pace.
import { beforeEach, expect, it } from 'vitest';
import { verdict } from '../../src/dispatch/verdicts.ts';
import type { Endpoint } from '../../src/endpoint/endpoint.ts';
import { Evidence } from '../../src/endpoint/evidence.ts';
import type { Member } from '../../src/pool/places.ts';
import { Sync } from '../../src/pool/sync.ts';
import type { Fact } from '../../src/pool/sync-message.ts';
import { GuardedStore } from '../../src/state/guarded-store.ts';
import { memoryStore } from '../../src/state/memory-store.ts';
import type { SharedStore } from '../../src/state/shared-store.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { anEndpoint } from '../support/parts.ts';

let clock: ManualClock;
let store: SharedStore;
let told: string[];
let set: string[];
beforeEach(() => {
  clock = manualClock();
  const inner = memoryStore(clock);
  [told, set] = [[], []];
  store = {
    ...inner,
    publish(channel, message) {
      told.push(message);
      return inner.publish(channel, message);
    },
    set(key, value, ttl) {
      set.push(key);
      return inner.set(key, value, ttl);
    },
  };
});

const memberOf = (endpoints: readonly Endpoint[], heard: Fact[] = []): Member => ({
  endpoints,
  changes: 0,
  heard: (fact) => void heard.push(fact),
  complain: () => undefined,
});

/** As one more process. */
function started(names: readonly string[]) {
  const heard: Fact[] = [];
  const endpoints: Endpoint[] = names.map((name) => anEndpoint(clock, { name }));
  const member = memberOf(endpoints, heard);
  const sync = new Sync(new GuardedStore(store, clock), clock);
  return { heard, endpoints, member, sync, leave: sync.join(member) };
}
const order = { scope: 'endpoint', ms: 60_000, reason: '429', pause: true } as const;

it('a thousand cooldowns at once are a few messages, and are kept at a bounded pace', async () => {
  const names = Array.from({ length: 1_000 }, (_, i) => `e${i}`);
  const [one, two] = [started(names), started(names)];
  await clock.advance(10_000);
  [told.length, set.length] = [0, 0];
  for (const { state } of one.endpoints) state.cooldowns.start(order, '');
  await clock.advance(40);
  expect(told.length).toBe(5);
  expect(set.length).toBeLessThanOrEqual(50);
  expect(two.heard).toHaveLength(1_000);
  expect(two.endpoints.every(({ state }) => state.exclusion('m', 'chat')?.rateLimited)).toBe(true);
  await clock.advance(5_000);
  expect(set.length).toBe(1_000);
});

it('a burst at one endpoint tells the last of it, within 10 ms of each other', async () => {
  const [one, two] = [started(['a']), started(['a'])];
  await clock.advance(1_000);
  told.length = 0;
  for (let ms = 1_000; ms <= 60_000; ms += 1_000) one.endpoints[0]!.state.cooldowns.start({ ...order, ms }, '');
  await clock.advance(1);
  expect(told).toHaveLength(1);
  expect(two.heard).toMatchObject([{ is: 'cooldown', ms: 60_000 }]);
  for (let i = 0; i < 100; i++) {
    one.endpoints[0]!.state.cooldowns.start({ ...order, ms: 100_000 + i }, '');
    await clock.advance(1);
  }
  expect(told.length).toBeLessThanOrEqual(12);
});

it('what is learnt from others is not told again', async () => {
  const [one, two, three] = [started(['a']), started(['a']), started(['a'])];
  await clock.advance(1_000);
  told.length = 0;
  one.endpoints[0]!.state.cooldowns.start(order, '');
  await clock.advance(1_000);
  expect([told.length, one.heard.length, two.heard.length, three.heard.length]).toEqual([1, 0, 1, 1]);
});

it('load is told ten times a second at most, however many calls there are', async () => {
  const [one, two] = [started(['a']), started(['a'])];
  await clock.advance(1_000);
  told.length = 0;
  const { state } = one.endpoints[0]!;
  for (let i = 0; i < 1_000; i++) {
    state.begin('m', 60_000, false);
    await clock.advance(1);
  }
  expect(told.length).toBeGreaterThanOrEqual(8);
  expect(told.length).toBeLessThanOrEqual(11);
  await clock.advance(100);
  expect(two.endpoints[0]!.inFlight).toBe(1_000);
  expect(two.endpoints[0]!.inFlightElsewhere).toBe(1_000);
  // One's own word is no news.
  expect(one.endpoints[0]!.inFlightElsewhere).toBe(0);
});

it('who leaves tells nothing more, hears nothing more, and leaves no timer', async () => {
  const [one, two] = [started(['a']), started(['a'])];
  await clock.advance(1_000);
  one.endpoints[0]!.state.begin('m', 60_000, false);
  await clock.advance(200);
  two.leave();
  expect(two.endpoints[0]!.inFlightElsewhere).toBe(0);
  one.endpoints[0]!.state.cooldowns.start(order, '');
  await clock.advance(100);
  expect(two.heard).toEqual([]);
  one.leave();
  told.length = 0;
  one.endpoints[0]!.state.cooldowns.start({ ...order, ms: 90_000 }, '');
  await clock.advance(60_000);
  expect([told, clock.pending]).toEqual([[], 0]);
});

it('a thousand clients of one process with the same endpoints are looked through once each, and all hear', async () => {
  const [one, two] = [started(['a', 'b']), started(['a', 'b'])];
  let looked = 0;
  const heard: Fact[] = [];
  const clients = Array.from({ length: 1_000 }, () => {
    const member = memberOf(one.endpoints, heard);
    const get = () => {
      looked += 1;
      return one.endpoints;
    };
    return Object.defineProperty(member, 'endpoints', { get });
  });
  const leaves = clients.map((client) => one.sync.join(client));
  await clock.advance(1_000);
  expect(looked).toBe(1_000);
  two.endpoints[0]!.state.cooldowns.start(order, '');
  await clock.advance(1_000);
  expect([heard.length, one.heard.length]).toEqual([1_000, 1]);
  for (const leave of leaves) leave();
  two.endpoints[1]!.state.cooldowns.start(order, '');
  await clock.advance(1_000);
  expect([heard.length, one.heard.length]).toEqual([1_000, 2]);
});

it('a pause is of one account, an ejection and load of all that have the same name and address', async () => {
  const one = started(['a']);
  const others = ['key-a', 'key-b'].map((credential) => anEndpoint(clock, { name: 'a', credential }));
  const heard: Fact[] = [];
  const sync = new Sync(new GuardedStore(store, clock), clock);
  sync.join(memberOf(others, heard));
  await clock.advance(1_000);
  const { state } = one.endpoints[0]!;
  state.cooldowns.start(order, '');
  state.begin('m', 60_000, true);
  await clock.advance(200);
  expect(others.map(({ state: each }) => each.exclusion('m', 'chat')?.rateLimited)).toEqual([true, undefined]);
  expect(others.map(({ inFlightElsewhere }) => inFlightElsewhere)).toEqual([1, 1]);
  one.sync.turned(state, { state: 'ejected', model: undefined, openMs: 9_000 } as never, { failingFor: 1, sure: true });
  await clock.advance(200);
  expect(others.map(({ state: each }) => each.opensAt('m') > clock.now())).toEqual([true, true]);
});

it('what runs on one state is told once, though it counts as two accounts', async () => {
  const other = started(['a']);
  const one = anEndpoint(clock, { name: 'a' });
  const { state } = one;
  const grouped = Object.assign(anEndpoint(clock, { name: 'a', quotaGroup: 'team' }), { state });
  new Sync(new GuardedStore(store, clock), clock).join(memberOf([one, grouped]));
  await clock.advance(1_000);
  for (const running of [1, 2]) {
    state.begin('m', 60_000, true);
    await clock.advance(6_000);
    expect(other.endpoints[0]!.inFlightElsewhere).toBe(running);
  }
});

it('what is told of an endpoint while nobody here has it is found once somebody has', async () => {
  const [one, two] = [started(['a']), started(['a', 'b'])];
  await clock.advance(1_000);
  const leave = one.sync.join(memberOf([anEndpoint(clock, { name: 'b' })]));
  await clock.advance(1_000);
  leave();
  two.endpoints[1]!.state.cooldowns.start(order, '');
  await clock.advance(1_000);
  const [b] = [anEndpoint(clock, { name: 'b' })];
  one.sync.join(memberOf([b]));
  await clock.advance(1_000);
  expect(b.state.exclusion('m', 'chat')?.rateLimited).toBe(true);
});

it('endpoints that come and go leave nothing behind', async () => {
  const one = started(['a']);
  const b = anEndpoint(clock, { name: 'b' });
  const other = memberOf([b]);
  one.sync.join(other);
  await clock.advance(1_000);
  b.state.begin('m', 60_000, false);
  await clock.advance(200);
  for (const client of [one.member, other]) Object.assign(client, { endpoints: [], changes: 1 });
  await clock.advance(400_000);
  expect(clock.pending).toBe(0);
});

it('what is kept of an ejection is not believed against a success since the first failure there', async () => {
  const [one, two] = [started(['a']), started(['a'])];
  const success = { at: Number.NEGATIVE_INFINITY };
  Object.assign(one.endpoints[0]!.state, { evidence: new Evidence(success) });
  await clock.advance(1_000);
  const ends = ({ state }: Endpoint, name: 'ok' | 'server-error') =>
    state.end(state.begin('m', 60_000, true)!, verdict(name), 'chat');
  ends(one.endpoints[0]!, 'server-error');
  await clock.advance(100);
  ends(two.endpoints[0]!, 'ok');
  await clock.advance(3_000);
  // The network of that process works: calls succeed elsewhere.
  success.at = clock.now();
  for (let i = 0; i < 9; i++) ends(one.endpoints[0]!, 'server-error');
  await clock.advance(1_000);
  expect(two.heard).toEqual([]);
  two.leave();
  const leave = two.sync.join(two.member);
  await clock.advance(100);
  expect([one, two].map(({ endpoints }) => endpoints[0]!.state.opensAt('m') > clock.now())).toEqual([true, false]);
  leave();
});
