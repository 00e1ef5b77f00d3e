// Rows 19 to 23: streams that say an error, or say nothing, before or after their first content.
import OpenAI from 'openai';
import { expect, it, vi } from 'vitest';
import { manualClock, type StreamStep } from '../../src/testing/index.ts';
import { readAll, STREAMS, type StreamKind } from '../support/calls.ts';
import { timed } from '../support/lag.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { textOf } from './error-text.ts';
import { row } from './row.ts';
import { endpoints, freed, healthy, PART, STREAMED, WHOLE } from './ways.ts';

/** The ways in which an error is put into a stream, at this place. */
const saying = (place: StreamStep['errorAfter'] & {}, error?: object): StreamStep[] =>
  (['key', 'event'] as const).map((errorAs) => ({ stream: 5, errorAfter: place, errorAs, ...(error && { error }) }));

/** What an inner code means, and what it does to the endpoint. */
const CODES: readonly [error: object, verdict: string, state: object][] = [
  [{ message: 'Oh.', type: 'server_error', code: null }, 'server-error', { failures: 1, cooldowns: [] }],
  [{ message: 'Oh.', type: 'overloaded_error' }, 'overloaded', { failures: 1 }],
  [{ message: 'Oh.', code: 'rate_limit_exceeded' }, 'rate-limited', { failures: 0, cooldowns: [{ reason: '429' }] }],
  [{ message: 'Oh.', code: 429 }, 'rate-limited', { failures: 0, cooldowns: [{ reason: '429' }] }],
  [{ message: 'Oh.', code: 'insufficient_quota' }, 'out-of-credit', { cooldowns: [{ reason: 'out of credit' }] }],
  [{ message: 'Oh.', code: 'model_not_found' }, 'model-missing', { cooldowns: [{ reason: 'model not found' }] }],
];

row(19, 'a stream that begins with an error', 'fails over, judged by its code', () => {
  it('the next endpoint answers the whole; the code decides what the first one gets', async () => {
    for (const { ask } of STREAMED)
      for (const [error, verdict, state] of CODES)
        for (const step of [...saying('headers', error), ...saying(0, error)]) {
          await using stage = await openStage({ a: [step], b: healthy });
          const answer = await ask(stage.client);
          expect([answer.text, answer.error, ...endpoints(answer)]).toEqual([WHOLE, undefined, `a ${verdict}`, 'b ok']);
          expect(stage.state('a')).toMatchObject(state);
          expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 1]);
        }
  });

  it('the caller’s own fault stays with the caller', async () => {
    for (const { ask } of STREAMED)
      for (const step of saying('headers', {
        message: 'Oh.',
        code: 'context_length_exceeded',
        type: 'invalid_request_error',
      })) {
        await using stage = await openStage({ a: [step], b: healthy });
        const { error } = await ask(stage.client);
        expect(error).toBeInstanceOf(OpenAI.APIError);
        expect(error).toMatchObject({ code: 'context_length_exceeded' });
        expect(stage.servers.b.calls).toBe(0);
        expect(stage.state('a')).toMatchObject({ failures: 0, cooldowns: [] });
      }
  });

  it('alone: an APIError with the inner code', async () => {
    for (const { ask } of STREAMED)
      for (const step of saying('headers', { message: 'Oh.', code: 'teapot', type: 'server_error' })) {
        await using stage = await openStage({ a: [step] }, { maxRetries: 0 });
        const { error, text } = await ask(stage.client);
        expect(error).toBeInstanceOf(OpenAI.APIError);
        expect(error).toMatchObject({ code: 'teapot', type: 'server_error' });
        expect([text, stage.state('a').failures]).toEqual(['', 1]);
        expect(textOf(error)).not.toContain(stage.keys.a);
      }
  });
});

