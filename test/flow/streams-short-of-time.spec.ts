// The promise: a stream whose `timeout` is over before a silent endpoint would be cut gets a second attempt beside it.
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { failure, gate, readAll, STREAMS, tally } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';

/** What a stream meets, and whether its headers come. */
const SILENT: readonly [what: string, step: Step, headers: boolean][] = [
  ['a black hole', 'black-hole', false],
  ['headers and no event', 'sse-stall', true],
  ['a preamble and no content', { stream: 3, stallAfter: 0 }, true],
];

describe.each(STREAMS)('$kind stream', (kind) => {
  it.each(SILENT)('%s, timeout 30 s: the next endpoint answers after half of it', async (_, step, headers) => {
    const clock = manualClock();
    const begins = gate<Step>();
    await using stage = await openStage({ a: () => begins.promise, b: { stream: 2 } }, { clock, timeout: 30_000 });
    const call = kind.open(stage.client);
    call.then(undefined, () => undefined);
    await stage.servers.a.until(({ calls }) => calls === 1);
    if (headers) await clock.advance(1_000);
    begins.open(step);
    // Counted from the headers, once they are here.
    await vi.waitFor(() => expect(clock.next).toBe(15_000));
    await clock.advance(14_999);
    expect(stage.servers.b.calls).toBe(0);
    await clock.advance(1);
    const stream = await call;
    expect(await readAll(stream, kind)).toMatchObject({ text: 'b-0 b-1 ', error: undefined });
    expect(attemptsOf(stream).map(({ endpoint, verdict }) => [endpoint, verdict])).toEqual([
      ['a', 'abandoned'],
      ['b', 'ok'],
    ]);
    await stage.servers.a.until(({ requests }) => requests[0]?.aborted === true);
    expect(stage.state('a')).toMatchObject({ inFlight: 0, failures: 0, breaker: 'closed' });
    expect(stage.state('b')).toMatchObject({ inFlight: 0, successes: 1 });
    expect(tally(stage.events.names())).toMatchObject({ 'call-start': 1, 'attempt-end': 2, 'call-end': 1 });
    expect(clock.pending).toBe(0);
  });

  it('whoever has content first answers, and nothing of the other is in it', async () => {
    const clock = manualClock();
    const [thinking, helping] = [gate<Step>(), gate<Step>()];
    await using stage = await openStage(
      { a: () => thinking.promise, b: () => helping.promise },
      { clock, timeout: 30_000 },
    );
    const call = kind.open(stage.client);
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(15_000);
    await stage.servers.b.until(({ calls }) => calls === 1);
    thinking.open({ stream: 3 });
    const stream = await call;
    expect((await readAll(stream, kind)).text).toBe('a-0 a-1 a-2 ');
    expect(attemptsOf(stream).map(({ endpoint }) => endpoint)).toEqual(['b', 'a']);
    await stage.servers.b.until(({ requests }) => requests[0]?.aborted === true);
    helping.open('ok');
    expect(stage.client.balancer.snapshot().endpoints.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
  });

  it('both silent: over at the deadline', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: 'black-hole', b: 'black-hole' }, { clock, timeout: 30_000 });
    const failed = failure(kind.open(stage.client));
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(30_000);
    expect(await failed).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(stage.client.balancer.snapshot().endpoints.map(({ inFlight }) => inFlight)).toEqual([0, 0]);
    expect(clock.pending).toBe(0);
  });
});
