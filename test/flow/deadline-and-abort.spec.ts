// The promise: `timeout` is the deadline over all attempts and waits of a call, and the caller's abort ends it at once, in
// whatever it is doing; the server sees the connection closed, and nothing of the call runs on.
import OpenAI from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, read, servedBy } from '../support/calls.ts';
import { timed } from '../support/lag.ts';
import { openStage, type Stage } from '../support/stage.ts';

const CALLS = [
  ['plain', chat],
  ['stream', chatStream],
] as const;

/** Nothing is left of any call: no request at a server, no place taken, nobody waiting, no timer. */
async function quiet(stage: Stage, clock?: { pending: number }): Promise<void> {
  for (const [name, server] of Object.entries(stage.servers)) {
    await server.until(({ inFlight }) => inFlight === 0);
    expect(stage.state(name)).toMatchObject({ inFlight: 0 });
  }
  expect(stage.client.balancer.snapshot().waiting).toBe(0);
  if (clock) expect(clock.pending).toBe(0);
}

describe.each(CALLS)('timeout, %s', (_, call) => {
  it('one that never answers: the SDK’s timeout error at the deadline, not before and not after', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: 'black-hole', b: 'black-hole' },
      { clock, timeout: 30_000, rescue: false },
    );
    const failed = failure(call(stage.client));
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(29_999);
    expect(stage.state('a').inFlight).toBe(1);
    await clock.advance(1);
    const error = await failed;
    expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(attemptsOf(error)).toMatchObject([{ endpoint: 'a', verdict: 'timed-out', status: undefined }]);
    expect(stage.servers.b.calls).toBe(0);
    expect(stage.servers.a.requests[0]?.aborted ?? true).toBe(true);
    await quiet(stage, clock);
  });

  it('by the clock on the wall', async () => {
    await using stage = await openStage({ a: 'black-hole' });
    const { error, ms, lag } = await timed(() => Promise.resolve(call(stage.client, {}, { timeout: 300 })));
    expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(ms).toBeGreaterThanOrEqual(299);
    expect(ms - lag).toBeLessThan(350);
    await quiet(stage);
  });

  it.each<Step>(['black-hole', 'stall-body', { stream: 3, stallAfter: 0 }])(
    'of one call: the SDK’s own clock does not run beside the deadline, nor blame the endpoint: %j',
    async (step) => {
      const clock = manualClock();
      await using stage = await openStage({ a: step, b: [] }, { clock, rescue: false });
      const failed = failure(call(stage.client, {}, { timeout: 50 }));
      await stage.servers.a.until(({ calls }) => calls === 1);
      // Time goes by on the wall, and none on the clock that counts.
      await new Promise((resolve) => setTimeout(resolve, 150));
      expect([stage.state('a').inFlight, stage.servers.b.calls]).toEqual([1, 0]);
      await clock.advance(50);
      expect(await failed).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
      expect(stage.state('a')).toMatchObject({ failures: 0 });
      await quiet(stage, clock);
    },
  );

  it('over several attempts: the second one gets what the first one left', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: 'black-hole', b: 'black-hole' },
      { clock, timeout: 30_000, attemptTimeout: 20_000 },
    );
    const failed = failure(call(stage.client));
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(20_000);
    await stage.servers.b.until(({ calls }) => calls === 1);
    await clock.advance(9_999);
    expect(stage.state('b').inFlight).toBe(1);
    await clock.advance(1);
    const error = await failed;
    expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(attemptsOf(error).map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
    await quiet(stage, clock);
  });

  it('over backoff waits: none is begun that cannot end in time', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: 500 }, { clock, timeout: 2_000, maxRetries: 10, breaker: false });
    const failed = failure(call(stage.client));
    for (const [turn, longest] of [
      [1, 500],
      [2, 1_000],
    ] as const) {
      const { ms } = await stage.events.until('call-waiting');
      expect(ms).toBeLessThanOrEqual(longest);
      expect(ms).toBeGreaterThanOrEqual(longest * 0.75);
      expect(stage.servers.a.calls).toBe(turn);
      stage.events.clear();
      await clock.advance(longest * 1.1);
    }
    // 0.35 s are left, and the next wait would be 2 s.
    expect(await failed).toMatchObject({ status: 500 });
    expect(stage.servers.a.calls).toBe(3);
    expect(clock.now()).toBe(1_650);
    await quiet(stage, clock);
  });

  it('an earlier answer of a server says more than a timeout', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: 503, b: 'black-hole' }, { clock, timeout: 30_000 });
    const failed = failure(call(stage.client));
    await stage.servers.b.until(({ calls }) => calls === 1);
    await clock.advance(30_000);
    const error = await failed;
    expect(error).toMatchObject({ status: 503 });
    // The one that counted stands last.
    expect(attemptsOf(error).map(({ endpoint }) => endpoint)).toEqual(['b', 'a']);
  });

  it('a refused connection says less than the timeout after it', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [], b: 'black-hole' }, { clock, timeout: 30_000 });
    await stage.servers.a.refuse();
    const failed = failure(call(stage.client));
    await stage.servers.b.until(({ calls }) => calls === 1);
    await clock.advance(30_000);
    const error = await failed;
    expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(attemptsOf(error).map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
  });

  it('that of the call beats that of the client; withOptions changes it', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: 'black-hole' }, { clock, timeout: 30_000 });
    const failed = [
      failure(call(stage.client, {}, { timeout: 10_000 })),
      failure(call(stage.client.withOptions({ timeout: 20_000 }))),
      failure(call(stage.client)),
    ];
    await stage.servers.a.until(({ calls }) => calls === 3);
    for (const [index, one] of failed.entries()) {
      await clock.advance(9_999);
      expect(stage.state('a').inFlight).toBe(3 - index);
      await clock.advance(1);
      expect(await one).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
      expect(stage.state('a').inFlight).toBe(2 - index);
    }
  });

  it('a step of the wall clock by hours changes nothing', async () => {
    const clock = manualClock();
    const answer = { step: 'ok', delay: 30 } as const;
    await using stage = await openStage({ a: answer }, { clock, timeout: 1_000 });
    for (const step of [7_200_000, -14_400_000]) {
      const one = Promise.resolve(call(stage.client));
      clock.jump(step);
      const answer = await one;
      if (Symbol.asyncIterator in answer) expect((await read(answer)).error).toBeUndefined();
    }
    expect(stage.state('a')).toMatchObject({ failures: 0 });
  });
});

