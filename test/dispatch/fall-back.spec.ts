// Which model is asked next, how often, and who pays: on a clock turned by hand.
import { describe, expect, it } from 'vitest';
import type { PoolSettings } from '../../src/config/settings.ts';
import { dispatchBench, type Step } from '../support/dispatch-bench.ts';
import { apiError } from '../support/parts.ts';

type Lists = Record<string, readonly string[]>;
const lists = (unserved: Lists, more: Partial<NonNullable<PoolSettings['fallbacks']>> = {}) => ({
  fallbacks: { unserved, 'context-length': {}, 'content-filter': {}, ...more },
});

/** What an endpoint does by model; a model not named is well. */
const by =
  (errors: Record<string, Error>, asked: (string | undefined)[] = []): Step =>
  async ({ model }) => {
    asked.push(model);
    const error = errors[String(model)];
    if (error) throw error;
    return { status: 200, headers: new Headers() };
  };

const DOWN = apiError(503);
const LIMITED = apiError(429, {}, { 'retry-after-ms': '4000' });
const TOO_LONG = apiError(400, { code: 'context_length_exceeded' });

describe('the models asked in the place of one that nobody serves', () => {
  it('come in the order of the list, a list of their own first, each once, whatever the lists say', async () => {
    const asked: string[] = [];
    const errors = { 'gpt-5': DOWN, a: DOWN, b: DOWN, c: DOWN };
    const bench = dispatchBench(
      { x: [by(errors, asked)] },
      { settings: { ...lists({ 'gpt-5': ['a', 'c'], a: ['b', 'gpt-5'], '*': ['a', 'c', 'd'] }), breaker: false } },
    );
    expect(await bench.call().outcome).toMatchObject({ served: 'x', error: undefined });
    expect(asked).toEqual(['gpt-5', 'a', 'b', 'c', 'd']);
  });

  it('are asked again after a wait, which is that of the call’s own model; each has maxAttempts', async () => {
    const asked: string[] = [];
    const bench = dispatchBench(
      { x: [by({ 'gpt-5': LIMITED, a: DOWN }, asked)] },
      { settings: { ...lists({ 'gpt-5': ['a'] }), breaker: false, waitingRoom: { maxWaiting: 9, maxWait: 5_000 } } },
    );
    const call = bench.call({ maxRetries: 9, maxAttempts: 3 });
    await bench.clock.advance(3_900);
    expect(asked).toEqual(['gpt-5', 'a']);
    await bench.clock.advance(600);
    expect(asked).toEqual(['gpt-5', 'a', 'gpt-5', 'a']);
    await bench.clock.advance(60_000);
    expect(asked).toEqual(['gpt-5', 'a', 'gpt-5', 'a', 'gpt-5', 'a']);
    expect(call.told?.error).toBe(LIMITED);
    expect(bench.names('call-waiting')).toHaveLength(2);
  });

  it('are asked where a key of the call’s own is limited for the model it asked for', async () => {
    const asked: string[] = [];
    const bench = dispatchBench({ x: [by({ 'gpt-5': LIMITED }, asked)] }, { settings: lists({ 'gpt-5': ['a'] }) });
    expect(await bench.call({ ownCredentials: true, maxRetries: 0 }).outcome).toMatchObject({ served: 'x', at: 0 });
    expect(asked).toEqual(['gpt-5', 'a']);
  });

  it('cost a call with maxRetries 0 no time', async () => {
    const bench = dispatchBench({ x: [by({ 'gpt-5': LIMITED })] }, { settings: lists({ 'gpt-5': ['a'] }) });
    expect(await bench.call({ maxRetries: 0 }).outcome).toMatchObject({ served: 'x', at: 0 });
  });

  it('are paid for like any other attempt: free after a 429, from the budget after failures', async () => {
    const broke = { retryBudget: { ratio: 0, minPerSecond: 0 } };
    const limited = dispatchBench(
      { x: [by({ 'gpt-5': LIMITED })] },
      { settings: { ...lists({ '*': ['a'] }), ...broke } },
    );
    expect(await limited.call().outcome).toMatchObject({ served: 'x' });
    const down = dispatchBench(
      { x: [by({ 'gpt-5': DOWN })] },
      { settings: { ...lists({ '*': ['a'] }), ...broke, breaker: false } },
    );
    // Its endpoint fails: asking it for more is no free ride.
    expect(await down.call({ maxRetries: 0 }).outcome).toMatchObject({ served: undefined, error: DOWN });
    expect(down.names('budget-exhausted').length).toBeGreaterThan(0);
  });

  it('cost nothing where the model is known to be out', async () => {
    const broke = { retryBudget: { ratio: 0, minPerSecond: 0 } };
    const bench = dispatchBench({ x: [by({ 'gpt-5': DOWN })] }, { settings: { ...lists({ '*': ['a'] }), ...broke } });
    // Another model that works keeps the endpoint in.
    for (let call = 0; call < 6; call++) await bench.call({ model: 'a' }).outcome;
    for (let call = 0; call < 6; call++) await bench.call({ maxRetries: 0 }).outcome;
    const { sent } = bench;
    const before = sent.x as number;
    for (let call = 0; call < 5; call++)
      expect(await bench.call({ maxRetries: 0 }).outcome).toMatchObject({ served: 'x', attempts: ['x'] });
    expect(sent.x).toBe(before + 5);
  });

  it('are none for a pinned call, one without a model, and one that is pinned to itself by its body', async () => {
    const bench = dispatchBench({ x: [DOWN] }, { settings: lists({ '*': ['a'] }) });
    for (const changes of [{ pin: 'x' }, { model: undefined }, { replay: 'once' as const }, { path: '/assistants' }])
      expect(await bench.call({ maxRetries: 0, ...changes }).outcome).toMatchObject({ attempts: ['x'] });
    expect(bench.names('fallback-start')).toEqual([]);
  });

  it('do not come in for a lock', async () => {
    const bench = dispatchBench({ x: [apiError(409), 'ok'] }, { settings: lists({ '*': ['a'] }) });
    const call = bench.call();
    await bench.clock.advance(1_000);
    expect(call.told).toMatchObject({ served: 'x', verdicts: ['conflict', 'ok'] });
    expect(bench.names('fallback-start')).toEqual([]);
  });
});

