// The promises that are figures, on a clock turned by hand: endpoints that are well, however long they think, and endpoints whose
// callers make mistakes, are never left alone.
import { describe, expect, it } from 'vitest';
import type { Reply, Sending } from '../../src/dispatch/call-story.ts';
import { manualClock } from '../../src/testing/index.ts';
import { FULL } from '../support/calls.ts';
import { dispatchBench } from '../support/dispatch-bench.ts';
import { apiError } from '../support/parts.ts';

const LONG = { timeout: 280_000 };
const MINUTE = 60_000;

describe.each([
  ['plain', false],
  ['streamed', true],
] as const)('%s calls of a model that thinks for minutes', (_, stream) => {
  const CALLS = FULL ? 20_000 : 3_000;

  it('no endpoint is ejected, and at most one call in a hundred is asked twice', LONG, async () => {
    const clock = manualClock({ seed: 3 });
    // Lognormal: half of the answers take more than 15 s, one in a hundred more than three minutes.
    const normal = () => Math.sqrt(-2 * Math.log(1 - clock.random())) * Math.cos(2 * Math.PI * clock.random());
    const thinks = () => Math.min(8 * MINUTE, 15_000 * Math.exp(1.1 * normal()));
    const step = ({ signal }: Sending) =>
      new Promise<Reply>((resolve, reject) => {
        const cancel = clock.after(thinks(), () => resolve({ status: 200, headers: new Headers() }));
        signal.addEventListener('abort', () => {
          cancel();
          reject(new Error('given up'));
        });
      });
    const bench = dispatchBench({ a: [step], b: [step], c: [step] }, { clock, settings: { strategy: inTurn() } });
    const made = [];
    for (let call = 0; call < CALLS; call++) {
      made.push(bench.call({ stream }));
      await clock.advance(1_000);
    }
    await clock.advance(10 * MINUTE);
    expect(made.filter(({ told }) => told?.served === undefined)).toEqual([]);
    expect(bench.names('endpoint-ejected')).toEqual([]);
    const sent = Object.values(bench.sent).reduce((sum, count) => sum + count, 0);
    if (FULL) console.log(`${sent - CALLS} extra attempts for ${CALLS} calls`);
    expect(sent).toBeLessThanOrEqual(1.01 * CALLS);
  });
});

it('callers’ faults change no breaker and no cooldown: 400, abort, 1 ms of time', LONG, async () => {
  const outcomes = FULL ? 100_000 : 5_000;
  const clock = manualClock({ seed: 4 });
  const faults = [400, 413, 415, 422].map((status) => apiError(status));
  const step = ({ signal }: Sending) => {
    if (clock.random() < 0.4) return Promise.reject(faults[Math.floor(clock.random() * faults.length)]);
    return new Promise<Reply>((_, reject) => signal.addEventListener('abort', () => reject(new Error('given up'))));
  };
  const bench = dispatchBench({ a: [step], b: [step] }, { clock, settings: { strategy: inTurn() } });
  let over = 0;
  while (over < outcomes) {
    const aborting = new AbortController();
    const made = Array.from({ length: 100 }, (_, n) =>
      n % 2 === 0 ? bench.call({ deadline: clock.now() + 1 }) : bench.call({ signal: aborting.signal }),
    );
    await clock.advance(2);
    aborting.abort();
    await clock.advance(1);
    over += made.filter(({ told }) => told?.error !== undefined).length;
    bench.events.length = 0;
    for (const name of ['a', 'b']) {
      const { state } = bench.endpoint(name);
      expect([state.breakerState, state.failures, state.inFlight, state.cooldowns.list()]).toEqual([
        'closed',
        0,
        0,
        [],
      ]);
      expect(state.exclusion('gpt-5', 'chat')).toBeUndefined();
    }
  }
  expect(over).toBeGreaterThanOrEqual(outcomes);
});

/** Each endpoint in its turn. */
function inTurn() {
  let turn = 0;
  return { pick: <Candidate>(candidates: readonly Candidate[]) => candidates[turn++ % candidates.length]! };
}
