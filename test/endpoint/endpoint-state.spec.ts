// The live state of an endpoint: what each verdict changes, which breaker is told, why a call may not come.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Verdict, VerdictName } from '../../src/call/outcome.ts';
import { defaults } from '../../src/config/defaults.ts';
import { verdict } from '../../src/dispatch/verdicts.ts';
import { EndpointState } from '../../src/endpoint/endpoint-state.ts';
import type { Load } from '../../src/endpoint/live-facts.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { breakerSettings } from '../support/parts.ts';

let clock: ManualClock;
let state: EndpointState;
let touched: number;
beforeEach(() => {
  clock = manualClock();
  touched = 0;
  state = new EndpointState(breakerSettings(), clock, () => {
    touched += 1;
  });
});

const begin = (model = 'm', force = false, slowAfter = 60_000) => state.begin(model, slowAfter, force);
const end = (load: Load | undefined, name: VerdictName, changes: Partial<Verdict> = {}) =>
  state.end(load!, verdict(name, changes), 'chat');
const play = (name: VerdictName, times: number, model = 'm', changes: Partial<Verdict> = {}) => {
  for (let i = 0; i < times; i++) end(begin(model), name, changes);
};
const share = (model: string) => state.breakers.share(model, defaults.slowStart);
const excluded = (model = 'm', operation = 'chat') => state.exclusion(model, operation);

describe('counting', () => {
  it('holds an attempt from its begin to its end, once', () => {
    const first = begin()!;
    begin();
    expect([state.inFlight, state.attempts]).toEqual([2, 2]);
    end(first, 'ok');
    state.release(first);
    expect([state.inFlight, state.successes, state.failures]).toEqual([1, 1, 0]);
  });

  it('gives a place free before the outcome is known', () => {
    const load = begin()!;
    state.release(load);
    expect([state.inFlight, state.successes]).toEqual([0, 0]);
    end(load, 'ok');
    expect([state.inFlight, state.attempts, state.successes]).toEqual([0, 1, 1]);
  });

  it.each<[VerdictName, number, number]>([
    ['ok', 1, 0],
    ['server-error', 0, 1],
    ['connect-failed', 0, 1],
    ['rate-limited', 0, 0],
    ['caller-error', 0, 0],
    ['aborted', 0, 0],
  ])('%s: %d successes, %d failures', (name, successes, failures) => {
    play(name, 1);
    expect([state.successes, state.failures]).toEqual([successes, failures]);
  });

  it('knows the share of failures of the last 10 s', async () => {
    expect(state.failureRate.value).toBe(0);
    play('ok', 3);
    play('server-error', 1);
    expect(state.failureRate.value).toBe(0.25);
    await clock.advance(10_000);
    expect(state.failureRate.value).toBe(0);
  });
});

describe('two scopes of breakers', () => {
  it.each<[VerdictName, Partial<Verdict>]>([
    ['server-error', {}],
    ['overloaded', {}],
    ['timed-out', {}],
    ['bad-reply', {}],
    ['connection-lost', { scope: 'model' }],
  ])('%s counts for the model: another one stays eligible', (name, changes) => {
    play('ok', 1, 'well');
    play(name, 5, 'm', changes);
    expect([excluded('m')?.kind, excluded('well'), state.breakerState]).toEqual(['ejected', undefined, 'closed']);
    expect(state.breakers.models.sick()).toEqual([{ model: 'm', breaker: 'open' }]);
    expect(state.breakers.takeTransitions()).toEqual([
      { state: 'ejected', model: 'm', openMs: expect.any(Number) as number },
    ]);
  });

  it.each<VerdictName>(['connect-failed', 'connection-lost', 'redirected'])('%s counts for the endpoint', (name) => {
    play('ok', 1, 'well');
    play(name, 5);
    expect([excluded('m')?.kind, excluded('well')?.kind, state.breakerState]).toEqual(['ejected', 'ejected', 'open']);
    expect(state.breakers.models.sick()).toEqual([]);
    expect(state.breakers.takeTransitions()).toEqual([
      { state: 'ejected', model: undefined, openMs: expect.any(Number) as number },
    ]);
    expect(state.breakers.takeTransitions()).toEqual([]);
  });

  it.each<VerdictName>(['server-error', 'overloaded', 'bad-reply'])(
    '%s proves that the endpoint is reached: connection faults in between are not in a row',
    (name) => {
      state = new EndpointState(breakerSettings({ volumeThreshold: 1_000 }), clock, () => undefined);
      for (let i = 0; i < 6; i++) {
        play('connect-failed', 4, 'm');
        play(name, 1, `m${i}`);
      }
      expect(state.breakerState).toBe('closed');
    },
  );

  it('a timeout proves nothing about the connection', () => {
    play('ok', 2, 'well');
    for (let i = 0; i < 5; i++) {
      play('timed-out', 1, `m${i}`);
      play('connect-failed', 1, 'm');
    }
    expect(state.opensAt('well')).toBeGreaterThan(0);
  });

  it('the endpoint is out when its only model is', () => {
    play('server-error', 5);
    expect([state.breakerState, excluded('untried')?.kind]).toEqual(['open', 'ejected']);
  });

  it.each<VerdictName>(['caller-error', 'aborted', 'rate-limited', 'credentials-refused', 'local-error', 'not-found'])(
    '%s never ejects, a thousand times over',
    (name) => {
      play(name, 1_000, 'm', {});
      expect([state.breakerState, state.opensAt('m')]).toEqual(['closed', 0]);
    },
  );
});

