// Who may take a call now, and who does: kept as long as nothing changes, never wrong when something did.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Verdict } from '../../src/call/outcome.ts';
import { verdict } from '../../src/dispatch/verdicts.ts';
import { Endpoint } from '../../src/endpoint/endpoint.ts';
import { newRegistry, type Registry, stateOf } from '../../src/endpoint/registry.ts';
import { Pool } from '../../src/pool/pool.ts';
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
    expect(shareOf(4_000)).toBeGreaterThan(0.03);
    expect(shareOf(4_000)).toBeLessThan(0.07);
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