describe('timeout', () => {
  it('a body that stalls after good headers', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: 'stall-body' }, { clock, timeout: 30_000 });
    const failed = failure(chat(stage.client));
    await vi.waitFor(() => expect(stage.servers.a.requests[0]?.status).toBe(200));
    await clock.advance(30_000);
    expect(await failed).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    await quiet(stage, clock);
  });

  it('a drip of one byte at a time', async () => {
    await using stage = await openStage({ a: { step: 'drip', every: 20 } });
    const { error, ms, lag } = await timed(() => Promise.resolve(chat(stage.client, {}, { timeout: 300 })));
    expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    expect(ms - lag).toBeLessThan(350);
    await quiet(stage);
  });

  it('an error whose body stalls: its status within 5 s, whatever the body does', async () => {
    await using stage = await openStage({ a: ['error-body-stall'], b: [] });
    const { value, ms, lag } = await timed(() => Promise.resolve(chat(stage.client)));
    expect(servedBy(value!)).toBe('b');
    expect(ms - lag).toBeLessThan(5_200);
    await quiet(stage);
  });

  it('ends with the first content: a stream that goes on for longer is not cut', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: { stream: 20, gap: 5 } }, { clock, timeout: 1_000 });
    const events = (await chatStream(stage.client))[Symbol.asyncIterator]();
    let event = await events.next();
    while (!event.value?.choices[0]?.delta.content) event = await events.next();
    await clock.advance(5_000);
    while (!event.done) event = await events.next();
  });

  it('covers a stream up to its first content', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: { stream: 20, stallAfter: 0 }, b: 'black-hole' },
      { clock, timeout: 30_000 },
    );
    const failed = failure(chatStream(stage.client));
    await vi.waitFor(() => expect(stage.servers.a.requests[0]?.status).toBe(200));
    await clock.advance(30_000);
    expect(await failed).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    await quiet(stage, clock);
  });
});

