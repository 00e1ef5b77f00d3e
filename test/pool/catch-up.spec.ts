// What processes on one store do not hear, since it was away or since they were not there yet: they find out soon, and once.
import { beforeEach, describe, expect, it } from 'vitest';
import { Sync } from '../../src/pool/sync.ts';
import type { Fact } from '../../src/pool/sync-message.ts';
import { GuardedStore } from '../../src/state/guarded-store.ts';
import { memoryStore } from '../../src/state/memory-store.ts';
import type { SharedStore } from '../../src/state/shared-store.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { anEndpoint } from '../support/parts.ts';

let clock: ManualClock;
let shared: SharedStore;
/** What went through to the store, and when. */
let did: { readonly what: keyof SharedStore; readonly at: number; readonly key: string; readonly text: string }[];
beforeEach(() => {
  clock = manualClock();
  shared = memoryStore(clock);
  did = [];
});
const count = (what: keyof SharedStore) => did.filter((each) => each.what === what).length;

const order = { scope: 'endpoint', ms: 60_000, reason: '429', pause: true } as const;
const GROUNDS = { failingFor: 0, sure: true };

/** One more process with a line of its own to the store, which may be cut. */
function started(names: readonly string[], at = 'https://old.test/v1') {
  let cut: readonly (keyof SharedStore)[] = [];
  const line = Object.fromEntries(
    Object.entries(shared).map(([name, does]) => [
      name,
      (...given: unknown[]) => {
        const what = name as keyof SharedStore;
        if (cut.includes(what)) throw new Error('gone');
        did.push({ what, at: clock.now(), key: String(given[0]), text: String(given[1]) });
        const [, hear] = given as [unknown, (message: string) => void];
        if (what === 'subscribe') given[1] = (message: string) => cut.includes(what) || hear(message);
        const run = () => (does as (...given: unknown[]) => unknown)(...given);
        // Whoever reads much is not done before others have written.
        return what === 'get' ? new Promise((resolve) => clock.after(2, () => resolve(run()))) : run();
      },
    ]),
  ) as unknown as SharedStore;
  const [heard, complaints]: [Fact[], string[]] = [[], []];
  const endpoints = names.map((name) => anEndpoint(clock, { name, baseURL: at }));
  const member = {
    ...{ endpoints, changes: 0 },
    heard: (fact: Fact) => void heard.push(fact),
    complain: (reason: string) => void complaints.push(reason),
  };
  const sync = new Sync(new GuardedStore(line, clock), clock);
  let leave = sync.join(member);
  return {
    ...{ heard, complaints, sync, endpoints },
    leave: () => leave(),
    join: () => {
      leave = sync.join(member);
    },
    cut: (...which: readonly (keyof SharedStore)[]) => {
      cut = which;
    },
    cools: (name: string, ms: number = order.ms) =>
      endpoints.find((each) => each.name === name)!.state.cooldowns.start({ ...order, ms }, ''),
    /** How long it knows each to cool down. */
    knows: () =>
      endpoints.map(({ state }) => Math.max(0, (state.exclusion('m', 'chat')?.until ?? 0) - Math.round(clock.now()))),
  };
}
const ALL: readonly (keyof SharedStore)[] = ['get', 'set', 'add', 'publish', 'subscribe'];

