// Rows 1 to 4: no connection comes about, so nothing was sent.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { attemptsOf, LoadBalancedOpenAI } from '../../src/index.ts';
import { faultServer, manualClock } from '../../src/testing/index.ts';
import { addresses, ownAgent } from '../support/agent.ts';
import { blackHole } from '../support/black-hole.ts';
import { chat, chatStream, FULL, read, servedBy, tally } from '../support/calls.ts';
import { timed } from '../support/lag.ts';
import { scenario } from '../support/scenario.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { saying } from './error-text.ts';
import { row } from './row.ts';

const down = ({ servers }: Stage) => servers.a!.refuse();
const file = ({ client }: Stage) => client.files.create({ file: new File(['x'], 'x.txt'), purpose: 'batch' });
/** Node loads its fetch when it is first used. */
const warm = () => fetch('data:,');

/** The transport looks at its timers twice a second only (ms). */
const AGENT_LOOKS_EVERY = 1_000;

row(1, 'connection refused', 'fails over, counts for the endpoint', () => {
  it('the next endpoint answers, at once', async () => {
    await scenario()
      .endpoints({ a: [], b: [] })
      .does(warm)
      .does(down)
      .call('gpt-5')
      .expect(
        {
          served: 'b',
          attempts: ['a', 'b'],
          verdicts: ['connect-failed', 'ok'],
          calls: { a: 0, b: 1 },
          events: ['attempt-start', 'attempt-end', 'failover-start', 'call-end'],
          breakers: { a: 'closed' },
          withinMs: 50,
        },
        ({ state }) => expect(state('a')).toMatchObject({ failures: 1, cooldowns: [], inFlight: 0 }),
      );
  });

  it('five in a row eject it, for every model; then it is left alone until its time is over', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [], b: [] }, { clock });
    const { client, servers, events, state } = stage;
    await servers.a.refuse();
    for (const model of ['m1', 'm2', 'm3', 'm4', 'm5']) await chat(client, { model });
    expect(state('a')).toMatchObject({ breaker: 'open', failures: 5 });
    expect(events.of('endpoint-ejected')).toMatchObject([{ endpoint: 'a', reason: 'connect-failed' }]);
    expect(attemptsOf(await chat(client, { model: 'm6' })).map(({ endpoint }) => endpoint)).toEqual(['b']);
    await servers.a.accept();
    await clock.advance(6_000);
    expect(servedBy(await chat(client))).toBe('a');
    expect(state('a').breaker).toBe('closed');
    expect([servers.a.calls, servers.b.calls]).toEqual([1, 6]);
  });

  it('an upload moves as well: nothing of it was sent', async () => {
    await scenario()
      .endpoints({ a: [], b: [] })
      .does(down)
      .does(file)
      .expect({ served: 'b', attempts: ['a', 'b'], calls: { a: 0, b: 1 } });
  });

  it('an Azure endpoint and a client of one’s own are treated alike', async () => {
    await using b = await faultServer({ name: 'b' });
    const sound = { name: 'b', apiKey: 'key-b', baseURL: b.url };
    const closed = await faultServer();
    await closed.close();
    for (const a of [
      { name: 'a', type: 'azure', endpoint: closed.origin, apiVersion: '2024-10-21', apiKey: 'key-a' },
      { name: 'a', client: new OpenAI({ baseURL: closed.url, apiKey: 'key-a' }) },
    ] as const) {
      const client = new LoadBalancedOpenAI([a, sound], { strategy: 'priority', logLevel: 'off', shareState: false });
      for (let call = 0; call < 6; call++) expect(servedBy(await chat(client))).toBe('b');
      expect(client.balancer.snapshot().endpoints[0]).toMatchObject({ failures: 5, breaker: 'open' });
      await client.close();
    }
  });

  it('alone: an APIConnectionError that holds the system’s error, and no key', async () => {
    await scenario()
      .endpoints({ a: [] })
      .options({ maxRetries: 0 })
      .does(warm)
      .does(down)
      .call('gpt-5')
      .expect(
        { served: null, attempts: ['a'], error: { name: 'APIConnectionError', status: undefined }, withinMs: 50 },
        saying('ECONNREFUSED'),
      );
  });

  it('alone with retries: back within the backoff, it answers', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [] }, { clock });
    await stage.servers.a.refuse();
    const call = chat(stage.client);
    const { ms } = await stage.events.until('call-waiting');
    expect(ms).toBeLessThanOrEqual(500);
    await stage.servers.a.accept();
    await clock.advance(600);
    expect(servedBy(await call)).toBe('a');
    expect(attemptsOf(call).map(({ verdict }) => verdict)).toEqual(['connect-failed', 'ok']);
  });
});

