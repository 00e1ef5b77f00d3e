// The promise: `balancer.take()` hands out the SDK client of an endpoint that the strategy chose, and counts it as load there
// until it is released, however that comes about.
import OpenAI, { AzureOpenAI } from 'openai';
import { describe, expect, it } from 'vitest';
import {
  AffinityError,
  attemptsOf,
  ClosedError,
  ConfigurationError,
  LoadBalancedOpenAI,
  NoEndpointAvailableError,
  type Taken,
} from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { chat, failure, servedBy, tally } from '../support/calls.ts';
import { collectGarbage } from '../support/parts.ts';
import { openStage, type Stage } from '../support/stage.ts';

const rr = { strategy: 'round-robin' } as const;
const busy = ({ client }: Stage) =>
  Object.fromEntries(client.balancer.snapshot().endpoints.map(({ name, inFlight }) => [name, inFlight]));
const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), {
  code: 'ECONNREFUSED',
  syscall: 'connect',
});

describe('take()', () => {
  it('gives the client of an endpoint, chosen by the strategy', async () => {
    await using stage = await openStage({ a: [], b: [], c: [] }, rr);
    const names: string[] = [];
    for (let round = 0; round < 6; round++) {
      using taken = await stage.client.balancer.take();
      names.push(taken.endpoint);
      const { client, endpoint } = taken;
      expect(client).toBeInstanceOf(OpenAI);
      expect(client).not.toBeInstanceOf(LoadBalancedOpenAI);
      expect(client.baseURL).toBe(stage.servers[endpoint as 'a'].url);
      expect(client.apiKey).toBe(stage.keys[endpoint as 'a']);
      expect(servedBy(await client.chat.completions.create({ model: 'gpt-5', messages: [] }))).toBe(endpoint);
    }
    expect(tally(names)).toEqual({ a: 2, b: 2, c: 2 });
  });

  it('counts as load until it is released, once', async () => {
    await using stage = await openStage({ a: [], b: [] }, { strategy: 'least-busy' });
    const { balancer } = stage.client;
    const [first, second] = [await balancer.take(), await balancer.take()];
    expect(busy(stage)).toEqual({ a: 1, b: 1 });
    const third = await balancer.take({ endpoint: first.endpoint });
    expect(busy(stage)).toEqual({ [first.endpoint]: 2, [second.endpoint]: 1 });
    // A call goes where there is less to do.
    expect(servedBy(await chat(stage.client))).toBe(second.endpoint);
    first.release();
    first.release();
    first[Symbol.dispose]();
    expect(busy(stage)).toEqual({ a: 1, b: 1 });
    second.release();
    third[Symbol.dispose]();
    expect(busy(stage)).toEqual({ a: 0, b: 0 });
  });

  it('names the model as the endpoint calls it, and goes only where it is served', async () => {
    await using stage = await openStage({
      a: { script: [], models: ['gpt-5'] },
      b: { script: [], modelMap: { 'gpt-*': 'vendor/gpt-$1' } },
      c: { script: [], type: 'azure', modelMap: { 'gpt-realtime': 'my-deployment' } },
    });
    const { balancer } = stage.client;
    const taken = await balancer.take({ model: 'gpt-realtime' });
    expect([taken.endpoint, taken.model.toUpperCase()]).toEqual(['b', 'VENDOR/GPT-REALTIME']);
    using azure = await balancer.take({ model: 'gpt-realtime', endpoint: 'c' });
    expect([azure.model, azure.client instanceof AzureOpenAI]).toEqual(['my-deployment', true]);
    using other = await balancer.take();
    expect([other.endpoint, other.model]).toEqual(['a', undefined]);
    taken.release();
  });

  it('is steered like a call: by its options, by its client, by the code around it', async () => {
    await using stage = await openStage(
      { a: { script: [], tags: ['eu'] }, b: { script: [], tags: ['eu', 'gpu'] }, c: { script: [], tags: ['us'] } },
      rr,
    );
    const { balancer } = stage.client;
    const from = async (taking: Promise<Taken>) => {
      using taken = await taking;
      return taken.endpoint;
    };
    expect(await from(balancer.take({ tags: ['gpu'] }))).toBe('b');
    expect(await from(balancer.pin('c').balancer.take())).toBe('c');
    expect(await from(balancer.with({ tags: ['eu'] }).balancer.take({ tags: ['gpu'] }))).toBe('b');
    expect(await from(balancer.run({ tags: ['us'] }, () => balancer.take()))).toBe('c');
    const sessions = [1, 2, 3].map(() => from(balancer.take({ session: 'user-1' })));
    expect(new Set(await Promise.all(sessions)).size).toBe(1);
  });

  it('leads an id to the endpoint that made it', async () => {
    await using stage = await openStage({ a: [], b: [] }, rr);
    const { balancer, responses } = stage.client;
    await responses.create({ model: 'gpt-5', input: 'hi' });
    const { id } = await responses.create({ model: 'gpt-5', input: 'hi' });
    for (let round = 0; round < 3; round++) {
      using taken = await balancer.take({ id, operation: 'responses' });
      expect(taken.endpoint).toBe('b');
    }
    expect(await failure(balancer.take({ id, endpoint: 'a' }))).toBeInstanceOf(AffinityError);
  });

  it('teaches nothing of times, and stands in the events with its call', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [], b: [] }, { clock });
    const taken = await stage.client.balancer.take({ model: 'gpt-5' });
    await clock.advance(3_600_000);
    expect(stage.state('a')).toMatchObject({ inFlight: 1, excluded: null });
    taken.release();
    expect(stage.state('a').latency).toEqual(stage.state('b').latency);
    expect(stage.events.names()).toEqual(['call-start', 'attempt-start', 'attempt-end', 'call-end']);
    expect(stage.events.of('call-start')).toMatchObject([{ operation: 'realtime', model: 'gpt-5' }]);
    expect(attemptsOf(taken)).toMatchObject([{ endpoint: 'a', verdict: 'ok', ms: 3_600_000 }]);
  });

  it('is no call that waits for an answer: held for long, it makes nobody look silent', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [], b: [] }, { clock });
    const { balancer } = stage.client;
    using _ = await balancer.take();
    await clock.advance(3_600_000);
    using next = await balancer.take();
    await clock.advance(1_000);
    using last = await balancer.take();
    expect([next.endpoint, last.endpoint, stage.state('a').excluded]).toEqual(['a', 'a', null]);
  });
});

