// Whose fault a failure was. Breakers open at the first failure here, so that whoever is blamed is ejected at once.
import { describe, expect, it } from 'vitest';
import { type Bench, dispatchBench, type Step } from '../support/dispatch-bench.ts';
import { apiError, breakerSettings, connectionError } from '../support/parts.ts';

const BROKE = apiError(500);
const RESET = connectionError('UND_ERR_SOCKET', { bytesRead: 0 });

/** A pool of endpoints that have all served a call at 0 ms, unless told otherwise. */
async function pool(
  scripts: Record<string, readonly Step[]>,
  { cold = [], breaker = {} }: { cold?: readonly string[]; breaker?: Parameters<typeof breakerSettings>[0] } = {},
): Promise<Bench> {
  const warm = Object.entries(scripts).map(([name, steps]): [string, readonly Step[]] => [
    name,
    cold.includes(name) ? steps : ['ok', ...steps],
  ]);
  const settings = { breaker: breakerSettings({ consecutiveFailures: 1, ...breaker }) };
  const bench = dispatchBench(Object.fromEntries(warm), { settings });
  for (const name of Object.keys(scripts)) if (!cold.includes(name)) await bench.call({}, { only: name }).outcome;
  bench.events.length = 0;
  return bench;
}

const once = { maxRetries: 0 };
const ejected = (bench: Bench) => bench.names('endpoint-ejected').map((event) => 'endpoint' in event && event.endpoint);
const failures = (bench: Bench) => bench.pool.endpoints.map(({ state }) => state.failures);

describe('the endpoint’s: another one served the call', () => {
  it('at once', async () => {
    const bench = await pool({ a: [BROKE], b: ['ok'] });
    await bench.call().outcome;
    expect(ejected(bench)).toEqual(['a']);
    expect(failures(bench)).toEqual([1, 0]);
  });

  it('all of those before it, whatever they had in common', async () => {
    const bench = await pool({ a: [BROKE], b: [BROKE], c: ['ok'] });
    await bench.call().outcome;
    expect(ejected(bench)).toEqual(['a', 'b']);
  });

  it.each([
    [0, 500],
    [1_000, 2_500],
  ])('a failure after %d ms is not held for longer than %d ms', async (ms, held) => {
    const bench = await pool({ a: [{ ms, fails: BROKE }], b: [{ ms: 60_000 }] });
    bench.call();
    await bench.clock.advance(ms + held - 1);
    expect(ejected(bench)).toEqual([]);
    await bench.clock.advance(1);
    expect(ejected(bench)).toEqual(['a']);
    expect(bench.names('endpoint-ejected')).toMatchObject([
      { callId: 'call-3', reason: 'server-error', model: 'gpt-5' },
    ]);
    await bench.clock.advance(60_000);
    expect(ejected(bench)).toEqual(['a']);
  });

  it('a connection that never stood is not held at all', async () => {
    const bench = await pool({ a: [connectionError('ECONNREFUSED')], b: ['hang'] });
    bench.call();
    await bench.clock.advance(0);
    expect(ejected(bench)).toEqual(['a']);
  });
});

