// The promise: rate limits are known before the 429. What was configured is kept to from the first call on, what replies tell is
// learned, and an endpoint without room for a call is left alone exactly until it has some.
import { describe, expect, it } from 'vitest';
import { LoadBalancedOpenAI, NoEndpointAvailableError } from '../../src/index.ts';
import { manualClock, type ServerRequest, type StatusStep } from '../../src/testing/index.ts';
import { chat, chatStream, failure, gate, read, servedBy } from '../support/calls.ts';
import { openStage, type Stage } from '../support/stage.ts';

const served = async (stage: Stage<'a' | 'b'>, count: number, body = {}) => {
  const names: unknown[] = [];
  for (let call = 0; call < count; call++) names.push(servedBy(await chat(stage.client, body)));
  return names.join('');
};

describe('configured limits', () => {
  it('a call beyond requestsPerMinute goes elsewhere, and comes back when there is a slot', async () => {
    const clock = manualClock();
    const limits = { requestsPerMinute: 4 };
    await using stage = await openStage({ a: { script: [], limits }, b: [] }, { clock });
    expect(await served(stage, 6)).toBe('aaaabb');
    expect(stage.state('a')).toMatchObject({
      excluded: 'no headroom',
      headroom: [{ model: 'gpt-5', left: 0, requests: { limit: 4, left: 0, fullInMs: 60_000 }, tokens: null }],
    });
    await clock.advance(14_999);
    expect(await served(stage, 1)).toBe('b');
    await clock.advance(1);
    expect(await served(stage, 2)).toBe('ab');
    expect(stage.state('a').attempts).toBe(5);
    // Each model by itself.
    expect(await served(stage, 1, { model: 'gpt-5-mini' })).toBe('a');
  });

  it('a call waits for the earliest slot, and no longer', async () => {
    const clock = manualClock();
    const limits = { requestsPerMinute: 1 };
    await using stage = await openStage({ a: { script: [], limits }, b: { script: [], limits } }, { clock });
    expect(await served(stage, 1)).toBe('a');
    await clock.advance(10_000);
    expect(await served(stage, 1)).toBe('b');
    const third = chat(stage.client);
    third.catch(() => undefined);
    expect(await stage.events.until('call-waiting')).toMatchObject({ ms: 50_000, reason: 'no headroom' });
    await clock.advance(55_000);
    expect(servedBy(await third)).toBe('a');
  });

  it('beyond the deadline it says so at once, and when to come back', async () => {
    const clock = manualClock();
    const limits = { requestsPerMinute: 1 };
    await using stage = await openStage({ a: { script: [], limits } }, { clock, timeout: 30_000 });
    await chat(stage.client);
    const error = await failure<NoEndpointAvailableError>(chat(stage.client));
    expect(error).toBeInstanceOf(NoEndpointAvailableError);
    expect(error).toMatchObject({
      status: 429,
      retryAfterMs: 60_000,
      endpoints: [{ name: 'a', reason: 'no headroom, for 60 s' }],
    });
    expect(stage.servers.a.calls).toBe(1);
  });

  it('tokensPerMinute is reserved before a call is sent, and corrected by its usage', async () => {
    const clock = manualClock();
    const open = gate<StatusStep>();
    const usage = { prompt_tokens: 20, completion_tokens: 30, total_tokens: 50 };
    const message = { role: 'assistant', content: 'hi' };
    const body = { id: 'x', object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }], usage };
    const limits = { tokensPerMinute: 1_000 };
    const script = ({ number }: ServerRequest) => (number === 1 ? open.promise : 'ok');
    await using stage = await openStage({ a: { script, limits }, b: [] }, { clock });
    const large = { max_tokens: 900 };
    const first = chat(stage.client, large);
    first.catch(() => undefined);
    await stage.servers.a.until(({ calls }) => calls === 1);
    // Half of what may come back, as long as nothing is known, beside the prompt.
    expect(stage.state('a').headroom[0]?.tokens?.left).toBeLessThan(550);
    expect(await served(stage, 1, { max_tokens: 1_200 })).toBe('b');
    open.open({ status: 200, body });
    await first;
    expect(stage.state('a').headroom[0]?.tokens).toMatchObject({ limit: 1_000, left: 950 });
    expect(await served(stage, 1, { max_tokens: 1_200 })).toBe('a');
  });

  it('a stream gives back what its usage says it did not use', async () => {
    const limits = { tokensPerMinute: 10_000 };
    const clock = manualClock();
    await using stage = await openStage({ a: { script: [], limits } }, { clock });
    const stream = await chatStream(stage.client, { max_tokens: 5_000, stream_options: { include_usage: true } });
    expect(stage.state('a').headroom[0]?.tokens?.left).toBeLessThan(7_600);
    expect((await read(stream)).error).toBeUndefined();
    expect(stage.state('a').headroom[0]?.tokens?.left).toBeGreaterThan(9_900);
  });

  it('what was never sent takes nothing', async () => {
    const clock = manualClock();
    const limits = { requestsPerMinute: 10, tokensPerMinute: 10_000 };
    await using stage = await openStage({ a: { script: [], limits }, b: [] }, { clock });
    await stage.servers.a.close();
    expect(await served(stage, 2)).toBe('bb');
    expect(stage.state('a')).toMatchObject({
      attempts: 2,
      headroom: [{ requests: { left: 10 }, tokens: { left: 10_000 } }],
    });
  });

  it('a client built for each call keeps to them as well', async () => {
    const limits = { requestsPerMinute: 3 };
    const clock = manualClock();
    await using stage = await openStage({ a: { script: [], limits }, b: [] }, {});
    const names: unknown[] = [];
    for (let call = 0; call < 5; call++) names.push(servedBy(await chat(new LoadBalancedOpenAI(stage.options))));
    expect(names.join('')).toBe('aaabb');
    expect(clock.pending).toBe(0);
  });
});