describe.each(CALLS)('the caller’s abort, %s', (kind, call) => {
  interface Phase {
    readonly what: string;
    readonly scripts: Record<string, Step>;
    /** Resolves when the call is in that phase. */
    readonly reached: (stage: Stage) => Promise<unknown>;
    readonly requests: number;
  }
  const phases: readonly Phase[] = [
    {
      what: 'before the headers',
      scripts: { a: 'black-hole', b: 'ok' },
      reached: ({ servers }) => servers.a!.until(({ calls }) => calls === 1),
      requests: 1,
    },
    {
      what: 'before the headers of the second attempt',
      scripts: { a: 500, b: 'black-hole', c: 'ok' },
      reached: ({ servers }) => servers.b!.until(({ calls }) => calls === 1),
      requests: 2,
    },
    {
      what: 'in a backoff',
      scripts: { a: 500, b: 500 },
      reached: ({ events }) => events.until('call-waiting'),
      requests: 2,
    },
    {
      what: 'while it waits for a cooldown',
      scripts: { a: { status: 429, retryAfter: 30 }, b: { status: 429, retryAfter: 20 } },
      reached: ({ events }) => events.until('call-waiting'),
      requests: 2,
    },
    {
      what: 'in the body',
      scripts: { a: kind === 'plain' ? 'stall-body' : { stream: 5, stallAfter: 0 }, b: 'ok' },
      reached: ({ servers }) => vi.waitFor(() => expect(servers.a!.requests[0]?.status).toBe(200)),
      requests: 1,
    },
    {
      what: 'in the body of an error',
      scripts: { a: 'error-body-stall', b: 'ok' },
      reached: ({ servers }) => vi.waitFor(() => expect(servers.a!.requests[0]?.status).toBe(500)),
      requests: 1,
    },
  ];

  it.each(phases)('$what', async ({ scripts, reached, requests }) => {
    const clock = manualClock();
    await using stage = await openStage(scripts, { clock });
    const abort = new AbortController();
    const reason = new Error('changed my mind');
    const failed = failure(call(stage.client, {}, { signal: abort.signal }));
    await reached(stage);
    const seen = await timed(() => {
      abort.abort(reason);
      return failed;
    });
    const error = seen.value!;
    expect(error).toBeInstanceOf(OpenAI.APIUserAbortError);
    expect(error.cause).toBe(reason);
    expect(seen.ms - seen.lag).toBeLessThan(50);
    await quiet(stage, clock);
    const counts = Object.values(stage.servers).map(({ calls }) => calls);
    expect(counts.reduce((sum, calls) => sum + calls, 0)).toBe(requests);
    for (const { requests: seenThere } of Object.values(stage.servers))
      for (const { status, aborted } of seenThere)
        expect(aborted, `status ${status}`).toBe(
          status === undefined || status === 200 || scripts.a === 'error-body-stall',
        );
    expect(stage.events.of('call-end')).toMatchObject([{ ok: false }]);
    // The last attempt was given up, if one ran.
    const last = attemptsOf(error).find(({ verdict }) => verdict === 'aborted');
    if (requests === counts.length && scripts.b !== 'black-hole') expect(last).toBeUndefined();
    else expect(last).toMatchObject({ billed: 'maybe' });
  });

  it('before the call: nothing is sent', async () => {
    await using stage = await openStage({ a: [], b: [] });
    const error = await failure(call(stage.client, {}, { signal: AbortSignal.abort() }));
    expect(error).toBeInstanceOf(OpenAI.APIUserAbortError);
    expect(attemptsOf(error)).toEqual([]);
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([0, 0]);
    await quiet(stage);
  });

  it('after the call: nothing happens', async () => {
    await using stage = await openStage({ a: [] });
    const abort = new AbortController();
    const answer = await call(stage.client, {}, { signal: abort.signal });
    if (Symbol.asyncIterator in answer) await read(answer);
    abort.abort();
    await quiet(stage);
    expect(stage.state('a')).toMatchObject({ successes: 1, failures: 0 });
  });

  it('one signal for a thousand calls holds no listener for those that are over', async () => {
    await using stage = await openStage({ a: [], b: [500] });
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    for (let turn = 0; turn < 50; turn++) {
      const answer = await call(stage.client, {}, { signal });
      if (Symbol.asyncIterator in answer) await read(answer);
    }
    const listeners = new Set(add.mock.calls.map(([, listener]) => listener));
    for (const [, listener] of remove.mock.calls) listeners.delete(listener as never);
    expect(add).toHaveBeenCalled();
    expect(listeners.size).toBe(0);
  });
});