describe('after the store was away', () => {
  it('all know what each learnt meanwhile, with what is left of it, and who starts later too', async () => {
    const all = [started(['a', 'b', 'c']), started(['a', 'b', 'c'])] as const;
    await clock.advance(1_000);
    for (const each of all) each.cut(...ALL);
    all[0].cools('a');
    all[1].cools('b');
    all[1].cools('c', 8_000);
    await clock.advance(10_000);
    expect(all.map(({ knows }) => knows().map((ms) => ms > 0))).toEqual([
      [true, false, false],
      [false, true, false],
    ]);
    for (const each of all) each.cut();
    await clock.advance(5_000);
    for (const { knows } of all) expect(knows()).toEqual([expect.closeTo(45_000, -2), expect.closeTo(45_000, -2), 0]);
    const later = started(['a', 'b', 'c']);
    await clock.advance(100);
    expect(later.knows()).toEqual([expect.closeTo(45_000, -3), expect.closeTo(45_000, -3), 0]);
    // Once.
    const told = count('publish');
    await clock.advance(30_000);
    expect(count('publish')).toBe(told);
  });

  it.each([
    [40_000, 1],
    [90_000, 0],
  ])('that something works again is told after %d ms so often: %d', async (ms, times) => {
    const one = started(['a']);
    await clock.advance(1_000);
    one.cut('publish');
    one.sync.turned(one.endpoints[0]!.state, { state: 'restored', model: undefined, openMs: 0 }, GROUNDS);
    await clock.advance(ms);
    one.cut();
    await clock.advance(20_000);
    expect(did.filter(({ what, text }) => what === 'publish' && text.includes('restored'))).toHaveLength(times);
  });

  it('what waits is bounded, however many clients came and went', async () => {
    const one = started(['a']);
    await clock.advance(1_000);
    one.cut(...ALL);
    one.cools('a');
    for (let i = 0; i < 3_000; i++) {
      const endpoints = [anEndpoint(clock, { name: 'b', credential: `key-${i}` })];
      const leave = one.sync.join({ endpoints, changes: 0, heard: () => undefined, complain: () => undefined });
      endpoints[0]!.state.cooldowns.start(order, '');
      leave();
      if (i % 1_000 === 999) await clock.advance(1_000);
    }
    one.cut();
    await clock.advance(20_000);
    expect(new Set(did.flatMap(({ what, key }) => (what === 'set' ? key : []))).size).toBeLessThanOrEqual(2_010);
    const later = started(['a']);
    await clock.advance(100);
    expect(later.knows()[0]).toBeGreaterThan(0);
  });

  it('what waits is all written where the endpoints are there, however many they are', async () => {
    const names = Array.from({ length: 2_200 }, (_, i) => `e${i}`);
    const one = started(names);
    for (const name of names) one.cools(name);
    await clock.advance(20_000);
    expect(
      new Set(did.flatMap(({ what, key, text }) => (what === 'set' && text.includes('429') ? key : []))).size,
    ).toBe(2_200);
  });

  const LENGTHS = [8_000, 8_300, 8_350, 8_400, 8_450, 8_500, 9_000];
  it.each(LENGTHS)(
    'of one alone for %d ms, that one knows what the others learnt meanwhile, and they lose none of it',
    async (ms) => {
      const names = Array.from({ length: 40 }, (_, i) => `e${i}`);
      const [one, two] = [started(names), started(names)];
      await clock.advance(2_000);
      // What it fails to tell and what it fails to write do not fail at the same moment.
      one.endpoints[0]!.state.cooldowns.start({ ...order, scope: 'model' }, 'x');
      await clock.advance(50);
      one.cut(...ALL);
      for (const [process, model] of [
        [one, 'm'],
        [two, 'n'],
      ] as const)
        for (const { state } of process.endpoints) state.cooldowns.start({ ...order, scope: 'model' }, model);
      await clock.advance(ms);
      one.cut();
      await clock.advance(5_000);
      const later = started(names);
      await clock.advance(500);
      for (const { endpoints } of [one, two, later])
        for (const { state } of endpoints)
          for (const model of ['m', 'n']) expect(state.exclusion(model, 'chat')?.rateLimited).toBe(true);
    },
  );

  it('fifty processes do not all speak at once, and each in one message', async () => {
    const all = Array.from({ length: 50 }, () => started(['a', 'b']));
    await clock.advance(1_000);
    for (const each of all) each.cut(...ALL);
    for (const each of all) each.cools('a');
    for (const each of all) each.cools('b');
    await clock.advance(9_000);
    for (const each of all) each.cut();
    did.length = 0;
    await clock.advance(5_000);
    const told = did.filter(({ what, text }) => what === 'publish' && text !== '').map(({ at }) => at);
    expect(told).toHaveLength(50);
    for (const from of told) expect(told.filter((at) => at >= from && at < from + 100).length).toBeLessThan(15);
  });
});

