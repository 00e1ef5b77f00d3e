// The model itself: time, chance, queues, faults, and an oracle that is as good as it can be.
import { expect, it } from 'vitest';
import { lognormal, seeded } from './chance.ts';
import { contender } from './contenders.ts';
import type { Limits } from './quota.ts';
import { simulate } from './run.ts';
import { type ScenarioName, scenarioNames, scenarios } from './scenarios.ts';
import { type Fault, type Job, Server } from './server.ts';
import { VirtualClock } from './virtual-clock.ts';
import { FIRST_TOKEN, MEAN, type Work, workload } from './workload.ts';

const forever = () => false;

function bench(fault?: Fault, limits?: Limits) {
  const clock = new VirtualClock(1);
  const server = new Server('a', fault, clock, limits);
  const told: string[] = [];
  const job = (name: string, first: number, rest: number, signal = new AbortController().signal): Job => ({
    ...{ first, rest, signal, most: 110, used: 60, work: workload(1, 1e3, 10, 1)[0] as Work, index: 0 },
    begins: () => void told.push(`${name} begins ${clock.now()}`),
    ends: () => void told.push(`${name} ends ${clock.now()}`),
    fails: (error) => void told.push(`${name} ${(error as { status?: number }).status} ${clock.now()}`),
  });
  return { clock, server, told, job };
}

it('runs timers in order of time, then of setting, and lets promises settle in between', async () => {
  const clock = new VirtualClock(1);
  const ran: string[] = [];
  const note = (name: string) => () => void ran.push(`${name} ${clock.now()}`);
  const cancel = clock.after(5, note('cancelled'));
  for (const ms of [30, 10, 20, 10]) clock.after(ms, note(String(ms)));
  void (async () => {
    await new Promise<void>((resolve) => clock.after(10, resolve));
    clock.after(5, note('set later'));
  })();
  cancel();
  await clock.run(forever);
  expect(ran).toEqual(['10 10', '10 10', 'set later 15', '20 20', '30 30']);
});

it('runs many timers in order', async () => {
  const clock = new VirtualClock(1);
  const random = seeded(2);
  const ran: number[] = [];
  for (let i = 0; i < 500; i++) clock.after(Math.floor(random() * 100), () => void ran.push(clock.now()));
  await clock.run(forever);
  expect(ran).toHaveLength(500);
  expect(ran).toEqual([...ran].sort((a, b) => a - b));
});

it('draws what it says: the median and the spread of the time to the first token', () => {
  const random = seeded(3);
  const draws = Array.from({ length: 20_000 }, () => lognormal(random, FIRST_TOKEN.median, FIRST_TOKEN.sigma)).sort(
    (a, b) => a - b,
  );
  expect(draws[10_000]).toBeCloseTo(400, -1);
  // The 99th percentile of a lognormal lies 2.326 spreads above its median.
  expect((draws[19_800] as number) / (400 * Math.exp(2.326 * 0.5))).toBeCloseTo(1, 1);
});

it('lets as many calls arrive as asked for, the same for the same seed', () => {
  const calls = workload(1, 400_000, 30, 50);
  expect(Math.abs(calls.length / 12_000 - 1)).toBeLessThan(0.03);
  expect(new Set(calls.map(({ client }) => client)).size).toBe(50);
  expect(workload(1, 400_000, 30, 50)).toEqual(calls);
  expect(workload(2, 400_000, 30, 50)).not.toEqual(calls);
  expect(MEAN.hold).toBeGreaterThan(6_000);
});