describe('the call’s: it fails alike wherever others succeed', () => {
  it.each([
    ['500', BROKE, BROKE],
    ['503', apiError(503), apiError(503)],
    ['a broken connection', RESET, RESET],
    ['500, and a broken connection', BROKE, RESET],
  ])('%s: a success on either acquits both', async (_, a, b) => {
    for (const name of ['a', 'b']) {
      const bench = await pool({ a: [a, 'ok', a, BROKE], b: [b, 'ok', b, 'ok'] });
      await bench.call(once).outcome;
      expect(bench.pool.endpoints.map(({ state }) => state.failureRate.inDoubt)).toEqual([true, true]);
      await bench.call({}, { only: name }).outcome;
      expect(bench.pool.endpoints.map(({ state }) => state.failureRate.inDoubt)).toEqual([false, false]);
      await bench.clock.advance(10_000);
      expect(ejected(bench)).toEqual([]);
    }
  });

  it('503 and 500 are not alike', async () => {
    const bench = await pool({ a: [apiError(503)], b: [BROKE] });
    await bench.call(once).outcome;
    expect(ejected(bench)).toEqual(['a', 'b']);
  });

  it('is counted as a failure of the first endpoint only', async () => {
    const bench = await pool({ a: [BROKE], b: [BROKE], c: [BROKE] });
    await bench.call(once).outcome;
    expect(failures(bench)).toEqual([1, 0, 0]);
  });

  it('until it is known, the endpoints count as failing for failovers that cost nothing', async () => {
    const bench = await pool({ a: [BROKE, 'ok'], b: [BROKE] });
    await bench.call(once).outcome;
    expect(bench.pool.endpoints.map(({ state }) => state.failureRate.value)).toEqual([0.5, 0.5]);
    await bench.call().outcome;
    expect(bench.pool.endpoints.map(({ state }) => state.failureRate.value)).toEqual([0, 0]);
  });

  it.each([1, 2])(
    'one that fails on the only endpoint as often as it goes round (%d times), while others succeed',
    async (maxRetries) => {
      const bench = await pool({ a: [BROKE, 'ok', BROKE, 'ok', ...(maxRetries === 2 ? [BROKE] : []), 'ok'] });
      const poison = bench.call({ maxRetries });
      for (let round = 0; round < maxRetries; round++) {
        await bench.clock.advance(0);
        await bench.call().outcome;
        await bench.clock.advance(1_100);
      }
      expect(poison.told?.error).toBe(BROKE);
      await bench.call().outcome;
      await bench.clock.advance(10_000);
      expect(ejected(bench)).toEqual([]);
    },
  );

  it('the replay of a lost connection is no second opinion', async () => {
    const bench = await pool({ a: [connectionError('ECONNRESET')] });
    expect(await bench.call(once).outcome).toMatchObject({ attempts: ['a', 'a'] });
    expect(ejected(bench)).toEqual(['a']);
  });

  it('nothing is held over a second wait', async () => {
    const bench = await pool({ a: [BROKE, apiError(429, {}, { 'retry-after-ms': '1000' }), BROKE] });
    bench.call();
    await bench.clock.advance(0);
    expect(ejected(bench)).toEqual([]);
    await bench.clock.advance(560);
    expect(ejected(bench)).toEqual(['a']);
  });

  it('one without a second opinion is doubted only among others', async () => {
    const bench = await pool({ a: [BROKE, BROKE, 'ok'], b: [BROKE, 'ok'] });
    await bench.call(once).outcome;
    await bench.call(once, { only: 'a' }).outcome;
    await bench.call({}, { only: 'a' }).outcome;
    expect(ejected(bench)).toEqual([]);
    const alone = await pool({ a: [BROKE, 'ok'], b: ['ok'] });
    await alone.call(once, { only: 'a' }).outcome;
    expect(ejected(alone)).toEqual(['a']);
  });

  it('as a probe it proves nothing: the next call may probe', async () => {
    const bench = await pool({ a: [BROKE, BROKE, 'ok'], b: ['ok', BROKE, 'ok'] });
    await bench.call().outcome;
    await bench.clock.advance(5_000);
    await bench.call(once).outcome;
    expect(bench.endpoint('a').state.breakerState).toBe('open');
    expect(await bench.call().outcome).toMatchObject({ served: 'a' });
    expect(bench.endpoint('a').state.breakerState).toBe('closed');
    expect(ejected(bench)).toEqual(['a']);
  });

  it('may turn out on endpoints that have not served anybody yet, as long as calls run there', async () => {
    const bench = await pool({ a: [{ ms: 100 }, BROKE], b: [BROKE] }, { cold: ['a', 'b'] });
    const good = bench.call();
    await bench.call(once).outcome;
    await bench.clock.advance(100);
    expect(good.told?.served).toBe('a');
    await bench.clock.advance(10_000);
    expect(ejected(bench)).toEqual([]);
  });
});

