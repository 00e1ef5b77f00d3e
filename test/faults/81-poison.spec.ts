// Row 81: a request that fails wherever it is sent, again and again, among calls that are well.
import OpenAI from 'openai';
import { expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { manualClock, type ServerRequest, type Step } from '../../src/testing/index.ts';
import { chat, chatStream, FULL, failure, many, read, servedBy, tally } from '../support/calls.ts';
import { openStage, type Stage, type StageOptions } from '../support/stage.ts';
import { row } from './row.ts';

const MINUTES = 300_000;
const isPoison = ({ body }: ServerRequest) => (body as { user?: string }).user === 'poison';

/** Endpoints on which every poison request meets `fault` and everybody else is served. */
async function openPool<Name extends string>(names: readonly Name[], fault: Step, options: StageOptions = {}) {
  const script = (request: ServerRequest): Step => (isPoison(request) ? fault : 'ok');
  const endpoint = { script, server: { remember: 0 } };
  const scripts = Object.fromEntries(names.map((name) => [name, endpoint])) as Record<Name, typeof endpoint>;
  return openStage(scripts, { strategy: 'round-robin', ...options });
}

interface Mix {
  /** Bad calls, and good ones for each ten of them. */
  readonly bad: number;
  readonly good?: number;
  readonly maxRetries?: number;
  readonly stream?: boolean;
}

/** Makes good and bad calls in turn, many at a time. @returns who served the good ones, and how many bad ones failed */
async function mix({ client }: Stage, { bad, good = 10, maxRetries = 0, stream = false }: Mix) {
  const total = bad + Math.round((bad * good) / 10);
  const poison = (index: number) => (index * bad) % total < bad;
  const made = await many(total, 40, async (index) => {
    const body = { user: poison(index) ? 'poison' : 'good' };
    if (!stream) return servedBy(await chat(client, body, { maxRetries }));
    const { error, chunks } = await read(await chatStream(client, body, { maxRetries }));
    if (error !== undefined) throw error;
    return chunks[0]?.system_fingerprint;
  });
  const goods = made.filter((_, index) => !poison(index));
  const lost = goods.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
  const served = tally(goods.flatMap((each) => (each.status === 'fulfilled' ? [each.value as string] : [])));
  return { lost, served, failed: made.filter((each, index) => poison(index) && each.status === 'rejected').length };
}

const names = (stage: Stage) => Object.keys(stage.servers);

/** Nobody was ejected, and nobody is in any way kept from calls. */
function expectWhole(stage: Stage): void {
  expect(stage.events.of('endpoint-ejected')).toEqual([]);
  for (const name of names(stage))
    expect(stage.state(name)).toMatchObject({ breaker: 'closed', excluded: null, cooldowns: [], inFlight: 0 });
}

row(81, 'poison request: one that fails everywhere', 'its own fault: no good call is lost, nobody is ejected', () => {
  it('whatever it meets (500, 503, reset, HTML, cut JSON): the pool stays, good calls stay spread evenly', {
    timeout: MINUTES,
  }, async () => {
    for (const fault of [500, 503, 'reset', 'html', 'truncated-json'] as const) {
      await using stage = await openPool(['a', 'b', 'c'], fault);
      const bad = FULL || fault === 500 ? 1_000 / (FULL ? 1 : 4) : 60;
      const { lost, served, failed } = await mix(stage, { bad });
      expect({ fault, lost, failed }).toEqual({ fault, lost: [], failed: bad });
      const shares = names(stage).map((name) => (served[name] ?? 0) / bad);
      for (const share of shares) expect(share).toBeCloseTo(1 / 3, 1);
      expectWhole(stage);
    }
  });

  it('streams that die before their content', { timeout: MINUTES }, async () => {
    const bad = FULL ? 1_000 : 60;
    for (const fault of ['sse-error', { stream: 3, cutAfter: 0 }] as const) {
      await using stage = await openPool(['a', 'b', 'c'], fault);
      expect(await mix(stage, { bad, stream: true })).toMatchObject({ lost: [], failed: bad });
      expectWhole(stage);
    }
  });

  it('nine of them for each good call, in a pool of two, and where one endpoint is always preferred', {
    timeout: MINUTES,
  }, async () => {
    const bad = FULL ? 1_000 : 100;
    for (const [pool, options, good] of [
      [['a', 'b', 'c'], {}, 1],
      [['a', 'b'], {}, 10],
      [['a', 'b'], { strategy: 'priority' }, 10],
    ] as const) {
      await using stage = await openPool<string>(pool, 500, options);
      expect(await mix(stage, { bad, good })).toMatchObject({ lost: [], failed: bad });
      expectWhole(stage);
    }
  });

  it('in a pool of one, with the retries of the SDK: no good call is lost', { timeout: MINUTES }, async () => {
    await using stage = await openPool(['a'], 500);
    const bad = FULL ? 1_000 : 40;
    expect(await mix(stage, { bad, maxRetries: 2 })).toMatchObject({ lost: [], failed: bad });
    expect(stage.state('a')).toMatchObject({ breaker: 'closed', excluded: null });
  });

  it('its caller sees the SDK’s error after one request to each endpoint, without a key', async () => {
    await using stage = await openPool(['a', 'b', 'c'], 500);
    await chat(stage.client);
    const error = await failure(chat(stage.client, { user: 'poison' }));
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(error).toMatchObject({ status: 500 });
    expect(attemptsOf(error).map(({ verdict }) => verdict)).toEqual(['server-error', 'server-error', 'server-error']);
    expect(Object.values(stage.servers).reduce((sum, { calls }) => sum + calls, 0)).toBe(1 + 3);
    for (const key of Object.values(stage.keys)) expect(`${error} ${JSON.stringify(error)}`).not.toContain(key);
  });

  it('an endpoint that fails everybody is ejected among them as quickly as ever; so are all when all do', async () => {
    const clock = manualClock();
    await using stage = await openPool(['a', 'b'], 500, { clock, strategy: 'priority' });
    const { client, servers } = stage;
    const poison = () => failure(chat(client, { user: 'poison' }, { maxRetries: 0 }));
    for (const name of ['a', 'b'] as const) await chat(client.balancer.pin(name));
    servers.a.script(500);
    for (let call = 0; call < 4; call++) {
      await poison();
      expect(servedBy(await chat(client))).toBe('b');
    }
    expect(stage.state('a').breaker).toBe('closed');
    expect(servedBy(await chat(client))).toBe('b');
    expect(stage.state('a')).toMatchObject({ breaker: 'open', excluded: 'ejected after failures' });
    expect(stage.state('b').breaker).toBe('closed');
    // Now everybody: nobody has succeeded anywhere for longer than usual.
    await clock.advance(5_000);
    servers.a.script('ok');
    expect(servedBy(await chat(client))).toBe('a');
    for (const server of Object.values(servers)) server.script(500);
    for (let call = 0; call < 5; call++) await failure(chat(client, {}, { maxRetries: 0 }));
    expect([stage.state('a').breaker, stage.state('b').breaker]).toEqual(['closed', 'closed']);
    await clock.advance(15_001);
    await failure(chat(client, {}, { maxRetries: 0 }));
    expect([stage.state('a').breaker, stage.state('b').breaker]).toEqual(['open', 'open']);
  });
});
