// The promise: a pool of a thousand endpoints costs what is used of it. Timers only while a call waits, SDK clients at the first call.
import { expect, it, vi } from 'vitest';
import { attemptClient } from '../../src/endpoint/sdk-client.ts';
import { LoadBalancedOpenAI } from '../../src/index.ts';

vi.mock(import('../../src/endpoint/sdk-client.ts'), async (original) => {
  const real = await original();
  return { ...real, attemptClient: vi.fn(real.attemptClient) };
});

const MANY = 1_000;
const HUNDREDS = 200;
/** For whatever the process does by the way. */
const ONE = 1;
const BODY = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
};
const ASK = { model: 'm', messages: [{ role: 'user' as const, content: 'hello' }] };

const timers = () =>
  process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name === 'Immediate').length;
const hostOf = (url: unknown) => new URL(String(url)).hostname;

function poolOf(fetch: typeof globalThis.fetch, options = {}, count = MANY): LoadBalancedOpenAI {
  const endpoints = Array.from({ length: count }, (_, i) => ({
    apiKey: `key-${i}`,
    baseURL: `https://h${i}.example/v1`,
  }));
  return new LoadBalancedOpenAI(endpoints, { fetch, logLevel: 'off', shareState: false, ...options });
}

it('builds nothing but its own books: no timer, no SDK client, no question to the network', () => {
  vi.mocked(attemptClient).mockClear();
  const before = timers();
  const fetch = vi.fn();
  poolOf(fetch);
  expect(attemptClient).not.toHaveBeenCalled();
  expect(fetch).not.toHaveBeenCalled();
  expect(timers()).toBeLessThanOrEqual(before);
});

it('builds the SDK client of an endpoint at its first call, and once', async () => {
  vi.mocked(attemptClient).mockClear();
  const asked: string[] = [];
  const client = poolOf(async (url) => {
    asked.push(hostOf(url));
    return Response.json(BODY);
  });
  for (let i = 0; i < 3; i++) await client.chat.completions.create(ASK);
  expect(attemptClient).toHaveBeenCalledTimes(3);
  for (let i = 3; i < 2 * MANY; i++) await client.chat.completions.create(ASK);
  expect(attemptClient).toHaveBeenCalledTimes(MANY);
  expect(new Set(asked).size).toBe(MANY);
});

it('hundreds of breakers, closed, failing or open, have one timer in all at most', async () => {
  const before = timers();
  const client = poolOf(
    async () => Response.json({ error: { message: 'broken' } }, { status: 500 }),
    {
      failover: false,
      maxRetries: 0,
      panic: false,
      breaker: { consecutiveFailures: 2, maxEjectedPercentage: 100, resetTimeout: 300_000, maxResetTimeout: 300_000 },
    },
    HUNDREDS,
  );
  const call = () => client.chat.completions.create(ASK).catch((error: Error) => error);
  for (let i = 0; i < HUNDREDS; i++) await call();
  expect(client.balancer.snapshot().endpoints.filter(({ breaker }) => breaker === 'closed')).toHaveLength(HUNDREDS);
  expect(timers()).toBeLessThanOrEqual(before + ONE);
  for (let i = 0; i < HUNDREDS; i++) await call();
  expect(client.balancer.snapshot().endpoints.filter(({ breaker }) => breaker === 'open')).toHaveLength(HUNDREDS);
  expect(timers()).toBeLessThanOrEqual(before + ONE);
});

it('a thousand calls under way with one signal warn of no leak of listeners, and leave no timer', async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on('warning', warned);
  const before = timers();
  const waiting: Array<() => void> = [];
  const client = poolOf(() => new Promise((resolve) => void waiting.push(() => resolve(Response.json(BODY)))), {
    maxAttempts: 3,
  });
  const stop = new AbortController();
  const calls = Array.from({ length: MANY }, () => client.chat.completions.create(ASK, { signal: stop.signal }));
  await vi.waitFor(() => expect(waiting).toHaveLength(MANY));
  for (const answer of waiting) answer();
  await Promise.all(calls);
  await new Promise(setImmediate);
  process.off('warning', warned);
  expect(warnings).toEqual([]);
  expect(timers()).toBeLessThanOrEqual(before + ONE);
});
