// The promise: calls are spread in proportion to the weights, to the call; an endpoint that is out gets none and what it
// would have got is spread over the others by their weights; clients built per request go on where the last one stopped.
import { describe, expect, it } from 'vitest';
import { LoadBalancedOpenAI, priority, random } from '../../src/index.ts';
import { manualClock } from '../../src/testing/index.ts';
import { chat, many, servedBy, tally } from '../support/calls.ts';
import { openStage, type Stage } from '../support/stage.ts';

const weighted = { a: { script: [], weight: 1 }, b: { script: [], weight: 2 }, c: { script: [], weight: 5 } };

/** Requests per server since the last reset. */
function counts<Name extends string>({ servers }: Stage<Name>): Record<Name, number> {
  const entries = Object.entries(servers) as [Name, { calls: number }][];
  return Object.fromEntries(entries.map(([name, { calls }]) => [name, calls])) as Record<Name, number>;
}

/** Who answered each call. */
async function servers(calls: ReturnType<typeof many<Awaited<ReturnType<typeof chat>>>>): Promise<string[]> {
  return (await calls).map((result) =>
    result.status === 'fulfilled' ? servedBy(result.value)! : String(result.reason),
  );
}

function reset({ servers }: Stage): void {
  for (const server of Object.values(servers)) server.reset();
}

describe('round robin', () => {
  it.each([1, 16])('shares 1,000 calls 1:2:5 to the call, %i at a time', async (concurrency) => {
    await using stage = await openStage(weighted, { strategy: 'round-robin' });
    const results = await many(1_000, concurrency, () => chat(stage.client));
    expect(tally(results.map(({ status }) => status))).toEqual({ fulfilled: 1_000 });
    const { a, b, c } = counts(stage);
    for (const [calls, share] of [
      [a, 125],
      [b, 250],
      [c, 625],
    ] as const)
      expect(Math.abs(calls - share)).toBeLessThanOrEqual(1);
  });

  it('interleaves: any eight calls in a row hold the exact shares', async () => {
    await using stage = await openStage(weighted, { strategy: 'round-robin' });
    const order: string[] = [];
    for (let call = 0; call < 40; call++) order.push(servedBy(await chat(stage.client))!);
    for (let from = 0; from + 8 <= 40; from++)
      expect(tally(order.slice(from, from + 8)), `from call ${from}`).toEqual({ a: 1, b: 2, c: 5 });
    // Not five in a row to c and then the rest.
    expect(order.join('')).not.toMatch(/c{5}/);
  });

  it('gives an endpoint that is out nothing, and its share to the others by their weights', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { ...weighted, d: { script: { status: 429, retryAfter: 60 }, weight: 4 } },
      { strategy: 'round-robin', clock },
    );
    // Until d was met and has asked to be left alone.
    while (stage.servers.d.calls === 0) await chat(stage.client);
    reset(stage);
    await many(800, 8, () => chat(stage.client));
    const { a, b, c, d } = counts(stage);
    expect(d).toBe(0);
    for (const [calls, share] of [
      [a, 100],
      [b, 200],
      [c, 500],
    ] as const)
      expect(Math.abs(calls - share)).toBeLessThanOrEqual(1);
    // And when it is back, it has its share again.
    stage.servers.d.script([]);
    await clock.advance(60_000);
    reset(stage);
    await many(1_200, 8, () => chat(stage.client));
    const back = counts(stage);
    for (const [name, share] of Object.entries({ a: 100, b: 200, c: 500, d: 400 }))
      expect(Math.abs(back[name as 'a'] - share), name).toBeLessThanOrEqual(1);
  });

  it('an ejected endpoint gets nothing', async () => {
    const clock = manualClock();
    await using stage = await openStage({ a: 500, b: [], c: [] }, { strategy: 'round-robin', clock });
    await many(15, 1, () => chat(stage.client));
    expect(stage.state('a')).toMatchObject({ breaker: 'open', excluded: 'ejected after failures' });
    reset(stage);
    await many(200, 8, () => chat(stage.client));
    expect(counts(stage)).toEqual({ a: 0, b: 100, c: 100 });
  });

  it('a weight of 0 gets calls only when nobody else can', async () => {
    await using stage = await openStage(
      { spare: { script: [], weight: 0 }, a: { script: [], weight: 3 } },
      { strategy: 'round-robin' },
    );
    await many(50, 4, () => chat(stage.client));
    expect(counts(stage)).toEqual({ spare: 0, a: 50 });
    stage.servers.a.script({ status: 429, retryAfter: 60 });
    for (let call = 0; call < 5; call++) expect(servedBy(await chat(stage.client))).toBe('spare');
  });

  it('equal pools built for one request each share the position', async () => {
    await using stage = await openStage(weighted, { strategy: 'round-robin' });
    const order: string[] = [];
    for (let call = 0; call < 400; call++) {
      const client = new LoadBalancedOpenAI(stage.options);
      order.push(servedBy(await chat(client))!);
      if (call % 2) await client.close();
    }
    expect(tally(order)).toEqual({ a: 50, b: 100, c: 250 });
    // Another pool over the same endpoints has a position of its own, and does not disturb this one.
    const { endpoints = [] } = stage.options;
    const other = new LoadBalancedOpenAI({ ...stage.options, endpoints: endpoints.slice(0, 2) });
    expect(tally(await servers(many(30, 1, () => chat(other))))).toEqual({
      a: 10,
      b: 20,
    });
  });

  it('pools that say shareState: false keep positions of their own', async () => {
    await using stage = await openStage({ a: [], b: [] }, { strategy: 'round-robin', shareState: false });
    for (let call = 0; call < 6; call++) expect(servedBy(await chat(new LoadBalancedOpenAI(stage.options)))).toBe('a');
  });
});