it('made-up names of models do not fill the window of a real one again', async () => {
  const clock = manualClock();
  const limits = { requestsPerMinute: 2 };
  await using stage = await openStage({ a: { script: [], limits }, b: [] }, { clock });
  expect(await served(stage, 2)).toBe('aa');
  for (let name = 0; name < 210; name++) await served(stage, 1, { model: `made-up-${name}` });
  expect(await served(stage, 1)).toBe('b');
});

describe('maxConcurrent', () => {
  it('is never exceeded: a call goes elsewhere, or waits until one ends', async () => {
    const clock = manualClock();
    const open = gate<StatusStep>();
    const limits = { maxConcurrent: 2 };
    await using stage = await openStage({ a: { script: () => open.promise, limits } }, { clock });
    const calls = [1, 2, 3].map(() => chat(stage.client).then(servedBy));
    await stage.servers.a.until((server) => server.calls === 2);
    expect(await stage.events.until('call-waiting')).toMatchObject({ reason: 'no free slot' });
    expect(stage.state('a')).toMatchObject({ inFlight: 2, excluded: 'no free slot' });
    await clock.advance(100);
    expect(stage.servers.a.calls).toBe(2);
    open.open({ status: 200 });
    // Nobody turns the clock: the end of a call is what lets the next one go.
    expect(await Promise.all(calls)).toEqual(['a', 'a', 'a']);
    expect(stage.state('a')).toMatchObject({ inFlight: 0, excluded: null });
  });

  it('holds for an endpoint that asked for a pause while it failed: a call waits for the slot, or is refused', async () => {
    const clock = manualClock();
    const open = gate<StatusStep>();
    const script = ({ number }: { number: number }) =>
      number === 1 ? ({ status: 503, retryAfterMs: 300_000 } as const) : open.promise;
    await using stage = await openStage({ a: { script, limits: { maxConcurrent: 1 } } }, { clock });
    await failure(chat(stage.client, {}, { maxRetries: 0 }));
    const first = chat(stage.client).then(servedBy);
    await stage.servers.a.until(({ calls }) => calls === 2);
    expect(await failure(chat(stage.client, {}, { maxRetries: 0 }))).toBeInstanceOf(NoEndpointAvailableError);
    const second = chat(stage.client).then(servedBy);
    expect(await stage.events.until('call-waiting')).toMatchObject({ reason: 'no free slot' });
    open.open({ status: 200 });
    expect(await Promise.all([first, second])).toEqual(['a', 'a']);
  });

  it('where calls usually take longer than anybody waits, a call waits all the same: the one that runs may end any moment', async () => {
    const clock = manualClock();
    let open = gate<StatusStep>();
    await using stage = await openStage({ a: { script: () => open.promise, limits: { maxConcurrent: 1 } } }, { clock });
    for (let call = 1; call <= 20; call++) {
      open = gate();
      const slow = chat(stage.client);
      await stage.servers.a.until(({ calls }) => calls === call);
      await clock.advance(90_000);
      open.open({ status: 200 });
      await slow;
    }
    open = gate();
    const calls = [1, 2].map(() => chat(stage.client).then(servedBy));
    await stage.servers.a.until((server) => server.calls === 21);
    await clock.advance(20_000);
    open.open({ status: 200 });
    expect(await Promise.all(calls)).toEqual(['a', 'a']);
  });

  it('counts a stream until its end', async () => {
    const clock = manualClock();
    const limits = { maxConcurrent: 1 };
    await using stage = await openStage({ a: { script: [], limits }, b: [] }, { clock });
    const stream = await chatStream(stage.client);
    expect(await served(stage, 1)).toBe('b');
    await read(stream);
    expect(await served(stage, 1)).toBe('a');
  });
});