describe('recovery', () => {
  it('goes by one probe: the others are turned away, the pools are told', async () => {
    play('server-error', 5);
    expect(begin()).toBeUndefined();
    await clock.advance(5_000);
    const before = touched;
    const probe = begin();
    expect(probe?.permits[1]).toMatchObject({ probe: true });
    expect(touched).toBeGreaterThan(before);
    expect([begin(), state.breakerState, state.inFlight]).toEqual([undefined, 'half-open', 1]);
    end(probe, 'ok');
    expect([state.breakerState, excluded(), share('m'), share('other')]).toEqual([
      'closed',
      undefined,
      expect.closeTo(0.1),
      1,
    ]);
    expect(state.breakers.takeTransitions().map((each) => each.state)).toEqual(['ejected', 'restored']);
  });

  it('leaves the probe of the endpoint to the next when the model has no place', async () => {
    play('connect-failed', 5);
    await clock.advance(5_000);
    const probe = begin('m')!;
    expect(probe.permits.map((permit) => permit?.probe)).toEqual([true, false]);
    end(probe, 'rate-limited');
    expect(begin('m')?.permits[0]).toMatchObject({ probe: true });
  });

  it('of the endpoint waits for a model whose breaker is open, without losing the probe', async () => {
    play('ok', 1, 'well');
    play('server-error', 5, 'sick');
    play('connect-failed', 5, 'well');
    await clock.advance(5_000);
    const sick = begin('sick')!;
    expect(sick.permits.map((permit) => permit?.probe)).toEqual([true, true]);
    end(sick, 'server-error');
    // The server answered, so the endpoint is back; the model is not.
    expect([excluded('well'), excluded('sick')?.kind]).toEqual([undefined, 'ejected']);
  });

  it('is proved by the first content, long before the body ends', async () => {
    play('server-error', 5);
    await clock.advance(5_000);
    const probe = begin()!;
    state.proved(probe);
    expect([state.breakerState, state.inFlight]).toEqual(['closed', 1]);
    state.proved(probe);
    end(probe, 'ok');
    expect(state.breakers.takeTransitions().map((each) => each.state)).toEqual(['ejected', 'restored']);
  });

  it('is proved by the first content of a call let through in panic', () => {
    play('server-error', 5);
    const forced = begin('m', true)!;
    state.proved(forced);
    expect([state.breakerState, state.inFlight]).toEqual(['closed', 1]);
    end(forced, 'connection-lost', { scope: 'model' });
    expect(state.breakerState).toBe('closed');
  });

  it('is not proved by content of an attempt that is no probe, or that is over', async () => {
    const early = begin()!;
    play('server-error', 5);
    state.proved(early);
    expect(state.breakerState).toBe('open');
    await clock.advance(5_000);
    const probe = begin()!;
    end(probe, 'server-error');
    state.proved(probe);
    expect(state.breakerState).toBe('open');
  });
});

describe('going there all the same (panic, pins)', () => {
  it('always gets a place', () => {
    play('server-error', 5);
    const forced = begin('m', true);
    expect(forced?.permits.map((permit) => permit?.panic)).toEqual([undefined, true]);
    end(forced, 'ok');
    expect(state.breakerState).toBe('closed');
  });

  it('needs no breaker at all', () => {
    const calm = new EndpointState(false, clock, () => undefined);
    for (let i = 0; i < 50; i++) calm.end(calm.begin('m', 1, false)!, verdict('connect-failed'), 'chat');
    expect([
      calm.exclusion('m', 'chat'),
      calm.breakerState,
      calm.breakers.share('m', defaults.slowStart),
      calm.opensAt('m'),
    ]).toEqual([undefined, 'closed', 1, 0]);
    expect(calm.begin('m', 1, true)?.permits).toEqual([undefined, undefined]);
  });
});

