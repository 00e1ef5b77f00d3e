// Rows 62 and 63: an endpoint that fails now and then, and one that returns while many wait for it.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chat, FULL, failure, gate, many, servedBy } from '../support/calls.ts';
import { openStage, type StageOptions } from '../support/stage.ts';
import { row } from './row.ts';

const CALLS = FULL ? 5_000 : 500;
const MINUTES = 300_000;
/** The rate alone shall decide: five failures in a row happen by chance. */
const byRate = { consecutiveFailures: 1_000 };

/** `a` fails so many of a hundred of its requests, drawn from a seed; `b` is well. Twenty calls a second. */
async function partial(percent: number, options: StageOptions = {}, calls = CALLS) {
  const clock = manualClock();
  const { random } = manualClock({ seed: 62 });
  const script = () => (random() * 100 < percent ? 500 : 'ok');
  const stage = await openStage({ a: script, b: [] }, { strategy: 'round-robin', clock, ...options });
  let lost = 0;
  for (let call = 0; call < calls; call++) {
    await clock.advance(50);
    await chat(stage.client).catch(() => {
      lost += 1;
    });
  }
  const failed = stage.servers.a.requests.filter(({ status }) => status === 500).length;
  return Object.assign(stage, { clock, lost, failed });
}

const below = 'fails over, unseen by callers; ejected by rate only where half of its requests fail';

row(62, 'one endpoint fails a fifth of its requests with 500', below, () => {
  it('no call is lost, at one more request for each that failed, and with maxRetries: 0 too', {
    timeout: MINUTES,
  }, async () => {
    for (const maxRetries of [2, 0]) {
      await using stage = await partial(20, { maxRetries });
      expect([stage.lost, stage.events.of('budget-exhausted')]).toEqual([0, []]);
      expect(stage.failed).toBeGreaterThan(0.05 * CALLS);
      expect(stage.servers.a.calls + stage.servers.b.calls).toBe(CALLS + stage.failed);
      expect(stage.state('a').failures).toBe(stage.failed);
      expect(stage.state('b')).toMatchObject({ failures: 0, breaker: 'closed' });
    }
  });

  it('it keeps its share and is not ejected for that rate', { timeout: MINUTES }, async () => {
    await using stage = await partial(20, { breaker: byRate });
    expect(stage.state('a')).toMatchObject({ breaker: 'closed', excluded: null, cooldowns: [], inFlight: 0 });
    expect(stage.events.of('endpoint-ejected')).toEqual([]);
    expect(Math.abs(stage.servers.a.calls / CALLS - 0.5)).toBeLessThan(0.1);
  });

  it('at four in five it is ejected by its rate, after ten requests at the earliest, and no call is lost', async () => {
    await using stage = await partial(80, { breaker: byRate }, 100);
    expect(stage.lost).toBe(0);
    expect(stage.events.of('endpoint-ejected').map(({ endpoint }) => endpoint)).toContain('a');
    await using outOfTen = await partial(100, { breaker: byRate }, 60);
    expect(outOfTen.servers.a.calls).toBe(10);
  });

  it('errorThresholdPercentage ejects it at a lower rate', async () => {
    await using stage = await partial(20, { breaker: { ...byRate, errorThresholdPercentage: 10 } }, 200);
    expect([stage.lost, stage.events.of('endpoint-ejected').length > 0]).toEqual([0, true]);
  });

  it('with nobody else to ask and maxRetries: 0 each failure is the caller’s, as the SDK’s error', async () => {
    const { random } = manualClock({ seed: 62 });
    const script = () => (random() < 0.2 ? 500 : 'ok');
    await using stage = await openStage({ a: script }, { maxRetries: 0, breaker: byRate });
    const made = await many(200, 1, () => chat(stage.client));
    const errors = made.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    expect(errors).toHaveLength(stage.servers.a.requests.filter(({ status }) => status === 500).length);
    for (const error of errors) expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect([errors.length > 10, stage.servers.a.calls, stage.state('a').breaker]).toEqual([true, 200, 'closed']);
  });
});

const HERD = FULL ? 500 : 200;