describe('a name that was somewhere else before', () => {
  const NEW = 'https://new.test/v1';

  it('is shared within seconds once nobody is there any more who means the other', async () => {
    const old = started(['a']);
    await clock.advance(1_000);
    old.leave();
    const one = started(['a'], NEW);
    await clock.advance(100);
    expect(one.sync.disputed('a')).toBe(true);
    await clock.advance(12_000);
    expect([one.sync.disputed('a'), one.complaints]).toEqual([false, []]);
    const two = started(['a'], NEW);
    await clock.advance(100);
    one.cools('a');
    await clock.advance(100);
    expect([two.sync.disputed('a'), two.knows()[0]! > 0, two.complaints]).toEqual([false, true, []]);
  });

  it('is named to both while both are there, and the newer has it soon after the older is gone', async () => {
    const old = [started(['a']), started(['a'])];
    await clock.advance(1_000);
    const one = started(['a'], NEW);
    // There and back.
    for (let i = 0; i < 5; i++) await clock.advance(20);
    for (const { complaints, sync } of [...old, one]) {
      expect(complaints).toEqual([expect.stringMatching(/^the endpoint 'a' is .* in another process on this store/)]);
      expect(sync.disputed('a')).toBe(true);
    }
    // Asked again right after it was answered.
    await clock.advance(1_000);
    const two = started(['a'], NEW);
    await clock.advance(15_000);
    expect(two.sync.disputed('a')).toBe(true);
    await clock.advance(600_000);
    for (const { sync, complaints } of [...old, one, two]) {
      expect([sync.disputed('a'), complaints.length]).toEqual([true, 1]);
    }
    did.length = 0;
    await clock.advance(60_000);
    expect(count('publish')).toBeLessThanOrEqual(4 * 3);
    old[0]!.leave();
    await clock.advance(120_000);
    expect(one.sync.disputed('a')).toBe(true);
    old[1]!.leave();
    await clock.advance(90_000);
    for (const { sync } of [one, two]) expect(sync.disputed('a')).toBe(false);
    one.cools('a');
    await clock.advance(100);
    expect(two.knows()[0]).toBeGreaterThan(0);
  });

  it('is named where nobody can be heard', async () => {
    const old = started(['a']);
    await clock.advance(1_000);
    const one = started(['a'], NEW);
    one.cut('publish');
    await clock.advance(30_000);
    expect([one.sync.disputed('a'), one.complaints.length]).toEqual([true, 1]);
    one.cut();
    old.leave();
    await clock.advance(30_000);
    expect(one.sync.disputed('a')).toBe(false);
  });
});

describe('a client for each call', () => {
  it('reads what is kept once in a few seconds, and knows what was told between two of them', async () => {
    const [one, other] = [started(['a', 'b']), started(['a', 'b'])];
    await clock.advance(10_000);
    did.length = 0;
    for (let call = 0; call < 200; call++) {
      one.leave();
      if (call === 100) other.cools('a');
      await clock.advance(1);
      one.join();
      await clock.advance(99);
      // Of one call or another it is known within the time.
      if (call === 155) expect(one.knows()[0]).toBeGreaterThan(0);
    }
    // Two endpoints, each with a record of its own and one of the account there, in 20 s.
    expect(count('get')).toBeGreaterThanOrEqual(4 * 3);
    expect(count('get')).toBeLessThanOrEqual(4 * 5);
    await clock.advance(6_000);
    for (let i = 0; i < 2; i++) {
      one.leave();
      await clock.advance(6_000 * (1 - i));
      one.join();
      await clock.advance(10);
    }
    one.leave();
    other.cools('b');
    await clock.advance(1);
    one.join();
    await clock.advance(5_100);
    expect(one.knows()[1]).toBeGreaterThan(0);
  });
});
