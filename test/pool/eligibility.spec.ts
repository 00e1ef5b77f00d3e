// Why an endpoint does not take a call: one named reason each, in the order in which they matter.
import { beforeEach, expect, it } from 'vitest';
import type { Verdict } from '../../src/call/outcome.ts';
import { verdict } from '../../src/dispatch/verdicts.ts';
import type { Endpoint } from '../../src/endpoint/endpoint.ts';
import { refusals } from '../../src/pool/eligibility.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { aCall, anEndpoint } from '../support/parts.ts';

let clock: ManualClock;
beforeEach(() => {
  clock = manualClock();
});
const NEVER = Number.POSITIVE_INFINITY;

function end(endpoint: Endpoint, changes: Partial<Verdict>): void {
  endpoint.state.end(endpoint.state.begin('gpt-5', 1_000, false)!, verdict('rate-limited', changes), 'chat');
}
function eject(endpoint: Endpoint): void {
  for (let i = 0; i < 5; i++)
    endpoint.state.end(endpoint.state.begin('gpt-5', 1_000, false)!, verdict('connect-failed'), 'chat');
}
const of = (endpoint: Endpoint, tried: Endpoint[] = []) =>
  refusals([endpoint], aCall(), new Set(tried)).map(({ endpoint: _, ...rest }) => rest);

it('there is none for an endpoint that could take the call', () => {
  expect(of(anEndpoint(clock))).toEqual([]);
});

it.each<[string, Parameters<typeof anEndpoint>[1], (endpoint: Endpoint) => unknown, object]>([
  [
    'drained',
    {},
    (e) => Object.assign(e, { drained: true }),
    { kind: 'unfit', reason: 'drained', until: NEVER, rateLimited: false },
  ],
  [
    'no such model',
    { models: ['x'] },
    () => undefined,
    { kind: 'unfit', reason: "has no model 'gpt-5' (models)", until: NEVER, rateLimited: false },
  ],
  [
    'no such operation',
    { operations: new Set(['files']) },
    () => undefined,
    { kind: 'unfit', reason: 'is not used for chat (operations)' },
  ],
  [
    'a rate limit',
    {},
    (e) => end(e, { cooldown: { scope: 'model', reason: '429', ms: 2_000, pause: true } }),
    { kind: 'limited', reason: 'cooling down (429)', until: 2_000, rateLimited: true },
  ],
  [
    'a pause after an overload',
    {},
    (e) => end(e, { cooldown: { scope: 'model', reason: '503', ms: 2_000, pause: true } }),
    { kind: 'limited', reason: 'cooling down (503)', until: 2_000, rateLimited: false },
  ],
  [
    'a refused key',
    {},
    (e) => end(e, { cooldown: { scope: 'endpoint', reason: '401', ms: 300_000, pause: false } }),
    { kind: 'refused', reason: 'cooling down (401)', until: 300_000, rateLimited: false },
  ],
  ['ejection', {}, eject, { kind: 'ejected', reason: 'ejected after failures', rateLimited: false }],
])('%s', (_, settings, happen, expected) => {
  const endpoint = anEndpoint(clock, settings);
  happen(endpoint);
  expect(of(endpoint)).toEqual([expect.objectContaining(expected)]);
});

it('having been tried is the last of reasons: whatever keeps it away for longer is told instead', () => {
  const endpoint = anEndpoint(clock);
  expect(of(endpoint, [endpoint])).toEqual([
    { kind: 'tried', reason: 'failed this call', until: 0, rateLimited: false, ejected: false },
  ]);
  end(endpoint, { cooldown: { scope: 'model', reason: '429', ms: 2_000, pause: true } });
  expect(of(endpoint, [endpoint])[0]).toMatchObject({ kind: 'limited' });
  endpoint.drained = true;
  expect(of(endpoint, [endpoint])[0]).toMatchObject({ kind: 'unfit' });
});

it('is asked for the model and the operation of the call', () => {
  const endpoint = anEndpoint(clock);
  end(endpoint, { cooldown: { scope: 'model', reason: '429', ms: 2_000, pause: true } });
  expect(refusals([endpoint], aCall({ model: 'other' }), new Set())).toEqual([]);
  expect(refusals([endpoint], aCall({ path: '/files', model: undefined }), new Set())).toEqual([]);
});

it('lists endpoints in the user’s order', () => {
  const all = ['a', 'b', 'c'].map((name) => anEndpoint(clock, { name }));
  all[0]!.drained = true;
  all[2]!.drained = true;
  expect(refusals(all, aCall(), new Set()).map(({ endpoint }) => endpoint.name)).toEqual(['a', 'c']);
});