/** A server with a real bucket of `limit` requests a minute, which tells what is left. */
function bucket(limit: number, now: () => number) {
  let [level, at] = [limit, 0];
  return (): StatusStep => {
    level = Math.min(limit, level + ((now() - at) * limit) / 60_000);
    at = now();
    const refused = level < 1;
    if (!refused) level -= 1;
    const headers = {
      'x-ratelimit-limit-requests': String(limit),
      'x-ratelimit-remaining-requests': String(Math.floor(level)),
      'x-ratelimit-reset-requests': `${Math.ceil(((limit - level) * 60_000) / limit)}ms`,
    };
    return refused
      ? { status: 429, headers, retryAfterMs: Math.ceil(((1 - level) * 60_000) / limit) }
      : { status: 200, headers };
  };
}

describe('learned limits', () => {
  it('an endpoint that counts down is left before it says 429, and asked again with the next slot', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: bucket(5, clock.now), b: [] }, { clock });
    expect(await served(stage, 7)).toBe('aaaaabb');
    expect(stage.state('a')).toMatchObject({
      excluded: 'no headroom',
      headroom: [{ requests: { limit: 5, left: 0 } }],
    });
    await clock.advance(12_000);
    expect(await served(stage, 2)).toBe('ab');
    expect(stage.servers.a.requests.filter(({ status }) => status === 429)).toEqual([]);
  });

  it('with nobody else left the call waits for the slot, and meets no 429', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: bucket(5, clock.now) }, { clock });
    for (let call = 0; call < 5; call++) await chat(stage.client);
    const sixth = chat(stage.client);
    sixth.catch(() => undefined);
    expect(await stage.events.until('call-waiting')).toMatchObject({ ms: 12_000, reason: 'no headroom' });
    await clock.advance(13_200);
    expect(servedBy(await sixth)).toBe('a');
    expect(stage.servers.a.calls).toBe(6);
  });

  it('calls on their way are reckoned with before their replies are there', async () => {
    const clock = manualClock();
    const answer = bucket(8, clock.now);
    const held = gate();
    const script = async (request: ServerRequest) => {
      const step = answer();
      if (request.number > 3) await held.promise;
      return step;
    };
    await using stage = await openStage({ a: script, b: [] }, { clock });
    expect(await served(stage, 3)).toBe('aaa');
    const calls = Array.from({ length: 7 }, () => chat(stage.client).then(servedBy));
    await stage.servers.a.until((server) => server.calls === 8);
    held.open();
    expect((await Promise.all(calls)).sort().join('')).toBe('aaaaabb');
  });
});