describe('the models asked after a refusal', () => {
  it('come from the list for it, in which the next refusal finds its own', async () => {
    const asked: string[] = [];
    const bench = dispatchBench(
      { x: [by({ 'gpt-5': TOO_LONG, long: TOO_LONG }, asked)] },
      { settings: lists({ '*': ['no'] }, { 'context-length': { 'gpt-5': ['long'], long: ['longer'] } }) },
    );
    expect(await bench.call().outcome).toMatchObject({ served: 'x' });
    expect(asked).toEqual(['gpt-5', 'long', 'longer']);
    expect(bench.names('fallback-start')).toMatchObject([
      { from: 'gpt-5', model: 'long', reason: 'context-length' },
      { from: 'long', model: 'longer', reason: 'context-length' },
    ]);
  });

  it('are told to the log once a minute', async () => {
    const settings = lists({}, { 'context-length': { '*': ['long'] } });
    const bench = dispatchBench({ x: [by({ 'gpt-5': TOO_LONG })] }, { settings });
    for (let call = 0; call < 3; call++) await bench.call().outcome;
    expect(bench.lines.filter((line) => line.startsWith('warn'))).toEqual([
      "warn: [load-balanced-openai] 'long' is asked in the place of 'gpt-5'",
    ]);
  });

  it('the user’s own word may name the reason', async () => {
    const settings = {
      ...lists({}, { 'content-filter': { '*': ['lenient'] } }),
      classify: () => ({ reason: 'content-filter' }) as const,
    };
    const bench = dispatchBench({ x: [by({ 'gpt-5': apiError(400, { code: 'house_rules' }) })] }, { settings });
    expect(await bench.call().outcome).toMatchObject({ served: 'x', verdicts: ['caller-error', 'ok'] });
  });
});
