// Rows 68 and 69: what is under way while a breaker opens, and a probe that never comes back.
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, gate, read, servedBy } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';
import { row } from './row.ts';

/** A stream that goes on for so long as the test wants; then it ends as it is told. */
const slow = (rest: Partial<Extract<Step, { stream: unknown }>> = {}): Step =>
  ({ stream: 20, gap: 10, ...rest }) as Step;
const quick = { consecutiveFailures: 1 } as const;

row(68, 'a breaker opens while streams are in flight', 'they go on; their ends change no newer state', () => {
  it('a stream that had begun is read to its end, and does not close the breaker that opened meanwhile', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [slow(), 500], b: [] }, { clock, breaker: quick });
    const stream = await chatStream(stage.client);
    expect(servedBy(await chat(stage.client))).toBe('b');
    expect(stage.state('a')).toMatchObject({ breaker: 'open', inFlight: 1 });
    const { text, error } = await read(stream);
    expect([text.split(' ').length, error]).toEqual([21, undefined]);
    expect(stage.state('a')).toMatchObject({ breaker: 'open', inFlight: 0, successes: 1, failures: 1 });
    expect(servedBy(await chat(stage.client))).toBe('b');
  });

  it('one that breaks after the recovery does not open the breaker again', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [slow({ cutAfter: 15 }), 500], b: [] }, { clock, breaker: quick });
    const stream = await chatStream(stage.client);
    await chat(stage.client);
    expect(stage.state('a').breaker).toBe('open');
    await clock.advance(5_000);
    expect(servedBy(await chat(stage.client))).toBe('a');
    expect(stage.state('a').breaker).toBe('closed');
    const { error } = await read(stream);
    expect((error as Error).constructor.name).toBe('APIConnectionError');
    expect(stage.state('a')).toMatchObject({ breaker: 'closed', excluded: null, failures: 2, inFlight: 0 });
    expect(stage.events.of('endpoint-ejected')).toHaveLength(1);
  });

  it('many that fail together eject once: the open time does not double', async () => {
    const clock = manualClock();
    const cut: Step = { stream: 5, cutAfter: 3, gap: 5, times: 20 };
    await using stage = await openStage({ a: cut, b: [] }, { clock });
    const streams = await Promise.all(Array.from({ length: 20 }, () => chatStream(stage.client)));
    await Promise.all(streams.map(read));
    const ejected = stage.events.of('endpoint-ejected');
    expect(ejected.map(({ model }) => model)).toEqual(['gpt-5']);
    expect(ejected[0]!.openMs).toBeLessThanOrEqual(5_000);
    expect(stage.state('a')).toMatchObject({ breaker: 'open', failures: 20, inFlight: 0 });
  });
});

row(69, 'a half-open probe hangs, or its caller aborts it', 'hung: ejected anew; aborted: the next call probes', () => {
  /** `a` was ejected, its open time is over, and its next request gets `probe`. */
  async function recovering(probe: Step | (() => Promise<Step>), after: Step = 'ok') {
    const clock = manualClock();
    const steps: (Step | (() => Promise<Step>))[] = [500, probe];
    const script = () => {
      const step = steps.shift() ?? after;
      return typeof step === 'function' ? step() : step;
    };
    const stage = await openStage({ a: script, b: [] }, { clock, breaker: quick, rescue: false });
    await chat(stage.client);
    await clock.advance(5_000);
    return Object.assign(stage, { clock });
  }

  it('while it runs there is no second one; when it hangs, the endpoint is out again for twice as long', async () => {
    const hang = gate<Step>();
    await using stage = await recovering(() => hang.promise);
    const probe = chat(stage.client).catch((error: unknown) => error);
    await stage.servers.a.until(({ calls }) => calls === 2);
    expect(stage.state('a').breaker).toBe('half-open');
    for (let call = 0; call < 5; call++) expect(servedBy(await chat(stage.client))).toBe('b');
    expect(stage.servers.a.calls).toBe(2);
    await stage.clock.advance(30_000);
    expect(stage.state('a')).toMatchObject({ breaker: 'open', excluded: 'ejected after failures' });
    // What the hung one still says counts: a good answer closes.
    await stage.clock.advance(8_000);
    expect(stage.state('a').excluded).not.toBeNull();
    hang.open('ok');
    await probe;
    expect(stage.state('a').breaker).toBe('closed');
  });

  it('hung for good, another probe goes when that time is over, and brings the endpoint back', async () => {
    await using stage = await recovering('black-hole');
    const abort = new AbortController();
    const probe = failure(chat(stage.client, {}, { signal: abort.signal }));
    await stage.servers.a.until(({ calls }) => calls === 2);
    await stage.clock.advance(30_000);
    expect(stage.state('a').breaker).toBe('open');
    await stage.clock.advance(10_000);
    expect(servedBy(await chat(stage.client))).toBe('a');
    expect(stage.state('a').breaker).toBe('closed');
    abort.abort();
    await probe;
    expect(stage.state('a')).toMatchObject({ breaker: 'closed', failures: 1, inFlight: 0 });
  });

  it('aborted by its caller it says nothing: the next call is the probe', async () => {
    await using stage = await recovering('black-hole');
    const abort = new AbortController();
    const probe = failure(chat(stage.client, {}, { signal: abort.signal }));
    await stage.servers.a.until(({ calls }) => calls === 2);
    abort.abort();
    const error = await probe;
    expect([error.constructor.name, attemptsOf(error).map(({ verdict }) => verdict)]).toEqual([
      'APIUserAbortError',
      ['aborted'],
    ]);
    expect(stage.state('a').failures).toBe(1);
    expect(servedBy(await chat(stage.client))).toBe('a');
    expect(stage.state('a')).toMatchObject({ breaker: 'closed', failures: 1, inFlight: 0 });
  });

  it('out of its caller’s time it says nothing either', async () => {
    await using stage = await recovering('black-hole');
    const probe = failure(chat(stage.client, {}, { timeout: 100 }));
    await stage.servers.a.until(({ calls }) => calls === 2);
    await stage.clock.advance(100);
    expect((await probe).constructor.name).toBe('APIConnectionTimeoutError');
    expect(servedBy(await chat(stage.client))).toBe('a');
    expect(stage.state('a')).toMatchObject({ breaker: 'closed', failures: 1 });
  });

  it('its failure opens at once, for twice as long', async () => {
    await using stage = await recovering(503);
    expect(servedBy(await chat(stage.client))).toBe('b');
    const [first, second] = stage.events.of('endpoint-ejected').map(({ openMs }) => openMs);
    expect([first! <= 5_000, second! > 8_999, second! <= 10_000]).toEqual([true, true, true]);
  });
});