describe('the other strategies', () => {
  it('priority: the smallest number first, the next group only when nobody of it is left, and back again', async () => {
    const clock = manualClock();
    await using stage = await openStage(
      { spare: { script: [], priority: 2 }, a: { script: [], priority: 1 }, b: { script: [], priority: 1 } },
      { strategy: 'priority', clock },
    );
    await many(20, 1, () => chat(stage.client));
    expect(counts(stage)).toEqual({ spare: 0, a: 10, b: 10 });
    stage.servers.a.script([{ status: 429, retryAfter: 10 }]);
    stage.servers.b.script([{ status: 429, retryAfter: 20 }]);
    await chat(stage.client);
    reset(stage);
    stage.servers.a.script([]);
    stage.servers.b.script([]);
    await many(10, 1, () => chat(stage.client));
    expect(counts(stage)).toEqual({ spare: 10, a: 0, b: 0 });
    await clock.advance(10_001);
    await many(10, 1, () => chat(stage.client));
    expect(counts(stage)).toEqual({ spare: 10, a: 10, b: 0 });
  });

  it('priority without numbers: the order of the list counts', async () => {
    await using stage = await openStage({ a: [], b: [500], c: [] }, { strategy: 'priority' });
    await many(20, 4, () => chat(stage.client));
    expect(counts(stage)).toEqual({ a: 20, b: 0, c: 0 });
  });

  it('priority over random within a group', async () => {
    await using stage = await openStage(
      {
        a: { script: [], priority: 1, weight: 3 },
        b: { script: [], priority: 1 },
        c: { script: [], priority: 2, weight: 100 },
      },
      { strategy: priority(random(manualClock({ seed: 7 }).random)) },
    );
    await many(400, 8, () => chat(stage.client));
    const { a, b, c } = counts(stage);
    expect(c).toBe(0);
    expect(a + b).toBe(400);
    expect(Math.abs(a - 300)).toBeLessThan(40);
    expect(stage.client.balancer.snapshot().strategy).toBe('priority(random)');
  });

  it('random: in proportion to the weights, in no order', async () => {
    const { random: chance } = manualClock({ seed: 3 });
    await using stage = await openStage(weighted, { strategy: random(chance) });
    const order = await servers(many(800, 8, () => chat(stage.client)));
    const { a, b, c } = tally(order) as Record<'a' | 'b' | 'c', number>;
    expect(Math.abs(a - 100)).toBeLessThan(40);
    expect(Math.abs(b - 200)).toBeLessThan(50);
    expect(Math.abs(c - 500)).toBeLessThan(60);
    expect(order.slice(0, 100).join('')).not.toBe(order.slice(8, 108).join(''));
  });
});