describe('an outage all the same', () => {
  it('of all: counted when nobody has succeeded for far longer than usual', async () => {
    const bench = await pool({ a: [BROKE], b: [BROKE] });
    await bench.call(once).outcome;
    await bench.clock.advance(900);
    await bench.call(once).outcome;
    expect(ejected(bench)).toEqual([]);
    await bench.clock.advance(1);
    await bench.call(once).outcome;
    expect(ejected(bench).sort()).toEqual(['a', 'b']);
    expect(bench.names('endpoint-ejected')).toMatchObject([{ callId: 'call-3' }, { callId: 'call-3' }]);
  });

  it('of endpoints that serve nobody: counted at once', async () => {
    const bench = await pool({ a: [BROKE], b: [BROKE] }, { cold: ['a', 'b'] });
    await bench.call(once).outcome;
    expect(ejected(bench)).toEqual(['a', 'b']);
  });

  it('of the only endpoint: counted at once when the call does not go round again', async () => {
    const bench = await pool({ a: [BROKE] });
    await bench.call(once).outcome;
    expect(ejected(bench)).toEqual(['a']);
  });

  it('a call that waits for long is not waited for', async () => {
    const limited = apiError(429, {}, { 'retry-after': '30' });
    const bench = await pool({ a: [BROKE], b: [limited] });
    bench.call();
    await bench.clock.advance(0);
    expect(ejected(bench)).toEqual([]);
    const later = await pool({ a: [apiError(503, {}, { 'retry-after': '30' })], b: [limited] });
    later.call();
    await later.clock.advance(0);
    expect(ejected(later)).toEqual(['a']);
  });

  it('once it is known, a probe that fails has failed: the next one comes later, and later again', async () => {
    const bench = await pool({ a: Array.from({ length: 60 }, () => BROKE), b: [] });
    const pinned = () => bench.call({ maxRetries: 1 }, { only: 'a' });
    for (let second = 0; second < 40; second++) {
      pinned();
      await bench.clock.advance(1_000);
    }
    const pauses = bench
      .names('endpoint-ejected')
      .flatMap((event) => (event.type === 'endpoint-ejected' ? [event.openMs] : []));
    expect(pauses.length).toBeGreaterThanOrEqual(3);
    expect(pauses.at(-1)).toBeGreaterThan(pauses[0] as number);
  });
});

describe('with no budget for a second attempt', () => {
  const turns = (count: number, ...steps: Step[]) => Array.from({ length: count }, () => steps).flat();
  /** One endpoint, and calls in turn: bad ones, tried twice as long as the budget lasts, and good ones. */
  const run = async (minPerSecond: number, asked: number, unasked: number) => {
    const settings = { breaker: breakerSettings({ consecutiveFailures: 1 }), retryBudget: { ratio: 0, minPerSecond } };
    const steps = [...turns(asked, BROKE, BROKE, 'ok'), ...turns(unasked, BROKE, 'ok')];
    const bench = dispatchBench({ a: ['ok', ...steps] }, { settings });
    await bench.call().outcome;
    for (let i = 0; i < asked + unasked; i++) {
      const bad = bench.call({ maxRetries: 1 });
      await bench.clock.advance(600);
      expect(bad.told).toMatchObject({ served: undefined, attempts: i < asked ? ['a', 'a'] : ['a'] });
      await bench.call(once).outcome;
    }
    return bench;
  };

  it('a failure is held against the endpoint', async () => {
    expect(ejected(await run(0, 0, 1))).toEqual(['a']);
  });

  it('unless most of those that were asked about were the calls’ own', async () => {
    expect(ejected(await run(0.3, 3, 6))).toEqual([]);
  });
});
