// Rows 6 to 8: the request went out, and no headers came back.
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { chat, chatStream, read, servedBy, tally } from '../support/calls.ts';
import { fc, runs } from '../support/property.ts';
import { scenario } from '../support/scenario.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { saying } from './error-text.ts';
import { row } from './row.ts';

const upload = ({ client }: Stage) => client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' });
/** The transport takes a connection up again one turn after its reply. */
const idle = () => new Promise((resolve) => setImmediate(resolve));
const DROPS = [
  { step: 'reset', before: 'answer' },
  { step: 'reset', before: 'body' },
  { step: 'close', before: 'answer' },
  { step: 'close', before: 'body' },
] as const;

row(6, 'RST or FIN before the headers, fresh connection', 'fails over, counts for the endpoint', () => {
  it('the next endpoint answers a call and a stream; each was sent here once', async () => {
    for (const drop of DROPS) {
      await using stage = await openStage({ a: { script: { repeat: [drop] } }, b: [] });
      const { client, servers, state } = stage;
      expect(attemptsOf(await chat(client)).map(({ verdict }) => verdict)).toEqual(['connection-lost', 'ok']);
      expect((await read(await chatStream(client))).text).toContain('b');
      expect([servers.a.calls, servers.b.calls]).toEqual([2, 2]);
      expect(servers.a.requests.some(({ reused }) => reused)).toBe(false);
      expect(state('a')).toMatchObject({ failures: 2, cooldowns: [], breaker: 'closed', inFlight: 0 });
    }
  });

  it('five in a row eject it, for every model', async () => {
    await using stage = await openStage({ a: 'reset', b: [] });
    for (let call = 0; call < 6; call++) expect(servedBy(await chat(stage.client, { model: `m${call}` }))).toBe('b');
    expect([stage.servers.a.calls, stage.servers.b.calls]).toEqual([5, 6]);
    expect(stage.state('a').breaker).toBe('open');
    expect(stage.events.of('endpoint-ejected')).toMatchObject([{ endpoint: 'a', reason: 'connection-lost' }]);
  });

  it('an upload is not sent twice: it may have been done, and the error says so', async () => {
    for (const drop of DROPS) {
      await scenario()
        .endpoints({ a: [drop], b: [] })
        .does(upload)
        .expect({
          served: null,
          attempts: ['a'],
          error: { name: 'APIConnectionError', maybeExecuted: true },
          calls: { a: 1, b: 0 },
        });
    }
  });

  it('alone: an APIConnectionError that holds the system’s error, and no key', async () => {
    const codes = { reset: 'ECONNRESET', close: 'UND_ERR_SOCKET' };
    for (const drop of DROPS) {
      await scenario()
        .endpoints({ a: [drop] })
        .options({ maxRetries: 0 })
        .call('gpt-5')
        .expect(
          { served: null, error: { name: 'APIConnectionError', status: undefined }, calls: { a: 1 } },
          saying(codes[drop.step]),
        );
    }
  });

  it('alone with retries: it goes again after the backoff, as the SDK does', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: ['reset', 'close'] }, { clock });
    const call = chat(stage.client);
    for (const wait of [1, 2]) {
      await stage.servers.a.until(({ calls }) => calls === wait);
      await stage.events.until('call-waiting');
      stage.events.clear();
      await clock.advance(1_100);
    }
    expect(servedBy(await call)).toBe('a');
    expect(stage.servers.a.calls).toBe(3);
  });
});

row(
  7,
  'RST or FIN on a reused connection (keep-alive race)',
  'once more on the same endpoint, neutral; then as row 6',
  () => {
    it('the call is sent once more on the same endpoint, and nobody notices', async () => {
      for (const drop of DROPS) {
        await scenario()
          .endpoints({ a: ['ok', drop], b: [] })
          .call('gpt-5')
          .does(idle)
          .call('gpt-5')
          .expect(
            {
              served: 'a',
              attempts: ['a', 'a'],
              verdicts: ['connection-lost', 'ok'],
              calls: { a: 3, b: 0 },
              withinMs: 50,
            },
            ({ servers, state, events }) => {
              expect(servers.a!.requests.map(({ reused }) => reused)).toEqual([false, true, false]);
              expect(state('a')).toMatchObject({ failures: 0, breaker: 'closed', cooldowns: [], inFlight: 0 });
              expect(events.of('failover-start')).toEqual([]);
            },
          );
      }
    });

    it('a stream as well, as long as nothing came back', async () => {
      await scenario()
        .endpoints({ a: ['ok', 'reset'], b: [] })
        .call('gpt-5')
        .does(idle)
        .call('gpt-5', { stream: true })
        .expect({ served: 'a', attempts: ['a', 'a'], calls: { a: 3, b: 0 } });
    });

    it('a second loss in the same call counts, and the next endpoint answers', async () => {
      await scenario()
        .endpoints({ a: ['ok', 'reset', 'reset'], b: [] })
        .call('gpt-5')
        .does(idle)
        .call('gpt-5')
        .expect({ served: 'b', attempts: ['a', 'a', 'b'], calls: { a: 3, b: 1 } }, ({ state }) =>
          expect(state('a')).toMatchObject({ failures: 1, breaker: 'closed' }),
        );
    });

    it('an upload is not sent twice', async () => {
      await scenario()
        .endpoints({ a: ['ok', 'reset'], b: [] })
        .call('gpt-5')
        .does(idle)
        .does(upload)
        .expect({ served: null, attempts: ['a'], error: { maybeExecuted: true }, calls: { a: 2, b: 0 } });
    });

    it('a server that closes idle connections at any moment: no call is lost, none goes elsewhere', {
      timeout: 120_000,
    }, async () => {
      // The pauses lie around the moment of closing, which is where the race is.
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 30, maxLength: 30 }), async (pauses) => {
          await using stage = await openStage({ a: { script: [], server: { idleCloseAfter: 3 } } }, { maxRetries: 0 });
          const { client, servers } = stage;
          const served = [];
          for (const pause of pauses) {
            served.push(servedBy(await chat(client)));
            await new Promise((resolve) => setTimeout(resolve, pause));
          }
          expect(tally(served as string[])).toEqual({ a: pauses.length });
          expect(servers.a.calls).toBeGreaterThanOrEqual(pauses.length);
          expect(stage.state('a')).toMatchObject({ failures: 0, inFlight: 0 });
        }),
        runs(5),
      );
    });
  },
);