row(2, 'connect attempts vanish (SYN black hole)', 'fails over within the connect bound or by rescue, counts', () => {
  it('the rescue saves the call before the transport gives up', async () => {
    await using hole = await blackHole();
    await scenario()
      .endpoints({ a: { script: [], at: hole.url }, b: [] })
      .does(warm)
      .call('gpt-5', {}, { timeout: 600 })
      .expect(
        { served: 'b', attempts: ['a', 'b'], verdicts: ['abandoned', 'ok'], calls: { a: 0, b: 1 }, withinMs: 350 },
        // Nobody knows yet whether it is slow or dead.
        ({ state }) => expect(state('a')).toMatchObject({ failures: 0, breaker: 'closed', inFlight: 0 }),
      );
  });

  it('a call, a stream and an upload move when the connect bound of their transport is reached', async () => {
    await using hole = await blackHole();
    await using agent = await ownAgent({ connect: { timeout: 100 } });
    await using stage = await openStage({ a: { script: [], at: hole.url, ...agent }, b: [] });
    const streamed = async () => expect((await read(await chatStream(stage.client))).error).toBeUndefined();
    const { error, ms, lag } = await timed(() => Promise.all([chat(stage.client), streamed(), file(stage)]));
    expect(error).toBeUndefined();
    const verdicts = stage.events.of('attempt-end').map(({ endpoint, verdict }) => `${endpoint} ${verdict}`);
    expect(tally(verdicts)).toEqual({ 'a connect-failed': 3, 'b ok': 3 });
    expect(stage.state('a')).toMatchObject({ failures: 3, cooldowns: [], inFlight: 0 });
    expect(stage.servers.b.calls).toBe(3);
    expect(ms).toBeLessThan(100 + AGENT_LOOKS_EVERY + lag);
  });

  it('by default the transport gives up after ten seconds, long before the call’s timeout', async () => {
    if (FULL) {
      await using hole = await blackHole();
      await scenario()
        .endpoints({ a: { script: [], at: hole.url }, b: [] })
        .call('gpt-5', {}, { timeout: 30_000 })
        .expect({
          served: 'b',
          verdicts: ['connect-failed', 'ok'],
          calls: { a: 0, b: 1 },
          withinMs: 10_000 + AGENT_LOOKS_EVERY,
        });
      return;
    }
    // The same error without the wait.
    const timedOut = Object.assign(new Error('Connect Timeout Error'), { code: 'UND_ERR_CONNECT_TIMEOUT' });
    await scenario()
      .endpoints({
        a: { script: [], fetch: () => Promise.reject(new TypeError('fetch failed', { cause: timedOut })) },
        b: [],
      })
      .call('gpt-5')
      .expect({ served: 'b', verdicts: ['connect-failed', 'ok'], calls: { a: 0, b: 1 } });
  });

  it('the kernel’s own connect timeout is one as well', async () => {
    const cause = Object.assign(new Error('connect ETIMEDOUT 192.0.2.1:443'), {
      code: 'ETIMEDOUT',
      syscall: 'connect',
    });
    await scenario()
      .endpoints({ a: { script: [], fetch: () => Promise.reject(new TypeError('fetch failed', { cause })) }, b: [] })
      .does(file)
      .expect({ served: 'b', verdicts: ['connect-failed', 'ok'], calls: { a: 0, b: 1 } });
  });

  it('alone: an APIConnectionTimeoutError when the call’s time is up', async () => {
    await using hole = await blackHole();
    await scenario()
      .endpoints({ a: { script: [], at: hole.url } })
      .does(warm)
      .call('gpt-5', {}, { timeout: 200 })
      .expect({ served: null, attempts: ['a'], error: { name: 'APIConnectionTimeoutError' }, withinMs: 250 }, saying());
  });
});

/** Ways a name is not resolved, as Node's and other resolvers report them. */
const LOOKUPS = ['getaddrinfo ENOTFOUND', 'getaddrinfo EAI_AGAIN', 'queryA ESERVFAIL', 'queryA ETIMEOUT'] as const;

function unresolved(why: (typeof LOOKUPS)[number]): Error {
  const [syscall, code] = why.split(' ');
  return Object.assign(new Error(`${why} a.invalid`), { code, syscall, hostname: 'a.invalid' });
}

