// No caller can take an endpoint out for another: whatever sequence of its own faults it produces, the pool is as before.
import { describe, expect, it } from 'vitest';
import { fc, runs } from '../support/property.ts';
import { type Asking, openWorld, settle, type World } from './world/world.ts';

/** What other callers would notice of an endpoint. */
function health({ client }: World) {
  return client.balancer.snapshot().endpoints.map(({ breaker, models, cooldowns, excluded, failures }) => {
    return { breaker, models, cooldowns, excluded, failures };
  });
}

const WELL = ['a', 'b', 'c'].map(() => {
  return { breaker: 'closed', models: [], cooldowns: [], excluded: null, failures: 0 };
});

const kind = fc.constantFrom<Asking['kind']>('chat', 'chat', 'stream', 'create', 'raw');
/** One call that ends by the caller's own doing. `usual`: it is answered well, after so many ms. */
const fault = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ is: fc.constant('status' as const), status: fc.constantFrom(400, 413, 415, 422) }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('abort' as const), after: fc.constantFrom(0, 1, 500) }) },
  {
    weight: 5,
    arbitrary: fc.record({ is: fc.constant('timeout' as const), timeout: fc.constantFrom(1, 2, 5, 50, 400) }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('object' as const) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('usual' as const) }) },
);
/** Runs of the same fault, since it is numbers that break limits. */
const history = fc.array(fc.tuple(fault, kind, fc.integer({ min: 1, max: 30 })), { minLength: 1, maxLength: 8 });

/** What every endpoint takes to answer, in ms: far more than the timeouts of the faulty callers. */
const USUAL = 1_000;

async function commit(
  world: World,
  what: typeof fault extends fc.Arbitrary<infer Fault> ? Fault : never,
  how: Asking['kind'],
) {
  const model = 'gpt-5';
  if (what.is === 'timeout') {
    await world.call({ kind: how, model, timeout: what.timeout });
    await world.clock.advance(what.timeout);
  } else if (what.is === 'abort') {
    const one = await world.call({ kind: how, model });
    await world.clock.advance(what.after);
    one.abort.abort();
  } else if (what.is === 'object') {
    await world.call({ kind: 'object', model });
    world.pending('head').at(-1)?.answer({ is: 'status', status: 404 });
  } else {
    await world.call({ kind: how, model });
    if (what.is === 'usual') await world.clock.advance(USUAL);
    world
      .pending('head')
      .at(-1)
      ?.answer(what.is === 'usual' ? { is: 'ok' } : { is: 'status', status: what.status });
  }
  await settle();
}

describe('invariant 9: the caller’s own faults', () => {
  it('400, 413, 415, 422, a missing object, aborts and tiny timeouts, in any order and number, change nothing', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (all) => {
        const world = openWorld(['a', 'b', 'c']);
        for (const [what, how, times] of all) for (let time = 0; time < times; time++) await commit(world, what, how);
        expect(health(world)).toEqual(WELL);
        // What is judged later is judged by then.
        await world.clock.advance(30_000);
        expect(health(world)).toEqual(WELL);
        expect(world.events.filter(({ type }) => type === 'endpoint-ejected' || type === 'endpoint-cooldown')).toEqual(
          [],
        );
      }),
      runs(10),
    );
  });
});