row(8, 'black hole after the request', 'rescued by the next endpoint; alone it ends with the call’s timeout', () => {
  it('a second attempt starts after half of the timeout, and its answer is the call’s', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: 'black-hole', b: [] }, { clock, timeout: 30_000 });
    const { client, servers, events } = stage;
    const call = chat(client);
    await servers.a.until(({ calls }) => calls === 1);
    await clock.advance(14_999);
    expect(servers.b.calls).toBe(0);
    await clock.advance(1);
    expect(servedBy(await call)).toBe('b');
    expect(events.of('attempt-end')).toMatchObject([
      { endpoint: 'a', verdict: 'abandoned', ms: 15_000 },
      { endpoint: 'b', verdict: 'ok' },
    ]);
    await servers.a.until(({ requests }) => requests[0]?.aborted === true);
    expect([servers.a.calls, servers.b.calls]).toEqual([1, 1]);
    expect(stage.state('a')).toMatchObject({ inFlight: 0, cooldowns: [] });
  });

  it('it is left alone after that, but for a probe now and then, until it answers', async () => {
    const clock = manualClock();
    const script = [{ step: 'ok', times: 25 }, { repeat: ['black-hole'] }] as const;
    await using stage = await openStage({ a: script, b: [] }, { clock, timeout: 30_000 });
    const { client, servers, state } = stage;
    for (let call = 0; call < 25; call++) await chat(client);
    const hanging = chat(client);
    await servers.a.until(({ calls }) => calls === 26);
    await clock.advance(15_000);
    expect(servedBy(await hanging)).toBe('b');
    expect(state('a')).toMatchObject({ excluded: 'unresponsive', failures: 1, breaker: 'closed', inFlight: 0 });
    for (let call = 0; call < 10; call++) expect(servedBy(await chat(client))).toBe('b');
    expect([servers.a.calls, servers.b.calls]).toEqual([26, 11]);
    servers.a.script('ok');
    await clock.advance(5_000);
    expect(servedBy(await chat(client))).toBe('a');
    expect(state('a')).toMatchObject({ excluded: null, failures: 1, inFlight: 0 });
  });

  it('a stream is cut after a minute and moves', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: 'black-hole', b: [] }, { clock });
    const call = chatStream(stage.client);
    await stage.servers.a.until(({ calls }) => calls === 1);
    await clock.advance(59_999);
    expect(stage.servers.b.calls).toBe(0);
    await clock.advance(1);
    expect((await read(await call)).text).toContain('b');
    expect(attemptsOf(call).map(({ endpoint, verdict }) => `${endpoint} ${verdict}`)).toEqual(['a timed-out', 'b ok']);
  });

  it('alone: an APIConnectionTimeoutError, when the time is up and not later', async () => {
    await scenario()
      .endpoints({ a: 'black-hole' })
      .call('gpt-5', {}, { timeout: 200 })
      .expect(
        { served: null, attempts: ['a'], error: { name: 'APIConnectionTimeoutError' }, calls: { a: 1 }, withinMs: 250 },
        ({ state }) => expect(state('a')).toMatchObject({ failures: 0, breaker: 'closed', inFlight: 0 }),
      );
  });

  it('an upload is not sent twice: the timeout says that it may have been done', async () => {
    await scenario()
      .endpoints({ a: 'black-hole', b: [] })
      .does(({ client }) => client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' }, { timeout: 200 }))
      .expect({
        served: null,
        error: { name: 'APIConnectionTimeoutError', maybeExecuted: true },
        calls: { a: 1, b: 0 },
        withinMs: 250,
      });
  });
});
