// One register per process: who shares state with whom, how much is kept, and that no key is in it.
import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { verdict } from '../../src/dispatch/verdicts.ts';
import {
  identityOf,
  newRegistry,
  processRegistry,
  type Registry,
  sharedValue,
  stateOf,
} from '../../src/endpoint/registry.ts';
import { manualClock } from '../../src/testing/index.ts';
import { breakerSettings, collectGarbage } from '../support/parts.ts';

const clock = manualClock();
const breaker = breakerSettings();
const facts = {
  baseURL: 'https://a.example/v1',
  credential: 'sk-secret-key' as unknown,
  headers: ['x-api-key: mine'],
  breaker,
};
const stateIn = (registry: Registry, identity: string) => stateOf(registry, identity, breaker, clock);

describe('the register of the process', () => {
  it('is one, for the ESM and the CJS copy of the package', async () => {
    const first = processRegistry();
    expect((globalThis as Record<symbol, unknown>)[Symbol.for('load-balanced-openai.registry.1')]).toBe(first);
    vi.resetModules();
    const copy = await import('../../src/endpoint/registry.ts');
    expect(copy.processRegistry).not.toBe(processRegistry);
    expect(copy.processRegistry()).toBe(first);
  });

  it('is not the one of a pool that shares nothing', () => {
    expect(newRegistry()).not.toBe(newRegistry());
    expect(newRegistry()).not.toBe(processRegistry());
  });
});

describe('identity', () => {
  const registry = newRegistry();
  const identity = identityOf(registry, facts);

  it('is equal for equal facts', () => {
    expect(identityOf(registry, { ...facts, breaker: { ...breaker } })).toBe(identity);
  });

  it.each<[string, Partial<typeof facts> | { breaker: false }]>([
    ['another host', { baseURL: 'https://b.example/v1' }],
    ['another key', { credential: 'sk-other' }],
    ['no key', { credential: null }],
    ['another key in a header', { headers: ['x-api-key: other'] }],
    ['other breaker options', { breaker: breakerSettings({ resetTimeout: 1 }) }],
    ['no breaker', { breaker: false }],
  ])('differs for %s', (_, change) => {
    expect(identityOf(registry, { ...facts, ...change } as typeof facts)).not.toBe(identity);
  });

  it('of a function or an object is its own', () => {
    const [first, second] = [async () => 'x', async () => 'x'];
    const of = (credential: unknown) => identityOf(registry, { ...facts, credential });
    expect(of(first)).toBe(of(first));
    expect(of(first)).not.toBe(of(second));
    const client = { apiKey: 'x' };
    expect(of(client)).toBe(of(client));
    expect(of({ apiKey: 'x' })).not.toBe(of(client));
  });

  it('is salted: of no use in another process', () => {
    expect(identityOf(newRegistry(), facts)).not.toBe(identity);
  });

  it('holds no key, nor does the register', () => {
    const secret = 'sk-canary-0123456789';
    const withSecrets = {
      ...facts,
      headers: [`x-api-key: ${secret}`],
      baseURL: `https://user:${secret}@a.example/v1`,
      credential: secret,
    };
    const own = newRegistry();
    stateIn(own, identityOf(own, { ...withSecrets, baseURL: facts.baseURL }));
    expect(inspect(own, { depth: 6, showHidden: true })).not.toContain(secret);
    stateIn(own, identityOf(own, withSecrets));
    expect(inspect(own, { depth: 6, showHidden: true })).not.toContain(secret);
  });

  it('does not differ by how an address is written', () => {
    const of = (baseURL: string) => identityOf(registry, { ...facts, baseURL });
    for (const baseURL of ['https://a.example/v1/', 'https://A.example/v1', 'https://a.example:443/v1'])
      expect(of(baseURL)).toBe(identity);
  });
});

describe('state', () => {
  it('is shared by equal identities and by nobody else', () => {
    const registry = newRegistry();
    expect(stateIn(registry, 'x')).toBe(stateIn(registry, 'x'));
    expect(stateIn(registry, 'x')).not.toBe(stateIn(registry, 'y'));
    expect(stateIn(newRegistry(), 'x')).not.toBe(stateIn(registry, 'x'));
  });

  it('tells every pool when an exclusion begins or ends', () => {
    const registry = newRegistry();
    const state = stateIn(registry, 'x');
    const before = registry.version;
    for (let i = 0; i < 5; i++) state.end(state.begin('m', 1_000, false)!, verdict('connect-failed'), 'chat');
    expect(registry.version).toBeGreaterThan(before);
  });

  it('is held for the thousand used last, weakly beyond', async () => {
    const registry = newRegistry();
    const kept = stateIn(registry, 'kept');
    stateIn(registry, 'lost');
    for (let i = 0; i < 999; i++) stateIn(registry, `e${i}`);
    stateIn(registry, 'e0');
    stateIn(registry, 'late');
    stateIn(registry, 'later');
    expect(registry.held.size).toBe(1_000);
    const held = ['kept', 'lost', 'e0', 'e1'].map((name) => registry.held.has(name));
    expect(held).toEqual([false, false, true, false]);
    await collectGarbage();
    expect(registry.states.get('lost')?.deref()).toBeUndefined();
    // Somebody still uses it, so its next client must meet the same state.
    expect(stateIn(registry, 'kept')).toBe(kept);
  });

  it('of endpoints that are gone is swept out, of others not: ever new keys cost bounded memory', async () => {
    const registry = newRegistry();
    const kept = stateIn(registry, 'kept');
    let most = 0;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 1_000; i++) {
        stateIn(registry, `r${round}e${i}`);
        most = Math.max(most, registry.states.size);
      }
      await collectGarbage();
    }
    expect(most).toBeLessThanOrEqual(2_001);
    expect(registry.held.has('kept')).toBe(false);
    expect(stateIn(registry, 'kept')).toBe(kept);
  });
});

describe('other things that equal pools share', () => {
  it('are made once per key', () => {
    const registry = newRegistry();
    const make = vi.fn(() => ({}));
    expect(sharedValue(registry, 'a', make)).toBe(sharedValue(registry, 'a', make));
    expect(sharedValue(registry, 'b', make)).not.toBe(sharedValue(registry, 'a', make));
    expect(make).toHaveBeenCalledTimes(2);
  });

  it('are bounded: those used longest ago go first', () => {
    const registry = newRegistry();
    const first = sharedValue(registry, 'first', () => ({}));
    sharedValue(registry, 'second', () => ({}));
    for (let i = 0; i < 998; i++) sharedValue(registry, `k${i}`, () => ({}));
    expect(sharedValue(registry, 'first', () => ({}))).toBe(first);
    sharedValue(registry, 'late', () => ({}));
    expect([registry.shared.size, registry.shared.has('first'), registry.shared.has('second')]).toEqual([
      1_000,
      true,
      false,
    ]);
  });
});
