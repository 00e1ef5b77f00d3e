// What others tell of an endpoint is held against what was seen here.
import { beforeEach, describe, expect, it } from 'vitest';
import { verdict } from '../../src/dispatch/verdicts.ts';
import { EndpointState } from '../../src/endpoint/endpoint-state.ts';
import { hearCooldown, hearDisproved, hearEjected, hearRestored, isEverybodys } from '../../src/endpoint/hearsay.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { breakerSettings } from '../support/parts.ts';

const SUCCEEDED = verdict('ok');
const FAILED = verdict('server-error');

const CHAT = 'post /chat/completions';
let clock: ManualClock;
let state: EndpointState;
let touched = 0;
const success = { at: Number.NEGATIVE_INFINITY };

beforeEach(() => {
  clock = manualClock();
  success.at = Number.NEGATIVE_INFINITY;
  state = new EndpointState(
    breakerSettings(),
    clock,
    () => {
      touched += 1;
    },
    { success },
  );
});

function attempt(verdict = SUCCEEDED, model = 'm') {
  const load = state.begin(model, 60_000, false);
  if (!load) throw new Error('not let in');
  state.end(load, verdict, CHAT);
}
const ejected = (more: Partial<Parameters<typeof hearEjected>[1]> = {}) =>
  hearEjected(state, { model: 'm', ms: 5_000, failingFor: 100, sure: true, backed: false, ...more });

describe('an ejection that is told', () => {
  it.each<[string, () => void, Parameters<typeof ejected>[0], boolean]>([
    ['is believed where nothing is known', () => undefined, {}, true],
    ['of the endpoint as a whole as well', () => undefined, { model: undefined }, true],
    ['is not when the other one reaches nobody at all', () => undefined, { sure: false }, false],
    ['unless a second one says the same', () => undefined, { sure: false, backed: true }, true],
    ['or calls fail here too', () => attempt(FAILED), { sure: false }, true],
    ['is not where a call succeeded meanwhile', () => attempt(), {}, false],
    ['however many say so', () => attempt(), { backed: true }, false],
    ['whatever model, when it is about the endpoint', () => attempt(SUCCEEDED, 'other'), { model: undefined }, false],
    ['is where only another model succeeded', () => attempt(SUCCEEDED, 'other'), {}, true],
    ['that is over says nothing', () => undefined, { ms: 0 }, false],
  ])('%s', (_, before, told, believed) => {
    before();
    expect(ejected(told)).toBe(believed);
    expect(state.exclusion('m', CHAT)?.kind).toBe(believed ? 'ejected' : undefined);
  });

  it('is believed when the last success here is older than the failures there', async () => {
    attempt();
    await clock.advance(1_200);
    expect(ejected()).toBe(true);
  });

  it('ends by itself a little after it does there, with a probe', async () => {
    const before = touched;
    ejected();
    expect(touched).toBeGreaterThan(before);
    await clock.advance(4_999);
    expect(state.begin('m', 60_000, false)).toBeUndefined();
    await clock.advance(502);
    expect(state.exclusion('m', CHAT)).toBeUndefined();
    attempt();
    expect(state.breakers.takeTransitions()).toMatchObject([{ state: 'restored' }]);
  });

  it('prolongs nothing: who probes for himself decides', async () => {
    ejected();
    await clock.advance(4_000);
    expect(ejected({ ms: 60_000 })).toBe(false);
    await clock.advance(1_600);
    expect(state.exclusion('m', CHAT)).toBeUndefined();
  });

  it('is disproved by a success that was under way', () => {
    const load = state.begin('m', 60_000, false)!;
    ejected();
    expect(state.breakerState).toBe('closed');
    expect(state.breakers.models.sick()).toEqual([{ model: 'm', breaker: 'open' }]);
    state.end(load, SUCCEEDED, CHAT);
    expect(state.breakers.models.sick()).toEqual([]);
  });

  it('of one model says nothing of the others, nor of the endpoint', () => {
    ejected();
    expect([state.exclusion('other', CHAT), state.breakerState]).toEqual([undefined, 'closed']);
  });

  it('of made-up models pushes out nothing that is known', () => {
    attempt();
    for (let i = 0; i < 1_000; i++) ejected({ model: `made-up-${i}` });
    expect(state.latency('m')).toBeDefined();
    expect(state.breakers.models.sick().length).toBeLessThan(100);
  });
});

