// Who may take a call now, and who does: kept as long as nothing changes, never wrong when something did.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Verdict } from '../../src/call/outcome.ts';
import type { SlowStartSettings } from '../../src/config/settings.ts';
import { verdict } from '../../src/dispatch/verdicts.ts';
import { Endpoint } from '../../src/endpoint/endpoint.ts';
import { newRegistry, type Registry, stateOf } from '../../src/endpoint/registry.ts';
import { Pool } from '../../src/pool/pool.ts';
import { leastBusy } from '../../src/strategy/least-busy.ts';
import { priority } from '../../src/strategy/priority.ts';
import { roundRobin } from '../../src/strategy/round-robin.ts';
import type { Candidate, Strategy } from '../../src/strategy/strategy.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { aCall, breakerSettings, endpointSettings } from '../support/parts.ts';
import { fc, runs } from '../support/property.ts';

let clock: ManualClock;
let registry: Registry;
const failed = vi.fn();
beforeEach(() => {
  clock = manualClock();
  registry = newRegistry();
  failed.mockClear();
});

const endpointOf = (name: string, changes: Parameters<typeof endpointSettings>[0] = {}) => {
  const settings = endpointSettings({ name, ...changes });
  return new Endpoint(settings, settings.priority ?? 0, stateOf(registry, name, breakerSettings(), clock));
};
const first: Strategy = { pick: (candidates) => candidates[0]! };
const poolOf = (endpoints: Endpoint[], strategy: Strategy = first) =>
  new Pool(endpoints, { strategy, registry, clock, strategyFailed: failed });
const names = (endpoints: readonly Endpoint[]) => endpoints.map(({ name }) => name);
const NONE = new Set<Endpoint>();

function end(endpoint: Endpoint, changes: Partial<Verdict>, model = 'gpt-5'): void {
  endpoint.state.end(endpoint.state.begin(model, 1_000, true)!, verdict('rate-limited', changes), 'chat');
}
const cool = (endpoint: Endpoint, ms: number) =>
  end(endpoint, { cooldown: { scope: 'model', reason: '429', ms, pause: true } });
function eject(endpoint: Endpoint): void {
  for (let i = 0; i < 5; i++) end(endpoint, { health: 'failure', scope: 'endpoint' });
}

