// The promise of the strategies by load: calls go where least is running, streams count until their end, and an endpoint that
// fails at once does not draw them.
import { describe, expect, it } from 'vitest';
import { attemptsOf } from '../../src/index.ts';
import { chat, chatStream, many, read, servedBy, tally } from '../support/calls.ts';
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
    const calls = await many(400, 4, () => chat(stage.client));
    const lost = calls.filter(({ status }) => status === 'rejected').length;
    expect(stage.servers.sick.calls).toBeLessThanOrEqual(8);
    expect(lost).toBe(failover ? 0 : stage.servers.sick.calls);
  });
});
