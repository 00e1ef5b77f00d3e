// Calls of every kind at once, many of them given up, over endpoints that fail in every way: at the end nothing is left running.
import { expect, it } from 'vitest';
import { faultServer, type Step } from '../../src/testing/index.ts';
import { chat, endpointOf, gatewayWith } from '../support/gateway.ts';

/** Numbers in [0, 1) that are the same each time. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const FAULTS: readonly Step[] = [
  500,
  503,
  429,
  'reset',
  'html',
  'cut-body',
  { stream: 6, cutAfter: 2 },
  { stream: 6, cutAfter: 0 },
];

it('leaves nothing running, and answers every call that was not given up', async () => {
  const random = chance(7);
  const script = () => {
    const draw = random();
    if (draw < 0.15) return FAULTS[Math.floor(random() * FAULTS.length)];
    return draw < 0.5 ? { stream: 8, gap: Math.floor(random() * 6) } : undefined;
  };
  await using a = await faultServer({ name: 'a', script, latency: () => Math.floor(random() * 20) });
  await using b = await faultServer({ name: 'b', script, latency: () => Math.floor(random() * 20) });
  await using gateway = await gatewayWith(
    {
      breaker: false,
      endpoints: [endpointOf(a), endpointOf(b)],
      groups: {
        one: {
          endpoints: [
            { endpoint: 'a', model: 'gpt-5' },
            { endpoint: 'b', model: 'gpt-5' },
          ],
        },
        two: {
          strategy: 'least-busy',
          endpoints: [
            { endpoint: 'b', model: 'gpt-5' },
            { endpoint: 'a', model: 'gpt-5' },
          ],
        },
      },
    },
    { level: 'error' },
  );
  const results: Record<string, number> = {};
  const call = async (number: number) => {
    const abort = new AbortController();
    const leaves = random() < 0.3;
    if (leaves) setTimeout(() => abort.abort(), random() * 40);
    const init = chat(number % 2 === 0 ? 'one' : 'two', { stream: random() < 0.5 });
    const outcome = await gateway
      .get('/v1/chat/completions', { ...init, signal: abort.signal })
      .then(async (response) => {
        const text = await response.text();
        // What has status 200 came to its end.
        if (response.status === 200 && text.startsWith('data:')) expect(text).toContain('[DONE]');
        return String(response.status);
      })
      .catch((error: Error) => (abort.signal.aborted ? 'left' : error.message));
    results[outcome] = (results[outcome] ?? 0) + 1;
  };
  for (let round = 0; round < 12; round++)
    await Promise.all(Array.from({ length: 50 }, (_, index) => call(round * 50 + index)));
  // Cut streams are broken for their readers; all else has a status.
  const { left = 0, terminated = 0, 200: served = 0, ...others } = results;
  expect(Object.keys(others).every((status) => ['429', '500', '502', '503'].includes(status))).toBe(true);
  expect(left).toBeGreaterThan(50);
  expect(served).toBeGreaterThan(300);
  expect(terminated).toBeLessThan(60);
  await a.until(({ inFlight }) => inFlight === 0);
  await b.until(({ inFlight }) => inFlight === 0);
  expect(gateway.gateway.figures.running).toBe(0);
  const stats = (await (await gateway.get('/stats')).json()) as { endpoints: { inFlight: number }[] };
  expect(stats.endpoints.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
  // Nothing went wrong inside of the gateway itself.
  expect(gateway.lines).toEqual([]);
});