describe('the eligible endpoints', () => {
  it('are the same array for as long as nothing changes', async () => {
    const pool = poolOf([endpointOf('a'), endpointOf('b')]);
    const before = pool.eligible(aCall());
    await clock.advance(3_600_000);
    expect(pool.eligible(aCall())).toBe(before);
    expect(pool.eligible(aCall({ model: 'other' }))).not.toBe(before);
  });

  it('follow a cooldown’s begin and its end by themselves', async () => {
    const [a, b] = [endpointOf('a'), endpointOf('b')];
    const pool = poolOf([a, b]);
    pool.eligible(aCall());
    cool(a, 2_000);
    expect(names(pool.eligible(aCall()))).toEqual(['b']);
    expect(names(pool.eligible(aCall({ model: 'other' })))).toEqual(['a', 'b']);
    await clock.advance(1_999);
    expect(names(pool.eligible(aCall()))).toEqual(['b']);
    await clock.advance(1);
    expect(names(pool.eligible(aCall()))).toEqual(['a', 'b']);
  });

  it('follow ejection and the time of the probe', async () => {
    const [a, b] = [endpointOf('a'), endpointOf('b')];
    const pool = poolOf([a, b]);
    pool.eligible(aCall());
    eject(a);
    expect(names(pool.eligible(aCall()))).toEqual(['b']);
    await clock.advance(5_000);
    expect(names(pool.eligible(aCall()))).toEqual(['a', 'b']);
    const probe = a.state.begin('gpt-5', 1_000, false)!;
    expect(names(pool.eligible(aCall()))).toEqual(['b']);
    a.state.end(probe, verdict('ok'), 'chat');
    expect(names(pool.eligible(aCall()))).toEqual(['a', 'b']);
  });

  it('follow what another pool learns of the same endpoint', () => {
    const [mine, theirs] = [endpointOf('a'), endpointOf('a')];
    const pool = poolOf([mine, endpointOf('b')]);
    pool.eligible(aCall());
    eject(theirs);
    expect(names(pool.eligible(aCall()))).toEqual(['b']);
  });

  it('follow `add` and `drain`', () => {
    const [a, b] = [endpointOf('a'), endpointOf('b')];
    const pool = poolOf([a]);
    pool.eligible(aCall());
    pool.add(b);
    expect(names(pool.eligible(aCall()))).toEqual(['a', 'b']);
    pool.drain(a);
    expect(names(pool.eligible(aCall()))).toEqual(['b']);
    expect(names(pool.endpoints)).toEqual(['a', 'b']);
    expect([pool.named('a'), pool.named('x')]).toEqual([a, undefined]);
  });

  it('are told apart by operation and model', () => {
    const pool = poolOf([
      endpointOf('chat-only', { operations: new Set(['chat']) }),
      endpointOf('gpt-only', { models: ['gpt-*'] }),
      endpointOf('all'),
    ]);
    const of = (path: string, model: string | undefined) => names(pool.eligible(aCall({ path, model })));
    expect(of('/chat/completions', 'gpt-5')).toEqual(['chat-only', 'gpt-only', 'all']);
    expect(of('/chat/completions', 'o3')).toEqual(['chat-only', 'all']);
    expect(of('/embeddings', 'o3')).toEqual(['all']);
    expect(of('/files', undefined)).toEqual(['gpt-only', 'all']);
  });

  it('of ever new models cost bounded memory and stay right', () => {
    const a = endpointOf('a');
    const pool = poolOf([a]);
    const early = pool.eligible(aCall({ model: 'm0' }));
    for (let i = 0; i < 1_000; i++) pool.eligible(aCall({ model: `m${i}` }));
    expect(pool.eligible(aCall({ model: 'm0' }))).not.toBe(early);
    cool(a, 1_000);
    expect(pool.eligible(aCall())).toEqual([]);
  });

  it('are what a fresh look says, after any history', async () => {
    const step = fc.record({
      which: fc.nat(2),
      what: fc.constantFrom('cool', 'fail', 'ok', 'limit', 'probe', 'wait', 'long'),
      ms: fc.integer({ min: 1, max: 9_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        clock = manualClock();
        registry = newRegistry();
        const endpoints = ['a', 'b', 'c'].map((name) => endpointOf(name));
        const pool = poolOf(endpoints);
        for (const { which, what, ms } of steps) {
          const endpoint = endpoints[which]!;
          if (what === 'cool') cool(endpoint, ms);
          else if (what === 'fail') end(endpoint, { health: 'failure', scope: 'endpoint' });
          else if (what === 'ok') end(endpoint, { health: 'success' });
          else if (what === 'limit')
            end(endpoint, { cooldown: { scope: 'endpoint', reason: '401', ms, pause: false } });
          else if (what === 'probe') endpoint.state.begin('gpt-5', 60_000, false);
          else await clock.advance(what === 'long' ? 40_000 : ms);
          const kept = names(pool.eligible(aCall()));
          const fresh = names(poolOf(endpoints).eligible(aCall()));
          const refused = pool.refusals(aCall(), NONE).map((refusal) => refusal.endpoint.name);
          expect(kept).toEqual(fresh);
          expect([...kept, ...refused].sort()).toEqual(['a', 'b', 'c']);
        }
      }),
      runs(60),
    );
  });

  it('hold whoever a fresh look lets in, also when one model takes the others along', async () => {
    const step = fc.record({
      model: fc.constantFrom('gpt-5', 'mini', 'nano'),
      what: fc.constantFrom('fail', 'fail', 'ok', 'begin', 'wait', 'long'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 60 }), async (steps) => {
        clock = manualClock();
        registry = newRegistry();
        const endpoint = endpointOf('a');
        const pool = poolOf([endpoint]);
        for (const { model, what } of steps) {
          if (what === 'fail') for (let i = 0; i < 5; i++) end(endpoint, { health: 'failure' }, model);
          else if (what === 'ok') end(endpoint, { health: 'success' }, model);
          else if (what === 'begin') endpoint.state.begin(model, 60_000, true);
          else await clock.advance(what === 'long' ? 61_000 : 1_000);
          for (const asked of ['gpt-5', 'mini', 'nano']) {
            const call = aCall({ model: asked });
            const fresh = names(poolOf([endpoint]).eligible(call));
            expect(names(pool.eligible(call)), asked).toEqual(expect.arrayContaining(fresh));
          }
        }
      }),
      runs(60),
    );
  });
});