describe('a recovery that is told', () => {
  it('closes what was opened by hearsay, with a slow start', () => {
    ejected();
    expect(hearRestored(state, 'm')).toBe(true);
    expect(state.exclusion('m', CHAT)).toBeUndefined();
    expect(state.breakers.share('m', { initialPercentage: 10, duration: 10_000, successes: 20 })).toBe(0.1);
  });

  it('lets what was opened by own failures be probed at once', () => {
    for (let i = 0; i < 5; i++) attempt(FAILED);
    expect(state.exclusion('m', CHAT)?.kind).toBe('ejected');
    expect(hearRestored(state, 'm')).toBe(false);
    const probe = state.begin('m', 60_000, false);
    expect(probe).toBeDefined();
    expect(state.begin('m', 60_000, false)).toBeUndefined();
  });

  it('of what is well, or never was tried, is no news', () => {
    expect([hearRestored(state, 'm'), hearRestored(state, undefined)]).toEqual([false, false]);
  });
});

describe('a cooldown that is told', () => {
  const order = (more: object = {}) => ({ ms: 8_000, scope: 'model' as const, reason: '429', pause: true, ...more });

  it('keeps calls away, and the longer one wins', async () => {
    expect(hearCooldown(state, order(), 'm', 0)).toBe(true);
    expect(hearCooldown(state, order({ ms: 3_000 }), 'm', 0)).toBe(false);
    expect(state.exclusion('m', CHAT)).toMatchObject({ reason: 'cooling down (429)', until: clock.now() + 8_000 });
    expect(hearCooldown(state, order({ ms: 9_000 }), 'm', 0)).toBe(true);
    await clock.advance(9_000);
    expect(state.exclusion('m', CHAT)).toBeUndefined();
  });

  it('that the upstream asked for is believed whatever was seen here, another one is not', () => {
    attempt();
    expect(hearCooldown(state, order({ pause: false, reason: 'model not found' }), 'm', 0)).toBe(false);
    expect(hearCooldown(state, order(), 'm', 0)).toBe(true);
  });

  it('of one operation, or of a model in one, is not disproved by what else succeeds here', () => {
    const [other, use] = ['post embeddings', 'post embeddings m'];
    attempt();
    const refusal = (scope: 'operation' | 'use') => order({ scope, pause: false, reason: 'not for this' });
    expect(hearCooldown(state, refusal('use'), use, 0)).toBe(true);
    expect([state.exclusion('m', other), state.exclusion('m', CHAT), state.exclusion('n', other)]).toEqual([
      expect.objectContaining({ kind: 'refused' }),
      undefined,
      undefined,
    ]);
    expect(hearCooldown(state, refusal('operation'), other, 0)).toBe(true);
    expect(hearCooldown(state, refusal('use'), `${CHAT} m`, 0)).toBe(false);
    expect(hearCooldown(state, refusal('operation'), CHAT, 0)).toBe(false);
  });

  it('without a hint makes the next one here longer', () => {
    hearCooldown(state, order({ ms: 1 }), 'm', 3);
    hearCooldown(state, order({ ms: 1 }), 'm', 1);
    expect(state.cooldowns.start({ ...order(), ms: undefined }, 'm')).toBeCloseTo(1, 0);
    return clock.advance(2).then(() => {
      expect(state.cooldowns.start({ ...order(), ms: undefined }, 'm')).toBe(8_000);
    });
  });

  it('is ended by a success elsewhere that began after it, where people had to mend it', async () => {
    hearCooldown(state, order({ pause: false, reason: 'model not found' }), 'm', 0);
    await clock.advance(100);
    hearDisproved(state, 'm', CHAT, 150);
    expect(state.exclusion('m', CHAT)).toBeDefined();
    hearDisproved(state, 'm', CHAT, 50);
    expect(state.exclusion('m', CHAT)).toBeUndefined();
  });

  it.each([
    [{ scope: 'model', pause: true, reason: '429' }, true],
    [{ scope: 'endpoint', pause: true, reason: '503' }, true],
    [{ scope: 'model', pause: false, reason: 'model not found' }, true],
    [{ scope: 'operation', pause: false, reason: 'operation not found' }, true],
    [{ scope: 'endpoint', pause: false, reason: 'out of credit' }, true],
    [{ scope: 'endpoint', pause: false, reason: 'redirects elsewhere' }, true],
    [{ scope: 'endpoint', pause: false, reason: '401' }, false],
    [{ scope: 'endpoint', pause: false, reason: 'no credential' }, false],
    [{ scope: 'endpoint', pause: false, reason: 'TLS certificate' }, false],
    [{ scope: 'figures', pause: true, reason: 'used up' }, false],
  ] as const)('%o is told to others: %s', (cooldown, told) => expect(isEverybodys(cooldown)).toBe(told));
});