describe('cooldowns', () => {
  const limited = (ms: number | undefined) =>
    ({ cooldown: { scope: 'model', reason: '429', ms, pause: true } }) satisfies Partial<Verdict>;

  it('follow the verdict: reported, announced, per model', () => {
    const before = touched;
    expect(end(begin(), 'rate-limited', limited(8_000))).toBe(8_000);
    expect(touched).toBeGreaterThan(before);
    expect(excluded()).toEqual({
      kind: 'limited',
      reason: 'cooling down (429)',
      until: 8_000,
      rateLimited: true,
      ejected: false,
    });
    expect(excluded('other')).toBeUndefined();
  });

  it.each([
    ['endpoint', 'other', 'files', true],
    ['operation', 'other', 'chat', true],
    ['operation', 'm', 'files', false],
    ['model', 'other', 'chat', false],
  ] as const)('of scope %s keep away %s for %s: %s', (scope, model, operation, kept) => {
    end(begin(), 'forbidden', { cooldown: { scope, reason: '403', ms: 1_000, pause: false } });
    expect(excluded(model, operation) !== undefined).toBe(kept);
  });

  it('that only people can end are refusals, not pauses', () => {
    end(begin(), 'credentials-refused', { cooldown: { scope: 'endpoint', reason: '401', ms: 300_000, pause: false } });
    expect(excluded()).toMatchObject({ kind: 'refused', rateLimited: false });
  });

  it('come before ejection in what is told', () => {
    play('server-error', 4);
    end(begin(), 'overloaded', { cooldown: { scope: 'model', reason: '503', ms: 60_000, pause: true } });
    expect(excluded()).toMatchObject({ kind: 'limited', reason: 'cooling down (503)' });
  });

  it('that only people can end are disproved by a success', () => {
    end(begin(), 'credentials-refused', { cooldown: { scope: 'endpoint', reason: '401', ms: 300_000, pause: false } });
    const before = touched;
    end(begin('m', true), 'ok');
    expect(excluded()).toBeUndefined();
    expect(touched).toBeGreaterThan(before);
  });

  it('are not disproved by the success of an attempt that began before', async () => {
    const stream = begin();
    await clock.advance(1_000);
    end(begin(), 'credentials-refused', { cooldown: { scope: 'endpoint', reason: '401', ms: 300_000, pause: false } });
    end(stream, 'ok');
    expect(excluded()).toMatchObject({ kind: 'refused', reason: 'cooling down (401)' });
  });

  it('that the upstream asked for outlast a success', () => {
    end(begin(), 'rate-limited', limited(8_000));
    end(begin('m', true), 'ok');
    expect(excluded()).toMatchObject({ kind: 'limited' });
  });

  it('without a hint start at 1 s again after a success', async () => {
    for (const ms of [1_000, 2_000, 4_000]) {
      expect(end(begin(), 'rate-limited', limited(undefined))).toBe(ms);
      await clock.advance(ms);
    }
    play('ok', 1);
    expect(end(begin(), 'rate-limited', limited(undefined))).toBe(1_000);
  });
});

describe('an endpoint gone silent', () => {
  it('is excluded while its probe waits, and comes back with the first byte', async () => {
    await clock.advance(1);
    const first = begin('m', false, 1_000)!;
    await clock.advance(1_001);
    const before = touched;
    const probe = begin('m', false, 1_000)!;
    expect(excluded()).toBeUndefined();
    await clock.advance(50);
    expect(excluded()).toEqual({
      kind: 'ejected',
      reason: 'unresponsive',
      until: 2_052,
      rateLimited: false,
      ejected: true,
    });
    expect(touched).toBeGreaterThan(before);
    state.answered(first);
    expect(excluded()).toBeUndefined();
    expect(state.answeredSince(1_000)).toBe(true);
    state.answered(probe);
  });

  it('is left alone for a while when a rescue was far faster', () => {
    const slow = begin()!;
    slow.beaten = 'far';
    end(slow, 'abandoned');
    expect(excluded()).toMatchObject({ reason: 'unresponsive', until: 5_000 });
  });
});

it('remembers what a model takes, from its first attempt on', () => {
  expect(state.latency('m')).toBeUndefined();
  const load = begin();
  state.latency('m')!.plain.record(10);
  expect(state.latency('m')!.plain.quantile(1)).toBeGreaterThanOrEqual(10);
  end(load, 'ok');
  expect([state.worksLately('m'), state.worksLately('other')]).toEqual([true, false]);
});
