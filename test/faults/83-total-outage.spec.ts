// Row 83: everybody fails for two seconds. The plain SDK stands beside the pool, in the same outage, one endpoint of its own.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { attemptsOf, NoEndpointAvailableError } from '../../src/index.ts';
import { type FaultServer, faultServer, type Step } from '../../src/testing/index.ts';
import { chat, failure } from '../support/calls.ts';
import { lag } from '../support/lag.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { row } from './row.ts';

const SECOND = 1_000;
const OUTAGE = 2 * SECOND;
/** The plain SDK goes again after 375 to 500 ms, and after 750 to 1,000 ms: what began so long before the end it keeps for certain. */
const KEPT_BY_PLAIN = 375 + 750;
/** A pace at which the retry budget pays for whatever the calls may try again. */
const EVERY = 100;

interface Made {
  /** Begun so many ms after the outage. */
  readonly at: number;
  readonly ms: number;
  readonly error: unknown;
}

/** Calls at a steady pace, from half a second before the outage to half a second after it. */
async function steady(call: () => PromiseLike<unknown>, outageAt: number): Promise<Made[]> {
  const made: Promise<Made>[] = [];
  for (let due = outageAt - 500; due < outageAt + OUTAGE + 500; due += EVERY) {
    await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
    const from = performance.now();
    const told = (error?: unknown) => ({ at: from - outageAt, ms: performance.now() - from, error });
    made.push(Promise.resolve(call()).then(() => told(), told));
  }
  return Promise.all(made);
}

type Fault = Step | 'refused';
const POOLS: readonly [Fault, readonly string[]][] = [
  [500, ['a']],
  [503, ['a', 'b']],
  [500, ['a', 'b', 'c']],
  ['reset', ['a', 'b']],
  ['refused', ['a', 'b']],
  ['refused', ['a', 'b', 'c']],
];

/** Lets servers fail for a while. @returns how long it lasted */
async function outage(servers: readonly FaultServer[], fault: Fault, at: number): Promise<number> {
  const until = (time: number) => new Promise((resolve) => setTimeout(resolve, time - performance.now()));
  await until(at);
  for (const server of servers) {
    if (fault === 'refused') await server.refuse();
    else server.script(fault);
  }
  await until(at + OUTAGE);
  for (const server of servers) {
    if (fault === 'refused') await server.accept();
    else server.script('ok');
  }
  return performance.now() - at;
}

async function inOutage(fault: Fault, names: readonly string[]) {
  await using stage: Stage = await openStage(Object.fromEntries(names.map((name) => [name, []])), {
    strategy: 'round-robin',
  });
  await using alone = await faultServer();
  const plain = new OpenAI({ baseURL: alone.url, apiKey: 'plain', logLevel: 'off' });
  const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };
  const at = performance.now() + 600;
  const servers = Object.values(stage.servers);
  const [ours, theirs, lasted] = await Promise.all([
    steady(() => chat(stage.client), at),
    steady(() => plain.chat.completions.create(body), at),
    outage([...servers, alone], fault, at),
  ]);
  const requests = servers.reduce((sum, { calls }) => sum + calls, 0);
  return { what: `${String(fault)} on ${names.length}`, ours, theirs, lasted, requests };
}

const lost = (made: readonly Made[]) => made.filter(({ error }) => error !== undefined);

row(83, 'total outage of 2 s', 'nothing is lost that the plain SDK would not lose', () => {
  it('500, 503, reset or refused on one, two and three endpoints: what plain keeps for certain, ours keeps', {
    timeout: 60_000,
  }, async () => {
    const control = lag();
    const runs = await Promise.all(POOLS.map(([fault, names]) => inOutage(fault, names)));
    const late = control.stop();
    for (const { what, ours, theirs, lasted, requests } of runs) {
      const certain = ({ at }: Made) => at >= lasted - KEPT_BY_PLAIN;
      expect(lost(theirs).filter(certain)).toEqual([]);
      const needless = lost(ours).filter(certain);
      expect({ what, needless }).toEqual({ what, needless: [] });
      for (const { error, ms } of lost(ours)) {
        expect(error).toBeInstanceOf(OpenAI.OpenAIError);
        expect(attemptsOf(error).length).toBeLessThanOrEqual(what.startsWith('refused') ? 6 : 3);
        // The waits of the SDK, each up to a tenth longer, and then at most two seconds for a probe.
        expect(ms).toBeLessThan(1_650 + 2_200 + 50 + late);
      }
      expect(requests).toBeLessThanOrEqual(1.2 * ours.length + 100);
    }
  });

  it('a caller that never waits is told at once, as by the plain SDK, and served again after it', async () => {
    await using stage = await openStage({ a: 500, b: 500 });
    for (let call = 0; call < 10; call++) await failure(chat(stage.client, {}, { maxRetries: 0 }));
    const before = performance.now();
    const control = lag();
    const told = await Promise.all(
      Array.from({ length: 50 }, () => failure(chat(stage.client, {}, { maxRetries: 0 }))),
    );
    expect(performance.now() - before).toBeLessThan(100 + control.stop());
    expect(told.filter((error) => error instanceof NoEndpointAvailableError).length).toBeGreaterThan(40);
    for (const server of Object.values(stage.servers)) server.script('ok');
    await chat(stage.client);
    await chat(stage.client, {}, { maxRetries: 0 });
  });
});
