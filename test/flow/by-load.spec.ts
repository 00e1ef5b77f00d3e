// The promise of the strategies by load: calls go where least is running, streams count until their end, and an endpoint that
// fails at once does not draw them.
import { describe, expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { chat, chatStream, FULL, many, read, servedBy, tally } from '../support/calls.ts';
import { openStage } from '../support/stage.ts';

describe('least-busy', () => {
  it('gives an endpoint that takes ten times as long about a tenth of what the others get', async () => {
    const slow = { script: [], server: { latency: 200 } };
    const quick = { script: [], server: { latency: 20 } };
    await using stage = await openStage({ slow, a: quick, b: quick }, { strategy: 'least-busy' });
    await many(300, 12, () => chat(stage.client));
    const { slow: few, a, b } = stage.servers;
    expect(few.calls).toBeLessThan(60);
    expect(few.calls).toBeGreaterThan(3);
    expect(Math.abs(a.calls - b.calls)).toBeLessThan(60);
  });

  it('counts a stream until its end', async () => {
    await using stage = await openStage({ a: [], b: [] }, { strategy: 'least-busy' });
    const stream = await chatStream(stage.client);
    const other = attemptsOf(stream)[0]?.endpoint === 'a' ? 'b' : 'a';
    for (let i = 0; i < 10; i++) expect(servedBy(await chat(stage.client))).toBe(other);
    await read(stream);
    const after = await Promise.all(Array.from({ length: 40 }, () => chat(stage.client)));
    expect(tally(after.map((each) => servedBy(each)!))).toEqual({ a: 20, b: 20 });
    expect([stage.state('a').inFlight, stage.state('b').inFlight]).toEqual([0, 0]);
  });

  it('keeps to the weights: 1:3 of many at once', async () => {
    const server = { latency: 20 };
    await using stage = await openStage(
      { a: { script: [], server }, b: { script: [], server, weight: 3 } },
      { strategy: 'least-busy' },
    );
    await many(800, 40, () => chat(stage.client));
    expect(Math.abs(stage.servers.a.calls - 200)).toBeLessThan(60);
  });

  it.each([true, false])('is not drawn to an endpoint that fails at once, failover %s', async (failover) => {
    const well = { script: [], server: { latency: 20 } };
    await using stage = await openStage(
      { sick: { script: { status: 500, times: Number.POSITIVE_INFINITY } }, a: well, b: well },
      { strategy: 'least-busy', failover, maxRetries: 0 },
    );
    const calls = await many(FULL ? 400 : 200, 4, () => chat(stage.client));
    const lost = calls.filter(({ status }) => status === 'rejected').length;
    expect(stage.servers.sick.calls).toBeLessThanOrEqual(8);
    expect(lost).toBe(failover ? 0 : stage.servers.sick.calls);
  });
});

describe('least-latency', () => {
  it.each(['plain', 'stream'])(
    'leaves an endpoint that is ten times slower after its first answers: %s',
    async (kind) => {
      const slow = { script: [], server: { latency: 500 } };
      const quick = { script: [], server: { latency: 50 } };
      await using stage = await openStage({ a: quick, slow, b: quick }, { strategy: 'least-latency' });
      const call = async () => (kind === 'plain' ? chat(stage.client) : read(await chatStream(stage.client)));
      await many(FULL ? 200 : 100, 2, call);
      expect(stage.servers.slow.calls).toBeLessThanOrEqual(3);
      expect(Math.min(stage.servers.a.calls, stage.servers.b.calls)).toBeGreaterThan(FULL ? 50 : 25);
      // The snapshot shows what it knows.
      const [a, b, ofSlow] = [stage.state('a'), stage.state('b'), stage.state('slow')].map(({ latency }) =>
        kind === 'plain' ? latency : latency.timeToFirstToken,
      );
      expect(ofSlow?.p50).toBeGreaterThan(2 * Math.max(a?.p50 ?? 0, b?.p50 ?? 0));
      expect(a?.p50).toBeGreaterThanOrEqual(40);
      expect(kind === 'plain' ? stage.state('a').latency.timeToFirstToken : stage.state('a').latency).toMatchObject({
        p50: null,
        p95: null,
      });
    },
  );

  it('leaves an endpoint that is silent, long before any of its calls is given up', async () => {
    const quick = { script: [], server: { latency: 50 } };
    await using stage = await openStage({ a: quick, hole: [], b: quick }, { strategy: 'least-latency' });
    await many(30, 3, () => chat(stage.client));
    stage.servers.hole.script('black-hole');
    const before = stage.servers.hole.calls;
    const calls = Array.from({ length: 100 }, async (_, i) => {
      await new Promise((resolve) => setTimeout(resolve, 20 * i));
      const ended = new AbortController();
      const call = chat(stage.client, {}, { signal: ended.signal }).catch(() => undefined);
      setTimeout(() => ended.abort(), 3_000);
      return call;
    });
    await Promise.all(calls);
    expect(stage.servers.hole.calls - before).toBeLessThanOrEqual(8);
  });

  it('compares plain calls by the token, so that long answers make no endpoint slow', async () => {
    // Whoever asks a for a lot waits for it; by the token both are the same.
    const reply = (tokens: number, delay: number) => ({
      ...{ status: 200, delay, times: Number.POSITIVE_INFINITY },
      body: {
        ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-5', system_fingerprint: 'x' },
        choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: tokens, total_tokens: tokens + 1 },
      },
    });
    await using stage = await openStage(
      { long: { script: reply(500, 100) }, short: { script: reply(50, 10) } },
      { strategy: 'least-latency' },
    );
    await many(80, 1, () => chat(stage.client));
    expect(stage.servers.long.calls).toBeGreaterThan(20);
  });
});
