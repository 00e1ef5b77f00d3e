// The promises that are figures: how many calls are kept while endpoints fail, and how little a failing pool is asked.
// FULL=1 takes the counts that are promised; otherwise the same is shown with fewer calls.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock, type ServerRequest, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, FULL, many, read } from '../support/calls.ts';
import { dispatchBench } from '../support/dispatch-bench.ts';
import { apiError } from '../support/parts.ts';
import { openStage, type Stage } from '../support/stage.ts';

const LONG = { timeout: 1_800_000 };

/** A chat call whose number the servers can see; streams are read to their end. Rejects when it is lost. */
async function numbered({ client }: Pick<Stage, 'client'>, index: number, stream: boolean): Promise<unknown> {
  if (!stream) return chat(client, { user: String(index) });
  const { text, error } = await read(await chatStream(client, { user: String(index) }));
  if (error !== undefined) throw error;
  if (text === '') throw new Error('a stream without text');
  return text;
}

const numberOf = ({ body }: ServerRequest) => Number((body as { user: string }).user);
const lostOf = (results: PromiseSettledResult<unknown>[]) =>
  results.flatMap((result, index) => (result.status === 'rejected' ? [[index, result.reason] as const] : []));

describe('three endpoints that each fail one request in ten, each in its own way', () => {
  const CALLS = FULL ? 100_000 : 1_500;
  const FAULTS: readonly Step[] = [500, 503, 'reset', 'cut-body', 'html', { stream: 3, cutAfter: 0 }];
  const RATE = 0.1;

  it('a call is lost only when each of its three attempts met a fault: one in a thousand', LONG, async () => {
    const { random } = manualClock({ seed: 7 });
    // What the first, second and third attempt of each call meet, wherever they go.
    const met = Array.from({ length: CALLS }, () =>
      Array.from({ length: 3 }, () => (random() < RATE ? FAULTS[Math.floor(random() * FAULTS.length)] : undefined)),
    );
    const asked = new Uint8Array(CALLS);
    const script = (request: ServerRequest) => {
      const index = numberOf(request);
      asked[index]! += 1;
      return met[index]![asked[index]! - 1];
    };
    const endpoint = { script, server: { remember: 0 } };
    await using stage = await openStage({ a: endpoint, b: endpoint, c: endpoint }, { strategy: 'round-robin' });
    const results = await many(CALLS, 64, (index) => numbered(stage, index, index % 2 === 1));
    const lost = lostOf(results);
    const doomed = met.flatMap((faults, index) => (faults.every(Boolean) ? [index] : []));
    const needless = lost.filter(([index]) => !doomed.includes(index));
    expect(needless.map(([index, error]) => ({ index, error: String(error), attempts: attemptsOf(error) }))).toEqual(
      [],
    );
    expect(lost.length / CALLS).toBeLessThanOrEqual(0.0011);
    expect(Math.max(...asked)).toBeLessThanOrEqual(3);
    if (FULL) console.log(`kept ${100 * (1 - lost.length / CALLS)} % of ${CALLS}`);
  });
});

describe('one endpoint of three a black hole, default options, timeout 30 s', () => {
  const CALLS = FULL ? 600 : 60;
  const AT_ONCE = 30;

  it('every call is answered, plain and streamed', LONG, async () => {
    // Turned by hand, time passes only while every call left is in the hole.
    const clock = FULL ? undefined : manualClock();
    const options = { strategy: 'round-robin', timeout: 30_000, ...(clock && { clock }) } as const;
    await using stage = await openStage({ a: [], b: 'black-hole', c: [] }, options);
    let left = CALLS;
    const calls = many(CALLS, AT_ONCE, (index) =>
      numbered(stage, index, index % 2 === 1).finally(() => {
        left -= 1;
      }),
    );
    const { a, b, c } = stage.servers;
    while (clock && left > 0) {
      await sleep(5);
      const held = b.inFlight;
      if (held > 0 && held === Math.min(left, AT_ONCE) && a.inFlight + c.inFlight === 0) await clock.advance(1_000);
    }
    expect(lostOf(await calls)).toEqual([]);
    expect(b.calls).toBeGreaterThan(0);
  });
});