describe('the choice', () => {
  it('is the strategy’s among the eligible that were not tried', () => {
    const [a, b, c] = [endpointOf('a'), endpointOf('b'), endpointOf('c')];
    const pick = vi.fn((candidates: readonly Candidate[]) => candidates.at(-1)!);
    const pool = poolOf([a, b, c], { pick });
    cool(b, 1_000);
    expect(pool.choose(aCall({ stream: true }), NONE)).toBe(c);
    expect(pick.mock.calls[0]).toEqual([[a, c], { operation: 'chat', model: 'gpt-5', stream: true }]);
    expect(pool.choose(aCall(), new Set([c]))).toBe(a);
    expect(pool.choose(aCall(), new Set([a, c]))).toBeUndefined();
  });

  it('needs no strategy where there is no choice', () => {
    const pick = vi.fn();
    const pool = poolOf([endpointOf('a')], { pick });
    expect(pool.choose(aCall(), NONE)?.name).toBe('a');
    expect(pick).not.toHaveBeenCalled();
  });

  it.each<[string, Strategy['pick'], RegExp]>([
    ['throws', () => expect.fail('mine') as never, /mine/],
    ['names somebody else', () => ({ name: 'x' }) as never, /pick\(\) did not return one of its candidates/],
    ['names nobody', () => undefined as never, /pick\(\) did not return one of its candidates/],
  ])('falls back to the first candidate when the strategy %s', (_, pick, message) => {
    const pool = poolOf([endpointOf('a'), endpointOf('b')], { pick });
    expect(pool.choose(aCall(), NONE)?.name).toBe('a');
    expect(failed.mock.calls[0]![0]).toMatchObject({ message: expect.stringMatching(message) as string });
  });

  it('may not be an endpoint that is out, whatever the strategy remembers', () => {
    const [a, b, c] = [endpointOf('a'), endpointOf('b'), endpointOf('c')];
    const pool = poolOf([a, b, c], { pick: () => a });
    cool(a, 1_000);
    expect(pool.choose(aCall(), NONE)).toBe(b);
  });
});

describe('steering', () => {
  const tagged = () => [
    endpointOf('a', { tags: ['eu'] }),
    endpointOf('b', { tags: ['eu', 'gpu'] }),
    endpointOf('c', { tags: ['gpu'] }),
  ];

  it('by tags leaves those that have them all, the same array as long as nothing changes', () => {
    const pool = poolOf(tagged());
    const of = (...tags: string[]) => pool.eligible(aCall({ tags }));
    expect([of(), of('eu'), of('eu', 'gpu')].map(names)).toEqual([['a', 'b', 'c'], ['a', 'b'], ['b']]);
    expect(of('eu')).toBe(of('eu'));
    const refusals = pool.refusals(aCall({ tags: ['gpu'] }), NONE);
    expect(refusals).toMatchObject([{ endpoint: { name: 'a' }, kind: 'unfit', reason: "has no tag 'gpu' (tags)" }]);
  });

  it('by session keeps to one endpoint, in its absence to one other', async () => {
    const strategy = roundRobin();
    const pool = poolOf(tagged(), strategy);
    const home = pool.choose(aCall({ session: 's' }), NONE)!;
    for (let i = 0; i < 5; i++) expect(pool.choose(aCall({ session: 's' }), NONE)).toBe(home);
    const second = pool.choose(aCall({ session: 's' }), new Set([home]));
    cool(home, 5_000);
    for (let i = 0; i < 5; i++) expect(pool.choose(aCall({ session: 's' }), NONE)).toBe(second);
    await clock.advance(5_000);
    expect(pool.choose(aCall({ session: 's' }), NONE)).toBe(home);
    const homes = Array.from({ length: 60 }, (_, index) => pool.choose(aCall({ session: `s${index}` }), NONE)!.name);
    expect(new Set(homes)).toEqual(new Set(['a', 'b', 'c']));
    expect(failed).not.toHaveBeenCalled();
  });

  it('by session keeps to those that the strategy prefers to all others', () => {
    const [a, b, spare] = ['a', 'b', 'spare'].map((name, index) => endpointOf(name, { priority: index < 2 ? 0 : 1 }));
    const pool = poolOf([a!, b!, spare!], priority());
    const homes = Array.from({ length: 60 }, (_, index) => pool.choose(aCall({ session: `s${index}` }), NONE)!);
    expect(new Set(homes)).toEqual(new Set([a, b]));
    expect(pool.choose(aCall({ session: 's' }), new Set([a!, b!]))).toBe(spare);
  });
});