describe('nobody eligible', () => {
  it('waits for a place, as a call does', async () => {
    await using stage = await openStage({ a: { script: [], limits: { maxConcurrent: 1 } } });
    const { balancer } = stage.client;
    const first = await balancer.take();
    const second = balancer.take();
    expect(
      await Promise.race([second.then(() => 'taken'), chat(stage.client, {}, { maxRetries: 0 }).catch(() => 'full')]),
    ).toBe('full');
    first.release();
    (await second).release();
  });

  it('says who and why when there is no waiting', async () => {
    await using stage = await openStage({
      a: { script: [], limits: { maxConcurrent: 1 } },
      b: { script: [], models: ['o3'] },
    });
    const { balancer } = stage.client;
    using _ = await balancer.take({ model: 'gpt-5' });
    const error = await failure<NoEndpointAvailableError>(balancer.take({ model: 'gpt-5', maxWait: 0 }));
    expect(error).toBeInstanceOf(NoEndpointAvailableError);
    expect(error.endpoints.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(error.message).toContain('no free slot');
  });

  it('waits no longer than maxWait, and not at all for one who left', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: { script: [], limits: { maxConcurrent: 1 } } }, { clock });
    const { balancer } = stage.client;
    using _ = await balancer.take();
    const late = failure(balancer.take({ maxWait: 2_000 }));
    const left = new AbortController();
    const aborted = failure(balancer.take({ signal: left.signal }));
    left.abort();
    expect(await aborted).toBeInstanceOf(OpenAI.APIUserAbortError);
    await clock.advance(2_000);
    expect(await late).toBeInstanceOf(NoEndpointAvailableError);
    expect(stage.client.balancer.snapshot().waiting).toBe(0);
  });

  it('is refused for what cannot be meant', async () => {
    await using stage = await openStage({ azure: [], b: [] });
    const { balancer } = stage.client;
    const said = async (options: object) => {
      const error = await failure<ConfigurationError>(balancer.take(options));
      expect(error).toBeInstanceOf(ConfigurationError);
      return error.message;
    };
    expect(await said({ modle: 'gpt-5' })).toBe('take.modle: unknown option; did you mean model?');
    expect(await said({ endpoint: 'azur' })).toMatch(/There is no endpoint .azur.: known are azure, b/);
    expect(await said({ tags: ['eu'] })).toContain('names a tag that no endpoint has; no endpoint has tags');
    expect(await said({ operation: 'realtme' })).toContain('did you mean realtime?');
    expect(await said({ maxWait: -1 })).toContain('take.maxWait: must be a duration in ms of 0 or more, got -1');
    expect(await said({ signal: 'x' })).toContain('take.signal: must be an AbortSignal');
    const plain = new LoadBalancedOpenAI({ apiKey: 'x' });
    expect((await failure(plain.balancer.take())).message).toContain('has no pool to take a client from');
  });
});