row(3, 'the name cannot be resolved', 'fails over, counts for the endpoint', () => {
  it('unknown, unresolvable for now, refused, too slow: the next endpoint takes even an upload', async () => {
    let why: (typeof LOOKUPS)[number] = LOOKUPS[0]!;
    await using agent = await ownAgent({ connect: { lookup: (_, __, done) => done(unresolved(why), []) } });
    await using stage = await openStage({ a: { script: [], at: 'a.invalid', ...agent }, b: [] }, { breaker: false });
    for (why of LOOKUPS) {
      for (const act of [() => chat(stage.client), () => file(stage)]) {
        const { value, ms, lag } = await timed<object>(act);
        expect(attemptsOf(value).map(({ verdict }) => verdict)).toEqual(['connect-failed', 'ok']);
        expect(ms).toBeLessThan(250 + lag);
      }
    }
    expect(stage.state('a')).toMatchObject({ failures: 2 * LOOKUPS.length, cooldowns: [], inFlight: 0 });
    expect(stage.servers.b.calls).toBe(2 * LOOKUPS.length);
  });

  it('five in a row eject it', async () => {
    await using agent = await ownAgent({ connect: { lookup: (_, __, done) => done(unresolved(LOOKUPS[0]!), []) } });
    await using stage = await openStage({ a: { script: [], at: 'a.invalid', ...agent }, b: [] });
    for (let call = 0; call < 6; call++) expect(servedBy(await chat(stage.client))).toBe('b');
    expect(stage.state('a')).toMatchObject({ breaker: 'open', attempts: 5 });
    expect(stage.events.of('endpoint-ejected')).toMatchObject([{ endpoint: 'a', reason: 'connect-failed' }]);
  });

  it('an empty answer is a failure like any other', async () => {
    await using agent = await ownAgent({ connect: { lookup: addresses() } });
    await scenario()
      .endpoints({ a: { script: [], at: 'a.invalid', ...agent }, b: [] })
      .call('gpt-5')
      .expect({ served: 'b', attempts: ['a', 'b'], calls: { a: 0, b: 1 } }, ({ state }) =>
        expect(state('a').failures).toBe(1),
      );
  });

  it('a lookup that never answers falls under the connect bound', async () => {
    await using agent = await ownAgent({ connect: { timeout: 100, lookup: () => undefined } });
    await scenario()
      .endpoints({ a: { script: [], at: 'a.invalid', ...agent }, b: [] })
      .call('gpt-5')
      .expect({
        served: 'b',
        verdicts: ['connect-failed', 'ok'],
        calls: { a: 0, b: 1 },
        withinMs: 100 + AGENT_LOOKS_EVERY,
      });
  });

  it('alone: an APIConnectionError that names the host, and no key', async () => {
    await using agent = await ownAgent({ connect: { lookup: (_, __, done) => done(unresolved(LOOKUPS[0]!), []) } });
    await scenario()
      .endpoints({ a: { script: [], at: 'a.invalid', ...agent } })
      .options({ maxRetries: 0 })
      .call('gpt-5')
      .expect({ served: null, error: { name: 'APIConnectionError' } }, saying('ENOTFOUND', 'a.invalid'));
  });
});

row(
  4,
  'one of several addresses is dead, or the address changes',
  'invisible while one address works, else as row 1',
  () => {
    it('an address that refuses: the call is served through the other one, without a failover', async () => {
      await using agent = await ownAgent({ connect: { lookup: addresses('127.0.0.9', '127.0.0.1') } });
      await scenario()
        .endpoints({ a: { script: [], at: 'a.invalid', ...agent }, b: [] })
        .call('gpt-5')
        .expect({ served: 'a', attempts: ['a'], calls: { a: 1, b: 0 } }, ({ state }) => {
          expect(state('a')).toMatchObject({ failures: 0 });
        });
    });

    it('an address that swallows connects: Node moves on to the next one by itself', async () => {
      await using agent = await ownAgent({ connect: { lookup: addresses('127.0.0.9', '127.0.0.1') } });
      await using stage = await openStage({ a: { script: [], at: 'a.invalid', ...agent }, b: [] });
      await using _hole = await blackHole('127.0.0.9', stage.servers.a.port);
      const { value, ms, lag } = await timed(() => chat(stage.client));
      expect(servedBy(value!)).toBe('a');
      expect([stage.servers.a.calls, stage.servers.b.calls, stage.state('a').failures]).toEqual([1, 0, 0]);
      // Node waits 250 ms for an address before it tries the next one.
      expect(ms - lag).toBeLessThan(1_000);
    });

    it('every address refuses: the next endpoint answers, and it counts', async () => {
      await using agent = await ownAgent({ connect: { lookup: addresses('127.0.0.9', '127.0.0.8') } });
      await scenario()
        .endpoints({ a: { script: [], at: 'a.invalid', ...agent }, b: [] })
        .does(file)
        .expect({ served: 'b', verdicts: ['connect-failed', 'ok'], calls: { a: 0, b: 1 } }, ({ state }) => {
          expect(state('a')).toMatchObject({ failures: 1 });
        });
    });

    it('a name that moves to a new address is found there: every new connection asks again', async () => {
      const clock = manualClock();
      let now = addresses('127.0.0.9');
      await using agent = await ownAgent({ connect: { lookup: (...asked) => now(...asked) } });
      const a = { script: [], at: 'a.invalid', ...agent };
      await using stage = await openStage({ a, b: [] }, { clock });
      for (let call = 0; call < 5; call++) expect(servedBy(await chat(stage.client))).toBe('b');
      expect(stage.state('a').breaker).toBe('open');
      now = addresses('127.0.0.1');
      await clock.advance(6_000);
      expect(servedBy(await chat(stage.client))).toBe('a');
      expect(stage.events.of('endpoint-restored')).toMatchObject([{ endpoint: 'a' }]);
      expect([now.asked, stage.servers.a.calls]).toEqual([1, 1]);
    });
  },
);
