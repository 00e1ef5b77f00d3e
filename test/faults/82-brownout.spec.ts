// Row 82: every endpoint fails half of its requests, at random. Three attempts that each fail half of the time answer 87.5 % of the
// calls, whoever makes them: more takes more attempts, and a busy pool must not double the load of servers that struggle.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { chat, FULL, many } from '../support/calls.ts';
import { openStage, type Stage, type StageOptions } from '../support/stage.ts';
import { row } from './row.ts';

const CALLS = FULL ? 5_000 : 400;
const MINUTES = 300_000;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Three endpoints, each of which fails half of its requests, drawn from a seed. */
async function brownout(options: StageOptions = {}) {
  const clock = manualClock({ seed: 7 });
  const { random } = manualClock({ seed: 82 });
  const half = () => (random() < 0.5 ? 500 : 'ok');
  const stage = await openStage({ a: half, b: half, c: half }, { strategy: 'round-robin', clock, ...options });
  return Object.assign(stage, { clock });
}

const sent = (stage: Stage) => Object.values(stage.servers).reduce((sum, server) => sum + server.calls, 0);

/** Five calls a second, one after another. @returns what each failed call was thrown */
async function steady(stage: Stage & { clock: ManualClock }): Promise<Error[]> {
  const failed: Error[] = [];
  for (let call = 0; call < CALLS; call++) {
    let over = false;
    const made = chat(stage.client)
      .catch((error: Error) => void failed.push(error))
      .finally(() => {
        over = true;
      });
    for (let turns = 0; !over; turns++) {
      if (turns % 20 === 19) await stage.clock.advance(100);
      await turn();
    }
    await made;
    await stage.clock.advance(200);
  }
  return failed;
}

/** Five standard deviations below what so many attempts a call give at one half. */
function atLeast(attempts: number): number {
  const lost = 0.5 ** attempts;
  return CALLS * (1 - lost) - 5 * Math.sqrt(CALLS * lost * (1 - lost));
}

const verdict = 'three attempts a call by default; five answer more than nine in ten; a busy pool adds a fifth at most';

row(82, 'brownout: half of all requests fail with 500, everywhere, at random', verdict, () => {
  it('default options: a call is lost only after three attempts, with the server’s 500; nobody is refused unsent', {
    timeout: MINUTES,
  }, async () => {
    await using stage = await brownout();
    const failed = await steady(stage);
    for (const error of failed) {
      expect(error).toBeInstanceOf(OpenAI.InternalServerError);
      expect(attemptsOf(error)).toHaveLength(3);
    }
    expect(CALLS - failed.length).toBeGreaterThanOrEqual(atLeast(3));
    expect(stage.client.balancer.snapshot()).toMatchObject({ waiting: 0 });
  });

  it('with maxRetries: 4 more than nine in ten are answered', { timeout: MINUTES }, async () => {
    await using stage = await brownout({ maxRetries: 4 });
    const failed = await steady(stage);
    expect(CALLS - failed.length).toBeGreaterThanOrEqual(0.9 * CALLS);
  });

  it('many at once: every call has its attempt, the servers get a fifth more requests than calls at most', {
    timeout: MINUTES,
  }, async () => {
    await using stage = await brownout({ clock: undefined, maxRetries: 0 });
    const from = performance.now();
    const made = await many(CALLS, 32, () => chat(stage.client));
    const seconds = (performance.now() - from) / 1_000;
    const failed = made.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []));
    for (const error of failed) expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(sent(stage)).toBeGreaterThanOrEqual(CALLS);
    expect(sent(stage)).toBeLessThanOrEqual(1.2 * CALLS + 100 + 10 * seconds);
  });
});