describe('what sockets report', () => {
  it('counts against the endpoint, like a call that could not connect', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [], b: [] }, { clock, breaker: { resetTimeout: 5_000 } });
    const { balancer } = stage.client;
    for (let round = 0; round < 5; round++) {
      const taken = await balancer.take();
      expect(taken.endpoint).toBe('a');
      taken.release(refused);
    }
    expect(stage.state('a')).toMatchObject({ breaker: 'open', failures: 5, inFlight: 0 });
    using other = await balancer.take();
    expect(other.endpoint).toBe('b');
    // The first one after that is the probe: it fails, and the endpoint stays out.
    await clock.advance(5_000);
    const probe = await balancer.take();
    expect([probe.endpoint, stage.state('a').breaker]).toEqual(['a', 'half-open']);
    probe.release(refused);
    expect(stage.state('a').breaker).toBe('open');
    // One that works restores it.
    await clock.advance(10_000);
    (await balancer.take()).release();
    expect(stage.state('a').breaker).toBe('closed');
  });

  it('a probe that is still in use after a while keeps nobody out', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [], b: [] }, { clock, breaker: { resetTimeout: 5_000 } });
    const { balancer } = stage.client;
    for (let round = 0; round < 5; round++) (await balancer.take()).release(refused);
    await clock.advance(5_000);
    using probe = await balancer.take();
    await clock.advance(10_000);
    expect([probe.endpoint, servedBy(await chat(stage.client))]).toEqual(['a', 'a']);
    expect(stage.state('a').breaker).toBe('closed');
  });

  it.each<[string, unknown, string]>([
    ['a refused connection', refused, 'connect-failed'],
    ["one behind the SDK's own error", Object.assign(new Error('x'), { cause: refused }), 'connect-failed'],
    ['a 503 in place of the upgrade', new Error('Unexpected server response: 503'), 'overloaded'],
    ['a 401 there', new Error('Unexpected server response: 401'), 'credentials-refused'],
    ['a 429 in an error event', { type: 'error', error: new Error('Unexpected server response: 429') }, 'rate-limited'],
    ['an error event without more', { type: 'error' }, 'connection-lost'],
    ['a close by accident', { type: 'close', code: 1006, reason: '' }, 'connection-lost'],
    ['a close in good order', { type: 'close', code: 1000 }, 'ok'],
    [
      'an error event of the API',
      Object.assign(new Error('x'), { error: { type: 'server_error', message: 'x' } }),
      'server-error',
    ],
    [
      'a mistake of the caller',
      Object.assign(new Error('x'), { error: { type: 'invalid_request_error' } }),
      'caller-error',
    ],
    ['an error of the SDK', new OpenAI.APIConnectionError({ message: 'x' }), 'connection-lost'],
    ['an abort', new OpenAI.APIUserAbortError(), 'aborted'],
    ['a bug elsewhere', new TypeError('x is not a function'), 'caller-error'],
    ['something thrown', 'oops', 'caller-error'],
  ])('%s', async (_, reason, verdict) => {
    await using stage = await openStage({ a: [], b: [] });
    const taken = await stage.client.balancer.take({ model: 'gpt-realtime' });
    taken.release(reason);
    expect(attemptsOf(taken)).toMatchObject([{ endpoint: 'a', verdict }]);
    expect(busy(stage)).toEqual({ a: 0, b: 0 });
  });
});

