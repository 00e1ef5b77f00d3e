// Rows 42 and 45 to 47: the server failed, lacks the operation, or says itself whether to come back.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, failure, many, servedBy } from '../support/calls.ts';
import { scenario } from '../support/scenario.ts';
import { openStage } from '../support/stage.ts';
import { saying } from './error-text.ts';
import { row } from './row.ts';

const MINUTE = 60_000;

/** Played plain and as a stream: the next endpoint answers, and one failure of that model is counted. */
async function movesAndCounts(step: Step, verdict: string): Promise<void> {
  for (const stream of [false, true])
    await scenario()
      .endpoints({ a: [step], b: [] })
      .call('gpt-5', { stream })
      .expect(
        {
          served: 'b',
          text: 'Hello from b.',
          verdicts: [verdict as 'timed-out', 'ok'],
          calls: { a: 1, b: 1 },
          withinMs: 100,
        },
        ({ state, events }) => {
          expect(state('a')).toMatchObject({ failures: 1, cooldowns: [], breaker: 'closed', inFlight: 0 });
          expect(events.of('call-waiting')).toEqual([]);
        },
      );
}

/** Five in a row eject the model, other models stay; the breaker’s time later one call finds it well. */
async function ejectsAfterFive(step: Step): Promise<void> {
  const clock = manualClock();
  await using stage = await openStage({ a: ({ model }) => (model === 'gpt-5' ? step : 'ok'), b: [] }, { clock });
  expect(servedBy(await chat(stage.client, { model: 'gpt-5-mini' }))).toBe('a');
  for (let call = 0; call < 5; call++) expect(servedBy(await chat(stage.client))).toBe('b');
  expect(stage.state('a')).toMatchObject({ failures: 5, models: [{ model: 'gpt-5', breaker: 'open' }] });
  expect(stage.events.of('endpoint-ejected')).toMatchObject([{ endpoint: 'a', model: 'gpt-5' }]);
  await chat(stage.client);
  expect(servedBy(await chat(stage.client, { model: 'gpt-5-mini' }))).toBe('a');
  expect(stage.servers.a.calls).toBe(7);
  stage.servers.a.script('ok');
  await clock.advance(10_000);
  expect(servedBy(await chat(stage.client))).toBe('a');
  expect(stage.state('a').models).toEqual([]);
}

row(42, '408, the server timed out', 'fails over, counts for the model', () => {
  it('the next endpoint answers at once', () => movesAndCounts(408, 'timed-out'));

  it('five in a row eject that model, and no other', () => ejectsAfterFive(408));

  it('a retry-after beside it is honoured', async () => {
    await using stage = await openStage({ a: [{ status: 408, retryAfter: 3 }], b: [] }, { clock: manualClock() });
    await chat(stage.client);
    expect(stage.state('a')).toMatchObject({
      failures: 1,
      cooldowns: [{ model: 'gpt-5', reason: '408', msLeft: 3_000 }],
    });
  });

  it('alone: tried again like the SDK; in the end its APIError 408', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [408, 'ok', 408] }, { clock });
    const call = chat(stage.client);
    await stage.events.until('call-waiting');
    await clock.advance(600);
    expect(servedBy(await call)).toBe('a');
    expect(await failure(chat(stage.client, {}, { maxRetries: 0 }))).toMatchObject({ status: 408 });
    expect(stage.servers.a.calls).toBe(3);
  });

  it('an upload does not move: the file may exist', async () => {
    await scenario()
      .endpoints({ a: 408, b: [] })
      .does(({ client }) => client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' }))
      .expect({ error: { status: 408, maybeExecuted: true }, calls: { a: 1, b: 0 } });
  });
});

const FAILURES = [500, 502, 503, 504, 529] as const;
const nameOf = (status: number) => (status === 503 || status === 529 ? 'overloaded' : 'server-error');