it('serves 64 at once, the others in order; whoever hangs up frees a slot or a place in the queue', async () => {
  const { clock, server, told, job } = bench();
  const slot = new AbortController();
  const queued = new AbortController();
  server.take(job('slot', 400, 1_000, slot.signal));
  for (let i = 1; i < 64; i++) server.take(job('other', 1e6, 1e6));
  server.take(job('gone', 10, 10, queued.signal));
  for (const name of ['first', 'second']) server.take(job(name, 10, 20));
  expect(server.load).toBe(67);
  clock.after(100, () => queued.abort());
  clock.after(500, () => slot.abort());
  await clock.run(() => clock.now() > 1_000);
  expect(told).toEqual([
    'slot begins 400',
    'first begins 510',
    'first ends 530',
    'second begins 540',
    'second ends 560',
    'other begins 1000000',
  ]);
  expect(server.load).toBe(63);
});

it('plays each fault', async () => {
  const slow = bench({ is: 'slow', factor: 10 });
  slow.server.take(slow.job('x', 10, 20));
  await slow.clock.run(forever);
  expect(slow.told).toEqual(['x begins 100', 'x ends 300']);

  const limited = bench({ is: 'limited', perMinute: 2 });
  for (const at of [0, 10, 15_500, 60_000])
    limited.clock.after(at, () => limited.server.take(limited.job(String(at), 1, 1)));
  await limited.clock.run(forever);
  expect(limited.told.filter((line) => line.includes('429'))).toEqual(['15500 429 15520']);

  const hole = bench({ is: 'hole', from: 100, until: 200 });
  for (const at of [0, 100, 199, 200]) hole.clock.after(at, () => hole.server.take(hole.job(String(at), 1, 1)));
  await hole.clock.run(forever);
  expect(hole.told).toEqual(['0 begins 1', '0 ends 2', '200 begins 201', '200 ends 202']);

  const failing = bench({ is: 'failing', after: 20 });
  failing.server.take(failing.job('x', 1, 1));
  await failing.clock.run(forever);
  expect(failing.told).toEqual(['x 500 20']);
});

it('keeps a quota: buckets that fill evenly, headers that tell, what was not used given back', async () => {
  const { clock, server, told, job } = bench(undefined, { requestsPerMinute: 60, tokensPerMinute: 600 });
  const heard: Headers[] = [];
  const asked = (name: string): Job => ({ ...job(name, 1, 99), begins: (headers) => void heard.push(headers()) });
  // Each may take 110 of the 600 tokens, and takes 60 in the end.
  for (const at of [0, 10, 20, 30, 40]) clock.after(at, () => server.take(asked(`at ${at}`)));
  for (const at of [50, 180, 200, 210]) clock.after(at, () => server.take(asked(`at ${at}`)));
  await clock.run(forever);
  expect(told.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
    'at 50 429',
    ...['at 0 ends', 'at 10 ends', 'at 20 ends', 'at 30 ends', 'at 40 ends'],
    ...['at 210 429', 'at 180 ends', 'at 200 ends'],
  ]);
  expect(heard[0]?.get('x-ratelimit-limit-requests')).toBe('60');
  expect(heard[0]?.get('x-ratelimit-remaining-requests')).toBe('59');
  expect(heard[1]?.get('x-ratelimit-remaining-tokens')).toBe('380');
  expect(heard[1]?.get('x-ratelimit-reset-tokens')).toBe('21989ms');
});

it('gives the same figures for the same seed, and an oracle whom no fault touches', { timeout: 60_000 }, async () => {
  const run = { clients: 1, seed: 1, ms: 100_000 };
  const oracle = (name: ScenarioName) => simulate({ ...run, scenario: scenarios[name], ...contender('oracle') });
  const healthy = await oracle('healthy-0.6');
  expect(await oracle('healthy-0.6')).toEqual(healthy);
  for (const name of scenarioNames) {
    // More than all may take is more than anybody can place.
    if (name === 'quotas-2') continue;
    const { p99, success, wasted } = await oracle(name);
    expect({ name, success, wasted }).toEqual({ name, success: 1, wasted: 0 });
    expect(p99 / healthy.p99).toBeLessThan(1.05);
  }
  const random = await simulate({ ...run, scenario: scenarios.slow, ...contender('random') });
  expect(random.p99 / healthy.p99).toBeGreaterThan(5);
});