describe('where others would', () => {
  it('somebody is let through while everybody is ejected, and restores the endpoint by working', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: [], b: [] }, { clock });
    const { balancer } = stage.client;
    for (const endpoint of ['a', 'b'] as const)
      for (let round = 0; round < 5; round++) (await balancer.take({ endpoint })).release(refused);
    expect([stage.state('a').breaker, stage.state('b').breaker]).toEqual(['open', 'open']);
    const taken = await balancer.take({ maxWait: 0 });
    expect(stage.events.of('panic-entered').length).toBeGreaterThan(0);
    taken.release();
    expect(stage.state(taken.endpoint as 'a').breaker).toBe('closed');
  });

  it('another model is asked for when nobody serves the one named, and it says which', async () => {
    await using stage = await openStage(
      { a: { script: [], models: ['gpt-realtime-mini'], modelMap: { 'gpt-realtime-mini': 'mini-of-a' } } },
      { fallbacks: { 'gpt-realtime': ['gpt-realtime-mini'] } },
    );
    using taken = await stage.client.balancer.take({ model: 'gpt-realtime' });
    expect(taken.model).toBe('mini-of-a');
    expect(attemptsOf(taken)).toMatchObject([{ fallback: 'gpt-realtime-mini' }]);
  });
});

describe('the end', () => {
  it('drain and close wait until it is released; then there is nobody to take', async () => {
    await using stage = await openStage({ a: [], b: [] });
    const { client } = stage;
    const [onA, onB] = [await client.balancer.take(), await client.balancer.take({ endpoint: 'b' })];
    const over: string[] = [];
    const drained = client.balancer.drain('a').then(() => over.push('drained'));
    await chat(client);
    onA.release();
    await drained;
    {
      using left = await client.balancer.take({ maxWait: 0 });
      expect(left.endpoint).toBe('b');
    }
    const closed = client.close().then(() => over.push('closed'));
    expect(await failure(client.balancer.take())).toBeInstanceOf(ClosedError);
    expect(over).toEqual(['drained']);
    onB.release();
    await closed;
  });

  it('one that is dropped is released when it is collected, and the log says so', async () => {
    const lines: string[] = [];
    const log = (line: string) => lines.push(line);
    const logger = { error: log, warn: log, info: log, debug: log };
    await using stage = await openStage({ a: [], b: [] }, { logger, logLevel: 'warn' });
    const drop = async () => void (await stage.client.balancer.take());
    const held = await stage.client.balancer.take({ endpoint: 'b' });
    let client: OpenAI | undefined = (await stage.client.balancer.take({ endpoint: 'b' })).client;
    const { release } = await stage.client.balancer.take({ endpoint: 'b' });
    await drop();
    expect(busy(stage)).toEqual({ a: 1, b: 3 });
    await collectGarbage();
    await expect.poll(() => busy(stage).a).toBe(0);
    // Whoever holds the client or its release alone may still use it.
    expect(busy(stage)).toEqual({ a: 0, b: 3 });
    expect(lines.join('\n')).toContain('a client taken from a was dropped without release()');
    expect(client.baseURL).toBe(stage.servers.b.url);
    release();
    held.release();
    client = undefined;
    await collectGarbage();
    await expect.poll(() => busy(stage).b).toBe(0);
  });
});