describe("the strategy 'headroom'", () => {
  it('spreads calls in proportion to the limits, also those that begin at once', async () => {
    const clock = manualClock();
    const [large, small] = [{ requestsPerMinute: 300 }, { requestsPerMinute: 100 }];
    await using stage = await openStage(
      { a: { script: [], limits: large }, b: { script: [], limits: small } },
      { clock, strategy: 'headroom' },
    );
    await Promise.all(Array.from({ length: 200 }, () => chat(stage.client)));
    expect(Math.abs(stage.servers.a.calls - 150)).toBeLessThanOrEqual(1);
  });

  it('meets no 429 as long as anybody has room, whatever others know of the limits', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { a: bucket(30, clock.now), b: bucket(10, clock.now) },
      { clock, strategy: 'headroom', maxRetries: 0 },
    );
    for (let call = 0; call < 200; call++) {
      await chat(stage.client);
      await clock.advance(60_000 / 38);
    }
    const all = [...stage.servers.a.requests, ...stage.servers.b.requests];
    expect(all.filter(({ status }) => status === 429)).toEqual([]);
    expect(Math.abs(stage.servers.a.calls - 150)).toBeLessThan(10);
  });
});

describe('a quota group', () => {
  it('shares configured limits', async () => {
    const clock = manualClock();
    const quotaGroup = 'team';
    await using stage = await openStage(
      { a: { script: [], quotaGroup }, b: { script: [], quotaGroup, limits: { requestsPerMinute: 3 } }, c: [] },
      { clock, strategy: 'round-robin' },
    );
    const names: unknown[] = [];
    for (let call = 0; call < 8; call++) names.push(servedBy(await chat(stage.client)));
    expect(names.filter((name) => name !== 'c')).toHaveLength(3);
    expect(stage.state('a').excluded).toBe('no headroom');
  });

  it('is learned from the organisation that replies at one address name, and said once', async () => {
    const clock = manualClock();
    const lines: string[] = [];
    const warn = (line: string) => void lines.push(line);
    const logger = { error: warn, warn, info: () => undefined, debug: () => undefined };
    const said = (organization: string, status = 200) => ({
      status,
      headers: { 'openai-organization': organization, 'openai-project': 'proj_1', 'x-request-id': 'r' },
      ...(status === 429 ? { retryAfter: 9 } : {}),
    });
    await using stage = await openStage(
      { a: [said('acme'), said('acme'), said('acme', 429), said('acme')], c: [] },
      { clock },
    );
    const [a] = stage.options.endpoints ?? [];
    // The same server under a second key, and a third one that belongs to somebody else.
    const server = stage.servers.a;
    const { apiKey } = a as { apiKey: string };
    const names = ['a', 'b'] as const;
    const endpoints = names.map((name) => ({
      ...a,
      name,
      apiKey: async () => {
        keys.push(name);
        return apiKey;
      },
    }));
    const keys: string[] = [];
    const client = new LoadBalancedOpenAI({
      ...stage.options,
      endpoints: [...endpoints, stage.options.endpoints?.[1]] as never,
      strategy: 'round-robin',
      logger,
      logLevel: 'warn',
    });
    for (let call = 0; call < 3; call++) await chat(client);
    expect(lines.filter((line) => line.includes('a and b belong to one organization'))).toHaveLength(1);
    expect(keys).toEqual(['a', 'b']);
    // A 429 of one is a 429 of both.
    expect(servedBy(await chat(client))).toBe('c');
    expect(server.calls).toBe(3);
    expect(client.balancer.snapshot().endpoints.map(({ cooldowns }) => cooldowns.length)).toEqual([1, 1, 0]);
    await client.close();
  });

  it('shares a 429 of one model, and an account without credit', async () => {
    const clock = manualClock();
    const quotaGroup = 'team';
    const limited = { status: 429, retryAfter: 9 } as const;
    const broke = { status: 429, code: 'insufficient_quota' } as const;
    await using stage = await openStage(
      { a: { script: [limited], quotaGroup }, b: { script: [], quotaGroup }, c: [] },
      { clock },
    );
    expect(servedBy(await chat(stage.client))).toBe('c');
    expect(stage.state('b').cooldowns).toEqual([{ model: 'gpt-5', reason: '429', msLeft: 9_000 }]);
    expect(servedBy(await chat(stage.client, { model: 'gpt-5-mini' }))).toBe('a');
    await clock.advance(9_000);
    stage.servers.a.script([broke]);
    expect(servedBy(await chat(stage.client))).toBe('c');
    expect(stage.state('b').excluded).toBe('cooling down (out of credit)');
    expect(stage.servers.b.calls).toBe(0);
  });
});