describe('calls open while one of two endpoints dies', () => {
  // The fast transport has 256 connections to each origin.
  const CALLS = process.env.TRANSPORT === 'fast' ? 255 : FULL ? 3_000 : 600;

  it('none is lost that had no content yet; the others throw and never look whole', LONG, async () => {
    // A third of the calls are plain, a third streams without content, a third streams in the midst of it.
    const step = (request: ServerRequest): Step =>
      request.number > CALLS ? 'ok' : numberOf(request) % 3 === 2 ? { stream: 6, stallAfter: 2 } : 'black-hole';
    const endpoint = { script: step, server: { remember: CALLS } };
    await using stage = await openStage(
      { a: endpoint, b: { script: (request) => (numberOf(request) % 3 === 2 ? { stream: 4 } : 'ok') } },
      { strategy: 'priority' },
    );
    const { a } = stage.servers;
    const results = many(CALLS, CALLS, (index) => numbered(stage, index, index % 3 > 0));
    await a.until(({ inFlight }) => inFlight === CALLS, 60_000);
    // Everybody who has content to read has read it.
    while (stage.state('a').successes + stage.state('a').failures > 0) await sleep(10);
    await sleep(200);
    await a.refuse();
    const lost = lostOf(await results);
    expect(lost.filter(([index]) => index % 3 !== 2)).toEqual([]);
    expect(lost).toHaveLength(CALLS / 3);
    for (const [, error] of lost) expect(attemptsOf(error)).toHaveLength(1);
    for (const name of ['a', 'b'] as const) expect(stage.state(name)).toMatchObject({ inFlight: 0 });
  });
});

/** By how much the requests of any 10 s exceed 1.2 for each call begun in that time. */
function worst(asked: readonly number[], begun: readonly number[]): number {
  let [most, first, from, to] = [0, 0, 0, 0];
  for (let last = 0; last < asked.length; last++) {
    const end = asked[last]!;
    while (asked[first]! <= end - 10_000) first += 1;
    while (begun[to]! <= end) to += 1;
    while (begun[from]! <= end - 10_000) from += 1;
    most = Math.max(most, last - first + 1 - 1.2 * (to - from));
  }
  return most;
}

describe('1,000 calls a second while every endpoint fails', () => {
  const SECONDS = FULL ? 25 : 2;
  const RATE = 1_000;

  /** Begins calls at that rate, or as many as the machine can serve, and lets them fail. */
  async function storm(stage: Stage, calls: number): Promise<void> {
    let [begun, over] = [0, 0];
    const made: Promise<unknown>[] = [];
    const from = performance.now();
    while (begun < calls) {
      const due = Math.min(calls, Math.floor(((performance.now() - from) * RATE) / 1_000));
      for (; begun < due && begun - over < RATE; begun++) {
        const call = numbered(stage, begun, false).catch(() => undefined);
        made.push(
          call.then(() => {
            over += 1;
          }),
        );
      }
      await sleep(5);
    }
    await Promise.all(made);
  }

  it('breaker: false: at most 1.2 requests a call and 100', LONG, async () => {
    await using stage = await openStage(
      { a: 500, b: 503, c: 'html' },
      { strategy: 'round-robin', breaker: false, maxRetries: 2 },
    );
    const from = performance.now();
    await storm(stage, SECONDS * RATE);
    const asked = Object.values(stage.servers).reduce((sum, { calls }) => sum + calls, 0);
    // Credit lives ten seconds: a run that takes longer has more of it.
    const credit = 100 + 10 * Math.max(0, (performance.now() - from) / 1_000 - 10);
    expect(asked).toBeLessThanOrEqual(1.2 * SECONDS * RATE + credit);
    if (FULL) console.log(`${asked} requests for ${SECONDS * RATE} calls`);
  });

  it('breaker: false, at a steady pace: so many over any 10 s', LONG, async () => {
    const clock = manualClock();
    const [asked, begun]: [number[], number[]] = [[], []];
    const step = () => {
      asked.push(clock.now());
      return new Promise<never>((_, reject) => clock.after(100 + 400 * clock.random(), () => reject(apiError(500))));
    };
    const bench = dispatchBench(
      { a: [step], b: [step], c: [step] },
      { clock, deaf: true, settings: { breaker: false } },
    );
    const rate = FULL ? RATE : RATE / 5;
    for (let tick = 0; tick < 25 * 20; tick++) {
      for (let n = 0; n < rate / 20; n++) {
        begun.push(clock.now());
        bench.call();
      }
      await clock.advance(50);
    }
    expect(worst(asked, begun)).toBeLessThanOrEqual(100);
  });

  it('default breakers: at most one request in twenty calls once all are open', LONG, async () => {
    await using stage = await openStage({ a: 500, b: 503, c: 'html' }, { strategy: 'round-robin' });
    const someClosed = () => (['a', 'b', 'c'] as const).some((name) => stage.state(name).breaker === 'closed');
    let needed = 0;
    // An outage of all is believed once it has lasted: until then it may be the calls.
    for (; someClosed() && needed < 50; needed++) await storm(stage, 100);
    expect(needed).toBeLessThan(50);
    const before = Object.values(stage.servers).reduce((sum, { calls }) => sum + calls, 0);
    await storm(stage, SECONDS * RATE);
    const asked = Object.values(stage.servers).reduce((sum, { calls }) => sum + calls, 0) - before;
    if (FULL) console.log(`${asked} requests for ${SECONDS * RATE} calls`);
    expect(asked).toBeLessThanOrEqual(0.05 * SECONDS * RATE);
  });
});
