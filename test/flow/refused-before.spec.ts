// The promise: an endpoint that refused calls before (its key, a model, an operation) is asked all the same when nobody else is
// left, and such a call has everything another has: it waits and goes again where the SDK would, and a success ends the refusal.
import { describe, expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chat, failure } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';

const REFUSALS: readonly [what: string, step: Step, status: number][] = [
  ['its key', 401, 401],
  ['the money', { status: 429, code: 'insufficient_quota' }, 429],
  ['the model', { status: 404, code: 'model_not_found' }, 404],
  ['the operation', 501, 501],
];

describe.each(REFUSALS)('alone, after a refusal of %s', (_, step, status) => {
  it('a call waits and goes again after a failure that passes, and its success ends the refusal', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [step, 503, 'reset', 'ok', 503, 'ok'] }, { clock });
    const { client, servers, events } = stage;
    expect(await failure(chat(client))).toMatchObject({ status });
    expect(stage.state('a').cooldowns).toHaveLength(1);
    const second = chat(client);
    for (const count of [1, 2]) {
      await events.until('call-waiting');
      await servers.a.until(({ calls, inFlight }) => calls === 1 + count && inFlight === 0);
      events.clear();
      await clock.advance(10_000);
    }
    expect(attemptsOf(await second).map(({ verdict }) => verdict)).toEqual(['overloaded', 'connection-lost', 'ok']);
    expect(stage.state('a')).toMatchObject({ cooldowns: [], excluded: null });
  });

  it('a call that is refused again ends there, after one request', async () => {
    await using stage = await openStage({ a: step });
    for (let call = 1; call <= 3; call++) {
      const error = await failure(chat(stage.client));
      expect(error).toMatchObject({ status });
      expect(attemptsOf(error)).toHaveLength(1);
      expect(stage.servers.a.calls).toBe(call);
    }
    expect(stage.events.of('call-waiting')).toEqual([]);
  });
});
