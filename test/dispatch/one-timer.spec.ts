// A call has one timer, whatever may become due: its deadline, a rescue, a hedge, a cut, a wait of its own.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaults } from '../../src/config/defaults.ts';
import { CallTimer } from '../../src/dispatch/call-timer.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { dispatchBench, type Step } from '../support/dispatch-bench.ts';
import { aCall, apiError } from '../support/parts.ts';

let clock: ManualClock;
beforeEach(() => {
  clock = manualClock();
});

describe('a call has one timer', () => {
  let most = 0;
  beforeEach(() => {
    most = 0;
    const { after } = clock;
    vi.spyOn(clock, 'after').mockImplementation((...given) => {
      const cancel = after(...given);
      most = Math.max(most, clock.pending);
      return cancel;
    });
  });
  afterEach(() => expect([most, clock.pending]).toEqual([1, 0]));

  const pool = (...steps: Step[]) => dispatchBench({ a: steps, b: ['hang'] }, { clock });

  it('until its deadline', async () => {
    const { outcome } = pool('hang').call({ deadline: 60_000 }, { only: 'a' });
    await clock.advance(60_000);
    expect(await outcome).toMatchObject({ served: undefined, at: 60_000 });
  });

  it('with a rescue beside it', async () => {
    const bench = pool('hang');
    const { outcome } = bench.call({ deadline: 100_000 });
    await clock.advance(49_999);
    expect(bench.sent.b).toBe(0);
    await clock.advance(1);
    expect(bench.sent.b).toBe(1);
    await clock.advance(50_000);
    expect(await outcome).toMatchObject({ at: 100_000 });
  });

  it('with a hedge due, one of the reserve, and a rescue', async () => {
    const bench = pool('hang');
    const { state } = bench.endpoint('a');
    state.release(state.begin('gpt-5', 1, false)!);
    for (let i = 0; i < 20; i++) state.latency('gpt-5')!.plain.record(100);
    const { outcome } = bench.call({ deadline: 100_000, hedge: defaults.hedge });
    await clock.advance(100);
    expect(bench.sent.b).toBe(0);
    await clock.advance(200);
    expect(bench.sent.b).toBe(1);
    await clock.advance(100_000);
    expect(await outcome).toMatchObject({ at: 100_000 });
  });

  it('from its headers to its body', async () => {
    const bench = pool('ok');
    const { dispatcher } = bench;
    const story = dispatcher.open(aCall({ deadline: 100_000 }), async () => ({ status: 200, headers: new Headers() }));
    const first = await dispatcher.head(story);
    await clock.advance(10_000);
    const reading = dispatcher.body(story, first, () => new Promise(() => undefined));
    const late = expect(reading).rejects.toThrow('timed out');
    await clock.advance(89_999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    await late;
  });

  it('while it waits to be tried again', async () => {
    const bench = pool(apiError(409), 'ok');
    const { outcome } = bench.call();
    await clock.advance(0);
    expect(bench.names('call-waiting')).toHaveLength(1);
    await clock.advance(8_000);
    expect(await outcome).toMatchObject({ served: 'a', attempts: ['a', 'a'] });
  });
});

describe('the timer of a call', () => {
  it('rings at the time asked for, and is silent after that', async () => {
    const rung: number[] = [];
    const timer = new CallTimer(clock, { ring: (now) => void rung.push(now) });
    timer.set(100);
    await clock.advance(99);
    expect(rung).toEqual([]);
    await clock.advance(1_000);
    expect([rung, clock.pending]).toEqual([[100], 0]);
  });

  it('is set anew for what comes sooner, or much later, and kept for what comes a little later', () => {
    const after = vi.spyOn(clock, 'after');
    const timer = new CallTimer(clock, { ring: () => undefined });
    for (const at of [1_000, 1_050, 999, 1_100, 1_100]) timer.set(at);
    expect(after.mock.calls.map(([ms]) => ms)).toEqual([1_000, 999, 1_100]);
    expect(clock.pending).toBe(1);
    timer.set(Number.POSITIVE_INFINITY);
    expect(clock.pending).toBe(0);
  });

  it('lets a late one be late: what lies in the past is not taken for now', () => {
    const after = vi.spyOn(clock, 'after');
    vi.spyOn(clock, 'now').mockReturnValue(500);
    new CallTimer(clock, { ring: () => undefined }).set(400);
    expect(after.mock.calls[0]![0]).toBe(-100);
  });

  it('holds up no process while the call rests', () => {
    const after = vi.spyOn(clock, 'after');
    const timer = new CallTimer(clock, { ring: () => undefined });
    timer.set(100);
    timer.restUntil(1_000, () => undefined);
    expect([after.mock.calls.map(([ms, , keepAlive]) => [ms, keepAlive]), clock.pending]).toEqual([
      [
        [100, undefined],
        [1_000, false],
      ],
      1,
    ]);
  });
});
