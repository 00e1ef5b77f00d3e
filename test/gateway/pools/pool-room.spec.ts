import { expect, it } from 'vitest';
import type { Endpoint } from '../../../src/endpoint/endpoint.ts';
import { roomHeaders, shownDuration } from '../../../src/gateway/pools/pool-room.ts';

/** An endpoint, as far as its room is asked for. */
const endpoint = (limit: number, models: readonly string[] = ['m']) => ({
  drained: false,
  state: { quota: {}, clock: { now: () => 0 } },
  serves: (model: string) => models.includes(model),
  room: { names: { of: (key: string) => key }, left: () => ({ limit, left: limit / 2, fullInMs: 0 }) },
});

it("is the sum over a model's endpoints, whoever is drained or found to share its limits meanwhile", () => {
  const [one, two, other] = [endpoint(10), endpoint(20), endpoint(40, ['n'])];
  const pool = [one, two, other] as unknown as Endpoint[];
  const left = (model = 'm') => roomHeaders(pool, model)['x-ratelimit-remaining-requests'];
  expect([left(), left(), left('n'), left()]).toEqual(['15', '15', '20', '15']);
  one.state.quota = two.state.quota;
  expect(left()).toBe('10');
  one.state.quota = {};
  expect(left()).toBe('15');
  two.drained = true;
  expect(left()).toBe('5');
});

it.each([
  [0, '0ms'],
  [20, '20ms'],
  [999.2, '1000ms'],
  [1_500, '1.5s'],
  [59_990, '59.99s'],
  [360_000, '6m0s'],
  [361_400, '6m1s'],
])('%d ms is written as the API writes it: %s', (ms, shown) => {
  expect(shownDuration(ms)).toBe(shown);
});