row(23, 'a stream that says an error after its first content', 'throws; counts by its code', () => {
  it('the error is thrown after what had come, and nobody else is asked', async () => {
    for (const { ask } of STREAMED)
      for (const [error, verdict, state] of CODES)
        for (const step of saying(3, error)) {
          await using stage = await openStage({ a: [step], b: healthy });
          const answer = await ask(stage.client);
          expect([answer.text, ...endpoints(answer)]).toEqual([PART, `a ${verdict}`]);
          expect(answer.error).toBeInstanceOf(OpenAI.APIError);
          expect(answer.error).toMatchObject({ error: { message: 'Oh.' } });
          expect(stage.state('a')).toMatchObject({ successes: 0, inFlight: 0, ...state });
          expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([1, 0]);
        }
  });

  it('five in a row eject the endpoint', async () => {
    for (const { ask } of STREAMED) {
      await using stage = await openStage({ a: { stream: 5, errorAfter: 3 }, b: healthy });
      for (let i = 0; i < 5; i++) await ask(stage.client);
      expect(stage.state('a')).toMatchObject({ breaker: 'open', failures: 5 });
      expect((await ask(stage.client)).text).toBe(WHOLE);
    }
  });

  it('an error after the end of the answer is thrown all the same', async () => {
    const [chat] = STREAMED;
    const end = { id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
    const frames = [end, { error: { message: 'Oh.', code: 'teapot' } }];
    await using stage = await openStage({ a: [{ stream: frames, endMarker: false }], b: healthy });
    expect((await chat!.ask(stage.client)).error).toMatchObject({ code: 'teapot' });
  });
});

/** Opens a stream and waits until the bound of `ms` runs. */
async function until(ms: number, kind: StreamKind, { client }: Stage, clock: { next: number | undefined }) {
  const opening = Promise.resolve(kind.open(client));
  await vi.waitFor(() => expect(clock.next).toBe(ms));
  return opening;
}

for (const { number, fault, steps } of [
  { number: 20, fault: 'a stream without content: silence', steps: [{ stallAfter: 'headers' }, { stallAfter: 0 }] },
  {
    number: 21,
    fault: 'a stream without content: comments only',
    steps: [
      { commentsAfter: 'headers', every: 4 },
      { commentsAfter: 0, every: 4 },
    ],
  },
] as const) {
  row(number, fault, 'fails over; counts where the time was unusual', () => {
    const each = async (test: (kind: StreamKind, step: StreamStep) => Promise<void>) => {
      for (const kind of STREAMS) for (const step of steps) await test(kind, { stream: 5, ...step });
    };

    it('five minutes after the headers the next endpoint answers the whole', () =>
      each(async (kind, step) => {
        const clock = manualClock();
        await using stage = await openStage({ a: [step], b: healthy }, { clock });
        const opening = until(300_000, kind, stage, clock);
        await vi.waitFor(() => expect(clock.next).toBe(300_000));
        await clock.advance(299_999);
        expect(stage.servers.b.calls).toBe(0);
        await clock.advance(1);
        expect(await readAll(await opening, kind)).toMatchObject({ text: WHOLE, error: undefined });
        await freed(stage);
        // Nobody knows yet what is usual there.
        expect(stage.state('a')).toMatchObject({ failures: 0, cooldowns: [] });
      }));

    it('an attemptTimeout of one’s own cuts it, and it counts', () =>
      each(async (kind, step) => {
        await using stage = await openStage({ a: [step], b: healthy }, { attemptTimeout: 100 });
        const { value, ms, lag } = await timed(async () => readAll(await kind.open(stage.client), kind));
        expect(value).toMatchObject({ text: WHOLE, error: undefined });
        expect(ms).toBeGreaterThanOrEqual(99);
        expect(ms).toBeLessThan(100 + 50 + lag);
        await freed(stage);
        expect(stage.state('a')).toMatchObject({ failures: 1 });
      }));

    it('alone with an attemptTimeout: cut there, tried again as often as allowed', () =>
      each(async (kind, step) => {
        const clock = manualClock();
        const bounds = { attemptTimeout: 20_000, maxRetries: 1 };
        await using stage = await openStage({ a: step }, { clock, ...bounds });
        const asking = Promise.resolve(kind.open(stage.client)).then(
          (stream) => readAll(stream, kind),
          (error: unknown) => ({ error, text: '' }),
        );
        for (const calls of [1, 2]) {
          await stage.servers.a.until((server) => server.calls === calls);
          await clock.advance(19_999);
          expect(stage.state('a')).toMatchObject({ inFlight: 1, failures: calls - 1 });
          await clock.advance(1);
          // The pause before it is tried again.
          if (calls === 1) await clock.advance(clock.next ?? 0);
        }
        const { error, text } = await asking;
        expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
        await freed(stage);
        expect([text, stage.servers.a.calls, stage.state('a').failures]).toEqual(['', 2, 2]);
      }));

    it('alone: a timeout at the deadline, however often nothing is said, and the time of the caller’s own is not counted', () =>
      each(async (kind, step) => {
        const clock = manualClock();
        await using stage = await openStage({ a: [step] }, { clock, timeout: 30_000, maxRetries: 0 });
        const stream = await kind.open(stage.client);
        await clock.advance(100_000);
        const reading = readAll(stream, kind);
        await vi.waitFor(() => expect(clock.next).toBe(30_000));
        await clock.advance(29_999);
        expect(stage.state('a').inFlight).toBe(1);
        await clock.advance(1);
        const { text, error } = await reading;
        expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
        await freed(stage);
        // One caller's small timeout says nothing of the endpoint.
        expect([text, stage.servers.a.calls, stage.state('a').failures, clock.pending]).toEqual(['', 1, 0, 0]);
      }));

    it('alone: a timeout in the end, never silence for ever', () =>
      each(async (kind, step) => {
        const clock = manualClock();
        await using stage = await openStage(
          { a: [step] },
          { clock, streamIdleTimeout: 70_000, maxRetries: 0, timeout: 2_000_000 },
        );
        let over = false;
        const reading = Promise.resolve(kind.open(stage.client))
          .then((stream) => readAll(stream, kind))
          .finally(() => {
            over = true;
          });
        await vi.waitFor(() => expect(clock.next).toBe(70_000));
        // Comments alone keep a stream open for a quarter of an hour; where nothing comes, the first bound ends it.
        while (!over) {
          expect(clock.now()).toBeLessThanOrEqual(900_000 + 70_000);
          await clock.advance(69_999);
          expect(over && 'commentsAfter' in step === false).toBe(false);
          await new Promise((resolve) => setTimeout(resolve, 15));
          await clock.advance(1);
        }
        const { text, error } = await reading;
        expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
        expect(textOf(error)).not.toContain(stage.keys.a);
        await freed(stage);
        expect([text, stage.servers.a.calls, stage.state('a').failures]).toEqual(['', 1, 1]);
      }));
  });
}

row(22, 'a stream that falls silent after its first content', 'throws after streamIdleTimeout, counts', () => {
  it('a timeout after what had come, and nobody else is asked', async () => {
    for (const kind of STREAMS) {
      const clock = manualClock();
      await using stage = await openStage({ a: [{ stream: 5, stallAfter: 3 }], b: healthy }, { clock });
      const reading = readAll(await kind.open(stage.client), kind);
      await vi.waitFor(() => expect(clock.next).toBe(300_000));
      await clock.advance(299_999);
      expect(stage.state('a')).toMatchObject({ inFlight: 1, failures: 0 });
      await clock.advance(1);
      const { text, error } = await reading;
      expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
      expect((error as Error).message).toBe('The stream was silent for 5 min and was given up.');
      await freed(stage);
      expect(stage.state('a')).toMatchObject({ failures: 1, successes: 0, cooldowns: [] });
      expect([text, stage.servers.a.calls, stage.servers.b.calls, clock.pending]).toEqual([PART, 1, 0, 0]);
    }
  });

  it('over real sockets it takes no longer than that', async () => {
    for (const { ask } of STREAMED) {
      await using stage = await openStage(
        { a: [{ stream: 5, stallAfter: 3 }], b: healthy },
        { streamIdleTimeout: 200 },
      );
      const { text, error, ms, lag } = await ask(stage.client);
      expect(error).toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
      expect(text).toBe(PART);
      expect(ms).toBeGreaterThanOrEqual(199);
      expect(ms).toBeLessThan(200 + 50 + lag);
    }
  });

  it('pauses that are shorter than that cut nothing', async () => {
    for (const { ask } of STREAMED) {
      await using stage = await openStage({ a: [{ stream: 8, gap: 50 }], b: healthy }, { streamIdleTimeout: 300 });
      const { text, error } = await ask(stage.client);
      expect([text.length, error]).toEqual([8 * 4, undefined]);
    }
  });
});