row(
  63,
  'recovery herd: an endpoint returns while many want it',
  'one probe, then slow start over 10 s and 20 answers',
  () => {
    /** `a` was ejected and its open time is over; its next requests get what `next` says. */
    async function returning(next: () => Step | Promise<Step>, options: StageOptions = {}) {
      const clock = manualClock();
      const script = ({ number }: { number: number }) => (number === 1 ? 500 : next());
      const stage = await openStage(
        { a: { script, server: { remember: 0 } }, b: { script: [], server: { remember: 0 } } },
        { clock, strategy: 'round-robin', rescue: false, breaker: { consecutiveFailures: 1 }, ...options },
      );
      while (stage.state('a').breaker === 'closed') await chat(stage.client);
      await clock.advance(5_000);
      return Object.assign(stage, { clock });
    }

    /** @returns the share of so many calls that `a` was sent first */
    async function share(stage: Awaited<ReturnType<typeof returning>>, calls: number): Promise<number> {
      const before = stage.servers.a.calls;
      for (const each of await many(calls, 1, () => chat(stage.client))) expect(each.status).toBe('fulfilled');
      return (stage.servers.a.calls - before) / calls;
    }

    it('of many calls at once one is its probe; until that is answered all others go elsewhere', async () => {
      const probe = gate<Step>();
      await using stage = await returning(() => probe.promise);
      const calls = many(HERD, HERD, () => chat(stage.client).then(servedBy));
      await stage.servers.b.until(({ calls: arrived }) => arrived >= HERD);
      expect([stage.servers.a.calls, stage.state('a')]).toMatchObject([2, { breaker: 'half-open', inFlight: 1 }]);
      probe.open('ok');
      const served = (await calls).map((each) => each.status === 'fulfilled' && each.value);
      expect([served.filter((name) => name === 'a').length, served.filter((name) => name === 'b').length]).toEqual([
        ...[1, HERD - 1],
      ]);
      expect(stage.state('a')).toMatchObject({ breaker: 'closed', inFlight: 0 });
    });

    it('a probe that fails costs its call one failover, and the endpoint is out for twice as long', async () => {
      const probe = gate<Step>();
      await using stage = await returning(() => probe.promise);
      const calls = many(HERD, HERD, () => chat(stage.client).then(servedBy));
      await stage.servers.b.until(({ calls: arrived }) => arrived >= HERD);
      probe.open(500);
      expect((await calls).every((each) => each.status === 'fulfilled' && each.value === 'b')).toBe(true);
      const [first, second] = stage.events.of('endpoint-ejected').map(({ openMs }) => openMs);
      expect([first! <= 5_000, second! > 8_999, stage.servers.a.calls]).toEqual([true, true, 2]);
    });

    it('then it gets a tenth of its share, half-way about half of it, after 10 s and 20 answers all of it', async () => {
      await using stage = await returning(() => 'ok');
      while (stage.state('a').breaker !== 'closed') await chat(stage.client);
      // Its share of two is a half.
      expect(await share(stage, 400)).toBeLessThan(0.1);
      while (stage.state('a').successes < 30) await chat(stage.client);
      await stage.clock.advance(5_000);
      const half = await share(stage, 400);
      expect([half > 0.2, half < 0.46]).toEqual([true, true]);
      await stage.clock.advance(5_000);
      expect(Math.abs((await share(stage, 400)) - 0.5)).toBeLessThan(0.01);
    });

    it('time alone is not enough: without answers from it it stays at a tenth', async () => {
      await using stage = await returning(() => 'ok');
      while (stage.state('a').breaker !== 'closed') await chat(stage.client);
      await stage.clock.advance(60_000);
      expect(await share(stage, 60)).toBeLessThan(0.3);
    });

    it('nobody else is there: one probe, the others are refused or wait their backoff; once it is answered all are served', async () => {
      const clock = manualClock();
      const probe = gate<Step>();
      const script = ({ number }: { number: number }) => (number === 1 ? 500 : number === 2 ? probe.promise : 'ok');
      await using stage = await openStage(
        { a: script },
        { clock, panic: false, rescue: false, breaker: { consecutiveFailures: 1 }, maxRetries: 0 },
      );
      await failure(chat(stage.client));
      await clock.advance(5_000);
      const first = chat(stage.client).then(servedBy);
      await stage.servers.a.until(({ calls }) => calls === 2);
      const refused = await many(HERD, HERD, () => chat(stage.client));
      for (const each of refused)
        expect(each).toMatchObject({ reason: { code: 'no_endpoint_available', status: 503 } });
      expect([stage.servers.a.calls, stage.state('a').inFlight]).toEqual([2, 1]);
      probe.open('ok');
      expect(await first).toBe('a');
      const served = await many(HERD, HERD, () => chat(stage.client));
      expect(served.filter(({ status }) => status === 'rejected')).toEqual([]);
      expect([stage.servers.a.calls, stage.state('a').inFlight]).toEqual([2 + HERD, 0]);
    });
  },
);