describe('an endpoint that recovers', () => {
  async function recovering() {
    const [a, b] = [endpointOf('a'), endpointOf('b')];
    const pool = poolOf([a, b], roundRobin());
    eject(a);
    await clock.advance(5_000);
    a.state.end(a.state.begin('gpt-5', 1_000, false)!, verdict('ok'), 'chat');
    const shareOf = (calls: number) => {
      let count = 0;
      for (let i = 0; i < calls; i++) if (pool.choose(aCall(), NONE) === a) count += 1;
      return count / calls;
    };
    return { a, b, pool, shareOf };
  }

  it('gets a tenth of its share at first, all of it at the end', async () => {
    const { a, shareOf } = await recovering();
    expect(shareOf(4_000)).toBeCloseTo(0.05, 3);
    await clock.advance(10_000);
    for (let i = 0; i < 20; i++) a.state.end(a.state.begin('gpt-5', 1_000, false)!, verdict('ok'), 'chat');
    expect(shareOf(1_000)).toBe(0.5);
  });

  it('still takes what nobody else can', async () => {
    const { b, shareOf } = await recovering();
    cool(b, 60_000);
    expect(shareOf(100)).toBe(1);
  });

  it('shares with others that recover as if all were well', async () => {
    const { b, shareOf } = await recovering();
    eject(b);
    await clock.advance(5_000);
    b.state.end(b.state.begin('gpt-5', 1_000, false)!, verdict('ok'), 'chat');
    expect(Math.abs(shareOf(1_000) - 0.5)).toBeLessThan(0.05);
  });
});