row(45, '500, 502, 503, 504, 529', 'fails over, counts for the model; a retry-after is honoured', () => {
  it('each of them: the next endpoint answers at once', async () => {
    for (const status of FAILURES) await movesAndCounts(status, nameOf(status));
  });

  it('five in a row eject that model, and no other', async () => {
    for (const status of FAILURES) await ejectsAfterFive(status);
  });

  it('a retry-after beside it: that model is left alone exactly that long', async () => {
    for (const status of FAILURES) {
      const clock = manualClock();
      await using stage = await openStage({ a: [{ status, retryAfter: 9 }], b: [] }, { clock });
      await chat(stage.client);
      expect(stage.state('a')).toMatchObject({
        failures: 1,
        cooldowns: [{ model: 'gpt-5', reason: String(status), msLeft: 9_000 }],
      });
      expect(servedBy(await chat(stage.client, { model: 'gpt-5-mini' }))).toBe('a');
      await clock.advance(8_999);
      expect(servedBy(await chat(stage.client))).toBe('b');
      await clock.advance(1);
      expect(servedBy(await chat(stage.client))).toBe('a');
    }
  });

  it('alone: backs off and goes again, twice; then InternalServerError, without the key that the server repeats', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: ({ apiKey }) => ({ status: 500, message: `Broken for ${apiKey}` }) },
      { clock },
    );
    const call = failure(chat(stage.client));
    const waits: number[] = [];
    for (let turn = 0; turn < 2; turn++) {
      waits.push((await stage.events.until('call-waiting')).ms);
      stage.events.clear();
      await clock.advance(1_200);
    }
    const error = await call;
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(error).toMatchObject({ status: 500, message: '500 Broken for [redacted]' });
    expect(stage.servers.a.calls).toBe(3);
    for (const [turn, longest] of [500, 1_000].entries()) {
      expect(waits[turn]).toBeGreaterThanOrEqual(longest / 2);
      expect(waits[turn]).toBeLessThanOrEqual(longest);
    }
  });

  it('alone, a retry-after longer than a call may wait: tried again like the SDK, later calls too, with and without retries', async () => {
    const clock = manualClock();
    const maintenance = { status: 503, retryAfter: 3_600 } as const;
    await using stage = await openStage({ a: [maintenance, 'ok', maintenance, 'ok', maintenance, 'ok'] }, { clock });
    for (let turn = 0; turn < 2; turn++) {
      const call = chat(stage.client);
      expect((await stage.events.until('call-waiting')).ms).toBeLessThanOrEqual(500);
      stage.events.clear();
      await clock.advance(600);
      expect(attemptsOf(await call).map(({ verdict }) => verdict)).toEqual(['overloaded', 'ok']);
    }
    expect(await failure(chat(stage.client, {}, { maxRetries: 0 }))).toMatchObject({ status: 503 });
    expect(servedBy(await chat(stage.client, {}, { maxRetries: 0 }))).toBe('a');
    // The breaker protects what stays down.
    stage.servers.a.script(maintenance);
    stage.servers.a.reset();
    await many(200, 1, () => chat(stage.client, {}, { maxRetries: 0 }).catch(() => undefined));
    expect(stage.state('a').breaker).toBe('open');
    expect(stage.servers.a.calls).toBeLessThan(30);
  });

  it('an upload moves from 503 and 429 alone: what else failed may have made the file', async () => {
    const upload = ({ client }: { client: OpenAI }) =>
      client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' });
    for (const status of [...FAILURES, 429]) {
      const moves = status === 503 || status === 529 || status === 429;
      await scenario()
        .endpoints({ a: status, b: [] })
        .does(upload)
        .expect(
          moves
            ? { served: 'b', calls: { a: 1, b: 1 } }
            : { error: { status, maybeExecuted: true }, calls: { a: 1, b: 0 } },
        );
    }
  });
});

row(
  46,
  '501 or 505',
  'fails over, neutral, never again in this call; 501: that operation is left alone for 10 min',
  () => {
    it('501: the next endpoint answers; that operation goes there for 10 min, the others do not', async () => {
      const clock = manualClock();
      await using stage = await openStage(
        { a: ({ route }) => (route === '/responses' ? 501 : 'ok'), b: [] },
        { clock },
      );
      const respond = () => stage.client.responses.create({ model: 'gpt-5', input: 'x' });
      expect(attemptsOf(await respond()).map(({ verdict }) => verdict)).toEqual(['operation-missing', 'ok']);
      expect(servedBy(await chat(stage.client))).toBe('a');
      await clock.advance(10 * MINUTE - 1);
      expect(attemptsOf(await respond()).map(({ endpoint }) => endpoint)).toEqual(['b']);
      expect(stage.state('a')).toMatchObject({ failures: 0, breaker: 'closed' });
      await clock.advance(1);
      expect(attemptsOf(await respond()).map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
    });

    it('505: the next endpoint answers, and nothing is remembered', async () => {
      await scenario()
        .endpoints({ a: [505], b: [] })
        .call('gpt-5')
        .expect({ served: 'b', verdicts: ['not-supported', 'ok'], calls: { a: 1, b: 1 } }, ({ state }) =>
          expect(state('a')).toMatchObject({ failures: 0, cooldowns: [], breaker: 'closed' }),
        );
    });

    it('alone: the InternalServerError at once, after one request', async () => {
      for (const status of [501, 505])
        await scenario()
          .endpoints({ a: status })
          .call('gpt-5')
          .expect(
            { error: { name: 'InternalServerError', status }, calls: { a: 1 }, withinMs: 100 },
            saying(String(status)),
          );
    });
  },
);

row(
  47,
  'x-should-retry: true on a 400, false on a 503',
  'true on a 4xx is not believed; false rules the endpoint out for the call, no other',
  () => {
    it('true on a 400: BadRequestError after one request, none elsewhere', async () => {
      for (const status of [400, 413, 422])
        await scenario()
          .endpoints({ a: { status, shouldRetry: true }, b: [] })
          .call('gpt-5')
          .expect({ error: { status }, verdicts: ['caller-error'], calls: { a: 1, b: 0 }, withinMs: 100 });
    });

    it('false on a 503: the next endpoint answers, and the failure counts', () =>
      movesAndCounts({ status: 503, shouldRetry: false }, 'overloaded'));

    it('false everywhere: each endpoint is asked once, and nobody waits', async () => {
      const never = { repeat: [{ status: 503, shouldRetry: false } as const] };
      await using stage = await openStage({ a: never, b: never });
      expect(await failure(chat(stage.client))).toMatchObject({ status: 503 });
      expect(await failure(chatStream(stage.client))).toMatchObject({ status: 503 });
      expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([2, 2]);
      expect(stage.events.of('call-waiting')).toEqual([]);
    });

    it('false on one: a call that waits goes to the other', async () => {
      const clock = manualClock();
      await using stage = await openStage({ a: [{ status: 503, shouldRetry: false }], b: [503, 'ok'] }, { clock });
      const call = chat(stage.client);
      await stage.events.until('call-waiting');
      await clock.advance(600);
      expect(attemptsOf(await call).map(({ endpoint }) => endpoint)).toEqual(['a', 'b', 'b']);
      // The next call is another call.
      expect(servedBy(await chat(stage.client))).toBe('a');
    });
  },
);