describe('an endpoint that joins a running pool', () => {
  async function joining(slowStart?: SlowStartSettings | false) {
    const [a, b, c] = [endpointOf('a'), endpointOf('b'), endpointOf('c')];
    const strategyFailed = failed;
    const parts = { strategy: roundRobin(), registry, clock, strategyFailed };
    const pool = new Pool([a, b], slowStart === undefined ? parts : { ...parts, slowStart });
    pool.add(c);
    const shareOf = (endpoint: Endpoint, calls: number) => {
      let count = 0;
      for (let i = 0; i < calls; i++) if (pool.choose(aCall(), NONE) === endpoint) count += 1;
      return count / calls;
    };
    return { a, b, c, shareOf };
  }
  const serve = (endpoint: Endpoint, times: number) => {
    for (let i = 0; i < times; i++) end(endpoint, { health: 'success' });
  };

  it('begins at a tenth of its share, and has all of it after 10 s and 20 successes', async () => {
    const { a, c, shareOf } = await joining();
    expect(shareOf(c, 6_000)).toBeCloseTo(0.1 / 3, 3);
    serve(c, 10);
    await clock.advance(10_000);
    expect(shareOf(c, 6_000)).toBeCloseTo(0.55 / 3, 2);
    serve(c, 10);
    expect([shareOf(c, 300), shareOf(a, 300)]).toEqual([expect.closeTo(1 / 3), expect.closeTo(1 / 3)]);
  });

  it('knows what had succeeded there before it joined', async () => {
    const known = endpointOf('c');
    serve(known, 500);
    const { c, shareOf } = await joining();
    await clock.advance(60_000);
    expect(shareOf(c, 6_000)).toBeLessThan(0.05);
  });

  it('goes by the settings; without slow start it has its share at once', async () => {
    const half = await joining({ initialPercentage: 50, duration: 1, successes: 1 });
    expect(half.shareOf(half.c, 6_000)).toBeCloseTo(1 / 6, 2);
    const off = await joining(false);
    expect(off.shareOf(off.c, 300)).toBeCloseTo(1 / 3);
  });

  it.each([
    ['follows the load', leastBusy(), 0.1 / 3],
    ['always takes it', { pick: (candidates: readonly Candidate[]) => candidates.at(-1)! }, 0.1 / 3],
    ['has tiers, of which it is one', priority(), undefined],
  ])('takes no more of a strategy that %s', async (_, strategy, share) => {
    const pool = new Pool([endpointOf('a'), endpointOf('b')], { strategy, registry, clock, strategyFailed: failed });
    const c = endpointOf('c', { priority: -1 });
    pool.add(c);
    let count = 0;
    for (let i = 0; i < 6_000; i++) if (pool.choose(aCall(), NONE) === c) count += 1;
    expect(count / 6_000).toBeCloseTo(share ?? 0.1, 3);
  });

  it('is no reason to begin slowly for those that were there', async () => {
    const { a, b, shareOf } = await joining();
    expect(shareOf(a, 6_000)).toBeGreaterThan(0.4);
    expect(shareOf(b, 6_000)).toBeGreaterThan(0.4);
  });
});

describe('endpoints that fail in part', () => {
  /** Fails twice and serves once, so often, an endpoint at a time. */
  function failInPart(pool: Pool, names: readonly string[], model = 'gpt-5'): string[] {
    const endpoints = names.map((name) => pool.named(name)!);
    for (let round = 0; round < 12; round++)
      for (const { state } of endpoints)
        for (const health of ['failure', 'failure', 'success'] as const) {
          const load = state.begin(model, 1_000, false, false, pool);
          if (load) state.end(load, verdict('server-error', { health }), 'chat');
        }
    return endpoints.filter(({ state }) => state.breakers.out(model)).map(({ name }) => name);
  }

  it.each([
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [7, 3],
  ])('of %d at most %d are ejected for that alone', (size, most) => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].slice(0, size);
    expect(failInPart(poolOf(names.map((name) => endpointOf(name))), names)).toHaveLength(most);
  });

  it('stay in while half of the others are out for any reason; failures in a row eject all the same', () => {
    const pool = poolOf(['a', 'b', 'c', 'd'].map((name) => endpointOf(name)));
    for (const name of ['a', 'b']) eject(pool.named(name)!);
    expect(failInPart(pool, ['c', 'd'])).toEqual([]);
    for (const name of ['c', 'd']) eject(pool.named(name)!);
    expect(names(pool.eligible(aCall()))).toEqual([]);
  });

  it('may be ejected once others are back', async () => {
    const pool = poolOf(['a', 'b'].map((name) => endpointOf(name)));
    eject(pool.named('a')!);
    expect(failInPart(pool, ['b'])).toEqual([]);
    await clock.advance(5_000);
    end(pool.named('a')!, { health: 'success' });
    expect(failInPart(pool, ['b'])).toEqual(['b']);
  });

  it('count among those that serve the model, drained ones not', () => {
    const all = ['a', 'b', 'c', 'd'].map((name) =>
      endpointOf(name, name < 'c' ? { models: ['gpt-5'] } : { models: ['o*'] }),
    );
    expect(failInPart(poolOf(all), ['a', 'b'])).toHaveLength(1);
    const pool = poolOf(all);
    pool.drain(all[2]!);
    expect(failInPart(pool, ['d'], 'o3')).toEqual([]);
  });
});
