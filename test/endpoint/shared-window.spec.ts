// A limit that many processes share holds for all of them together: simulated processes on one store, in virtual time. What is
// granted is held against a true bucket, as a server has it.
import { describe, expect, it } from 'vitest';
import { World, type WorldProcess } from '../support/fleet-world.ts';
import { fc, runs } from '../support/property.ts';

const MINUTE = 60_000;
/** Two in a hundred; of small limits one call, which is the least there is. */
const little = (limit: number) => Math.max(1, limit * 0.02);

function start(world: World, count: number, load: number, options: object = {}): WorldProcess[] {
  return Array.from({ length: count }, () => world.start({ load: (world.limit * load) / count, ...options }));
}
const longest = (world: World) => Math.max(...world.processes.flatMap(({ waits }) => waits));

describe('at twice the limit', () => {
  it.each([
    [60, 8],
    [600, 1],
    [600, 8],
    [600, 30],
    [6_000, 8],
    [30_000, 4],
  ])(
    '%i a minute from %i processes: never more than a bucket lets through, hardly less, and everybody his share',
    async (limit, count) => {
      const world = new World(limit);
      const processes = start(world, count, 2);
      await world.clock.advance(2 * MINUTE);
      expect(world.overshoot()).toBeLessThanOrEqual(little(limit));
      expect(world.sum()).toBeGreaterThan(3 * limit * 0.97);
      const fair = limit / count;
      for (const { number } of processes) {
        const got = world.sum(MINUTE, 2 * MINUTE, number);
        expect(got).toBeGreaterThan(fair * 0.6 - 1);
        expect(got).toBeLessThan(fair * 1.6 + 2);
      }
      // A few questions per second, not one per call.
      expect(world.store.asked / 120).toBeLessThan(30);
    },
  );

  it('over hours: one counter follows the other, and nothing is lost or won between them', async () => {
    const world = new World(600);
    start(world, 4, 1.5);
    await world.clock.advance(31 * MINUTE);
    expect(world.sum(MINUTE, 31 * MINUTE)).toBeGreaterThan(30 * 600 * 0.99);
    expect(world.overshoot()).toBeLessThanOrEqual(little(600));
  });

  it('tokens, most of which come back with the reply', async () => {
    const world = new World(60_000);
    for (let index = 0; index < 8; index++) world.start({ load: 40, amount: 1_000, returns: 0.6 });
    await world.clock.advance(3 * MINUTE);
    expect(world.overshoot()).toBeLessThanOrEqual(little(60_000));
    expect(world.sum(MINUTE, 3 * MINUTE)).toBeGreaterThan(2 * 60_000 * 0.97);
  });

  it('a store that takes 40 to 80 ms for an answer', async () => {
    const world = new World(600);
    world.store.latency = () => 40 + 40 * world.clock.random();
    start(world, 8, 2);
    await world.clock.advance(2 * MINUTE);
    expect(world.overshoot()).toBeLessThanOrEqual(little(600));
    expect(world.sum()).toBeGreaterThan(3 * 600 * 0.97);
  });

  it.each([
    [240, 8],
    [600, 30],
  ])('%i a minute, all %i begin at once, and answers are late now and then: nothing is lost', async (limit, count) => {
    for (let seed = 1; seed <= 6; seed++) {
      const world = new World(limit, seed);
      const { clock, store } = world;
      store.latency = () => 1 + (clock.random() < 0.3 ? 200 * clock.random() : 0);
      for (const each of start(world, count, 2))
        for (let calls = 0; calls < (1.2 * limit) / count; calls++) each.call();
      await clock.advance(20_000);
      expect(world.sum()).toBeGreaterThan((4 / 3) * limit * 0.99);
      expect(world.overshoot()).toBeLessThanOrEqual(little(limit));
    }
  });

  it('clocks that are minutes apart', async () => {
    const world = new World(600);
    for (let index = 0; index < 8; index++) world.start({ load: 150, skew: (index - 4) * 60_000 });
    await world.clock.advance(2 * MINUTE);
    expect(world.overshoot()).toBeLessThanOrEqual(little(600));
    for (const { number } of world.processes)
      expect(world.sum(MINUTE, 2 * MINUTE, number)).toBeGreaterThan((600 / 8) * 0.9);
  });
});

describe('below the limit', () => {
  it.each([0.3, 0.6, 0.9])('at %f of it nobody waits', async (load) => {
    const world = new World(1_200);
    start(world, 8, load);
    await world.clock.advance(3 * MINUTE);
    expect(longest(world)).toBe(0);
    expect(world.overshoot()).toBe(0);
  });

  it('one has nearly all the calls, forty-nine have one now and then: nobody waits, and nobody hoards', async () => {
    const world = new World(600);
    for (let index = 0; index < 50; index++) world.start({ load: index === 0 ? 500 : 1 });
    await world.clock.advance(3 * MINUTE);
    expect(longest(world)).toBe(0);
  });

  it('a whole bucket at once, of which each has a part, is there within a moment', async () => {
    const world = new World(600);
    const processes = start(world, 8, 0);
    await world.clock.advance(100);
    for (const process of processes) for (let call = 0; call < 75; call++) process.call();
    await world.clock.advance(2_000);
    expect(world.sum()).toBeGreaterThan(540);
    // What some drew more than they needed.
    await world.clock.advance(3_000);
    expect(world.sum()).toBe(600);
    expect(world.overshoot()).toBe(0);
  });

  it('what is given back is there for another process', async () => {
    const world = new World(600);
    const processes = start(world, 8, 2);
    await world.clock.advance(MINUTE);
    for (const process of processes) {
      process.load = 0;
      process.waiting.length = 0;
    }
    await world.clock.advance(1.2 * MINUTE);
    const another = world.start({ load: 0 });
    await world.clock.advance(100);
    const before = world.sum();
    for (let call = 0; call < 1_000; call++) another.call();
    await world.clock.advance(1_000);
    expect(world.sum() - before).toBeGreaterThan(600 * 0.98);
    expect(world.overshoot()).toBeLessThanOrEqual(little(600));
  });

  it('what was drawn ahead is given back by who closes', async () => {
    const world = new World(60);
    const one = world.start({ load: 0 });
    for (let call = 0; call < 50; call++) one.call();
    await world.clock.advance(50);
    await Promise.all([one.fleet.leave(), world.clock.advance(50)]);
    const other = world.start({ load: 0 });
    for (let call = 0; call < 50; call++) other.call();
    await world.clock.advance(500);
    expect(world.sum()).toBe(60);
    expect(one.fleet.sizeOf('limit')).toBe(1);
  });
});

describe('processes told different limits', () => {
  it('each takes of the whole as its own limit says, and together they take no more than all of it', async () => {
    const world = new World(600);
    for (let index = 0; index < 8; index++) world.start({ load: 300, limit: index < 4 ? 600 : 300 });
    await world.clock.advance(3 * MINUTE);
    const of = (from: number, to: number) =>
      world.processes.slice(from, to).reduce((sum, { number }) => sum + world.sum(MINUTE, 3 * MINUTE, number), 0);
    const [large, small] = [of(0, 4), of(4, 8)];
    // In shares of their own limits, over two minutes.
    expect(large / 600 + small / 300).toBeCloseTo(2, 1);
    expect(Math.min(large, small)).toBeGreaterThan(300);
  });

  it('each alone has what it was told', async () => {
    for (const limit of [600, 300]) {
      const world = new World(limit);
      world.start({ load: 1_200, limit });
      await world.clock.advance(2 * MINUTE);
      expect(world.sum(MINUTE, 2 * MINUTE)).toBeGreaterThan(limit * 0.98);
      expect(world.overshoot()).toBeLessThanOrEqual(little(limit));
    }
  });
});

describe('the store', () => {
  it.each(['hangs', 'fails'] as const)(
    '%s: each goes by its part of the limit, and afterwards by all of it',
    async (state) => {
      const world = new World(600);
      start(world, 8, 2);
      await world.clock.advance(70_000);
      world.store.state = state;
      await world.clock.advance(30_000);
      world.store.state = 'well';
      await world.clock.advance(90_000);
      expect(world.overshoot()).toBeLessThanOrEqual(little(600));
      expect(world.sum(70_000, 100_000)).toBeGreaterThan(300 * 0.97);
      expect(world.sum(100_000, 190_000)).toBeGreaterThan(900 * 0.97);
    },
  );

  it('hangs before anybody had the time to hear of the others: who has drawn once does not wait', async () => {
    const world = new World(1_200);
    for (const each of start(world, 8, 0.5)) each.call();
    await world.clock.advance(1_200);
    for (const { fleet, waits } of world.processes) {
      expect(fleet.knowsOthers).toBe(false);
      waits.length = 0;
    }
    world.store.state = 'hangs';
    await world.clock.advance(30_000);
    expect(longest(world)).toBe(0);
    expect(world.overshoot()).toBe(0);
  });

  it.each(['hangs', 'fails'] as const)('%s while there is room: nobody waits', async (state) => {
    const world = new World(1_200);
    start(world, 8, 0.5);
    await world.clock.advance(70_000);
    world.store.state = state;
    await world.clock.advance(30_000);
    world.store.state = 'well';
    await world.clock.advance(60_000);
    expect(longest(world)).toBe(0);
    expect(world.overshoot()).toBe(0);
  });

  it('was never there: each has the limit to itself, and a call waits for no answer', async () => {
    const world = new World(600);
    world.store.state = 'fails';
    const [one] = start(world, 1, 2);
    await world.clock.advance(2 * MINUTE);
    expect(world.sum()).toBeGreaterThan(3 * 600 * 0.97);
    expect(world.overshoot()).toBeLessThanOrEqual(little(600));
    expect(one!.waits[0]).toBe(0);
  });

  it('forgets everything: what others knew is what counts', async () => {
    const world = new World(600);
    start(world, 8, 2);
    for (let time = 0; time < 5; time++) {
      await world.clock.advance(40_000);
      world.store.flush();
    }
    await world.clock.advance(MINUTE);
    // What others drew in the moment before is what each time costs.
    expect(world.overshoot()).toBeLessThanOrEqual(5 * 600 * 0.01);
    expect(world.sum()).toBeGreaterThan((260_000 / MINUTE + 1) * 600 * 0.97);
  });

  it('has processes that die with all they hold: the others have the rest', async () => {
    const world = new World(600);
    const processes = start(world, 8, 4);
    await world.clock.advance(70_000);
    for (const process of processes.slice(0, 6)) process.die();
    await world.clock.advance(70_000);
    expect(world.sum(80_000, 140_000)).toBeGreaterThan(600 * 0.97);
    expect(processes[7]!.fleet.sizeOf('limit')).toBe(2);
    expect(world.overshoot()).toBeLessThanOrEqual(little(600));
  });
});

it('whatever happens: hardly ever more than a bucket, all of it once the trouble is over, everybody something, all given back', async () => {
  const trouble = fc.record({
    at: fc.integer({ min: 1_000, max: 60_000 }),
    is: fc.constantFrom('hangs', 'fails', 'flush', 'dies', 'slow'),
    ms: fc.integer({ min: 10, max: 20_000 }),
  });
  const scene = fc.record({
    seed: fc.integer({ min: 1, max: 1e6 }),
    limit: fc.constantFrom(120, 600, 1_000, 6_000),
    count: fc.integer({ min: 1, max: 9 }),
    load: fc.constantFrom(1.5, 2, 4),
    latency: fc.constantFrom(0.4, 2, 20),
    troubles: fc.array(trouble, { maxLength: 3 }),
  });
  const property = fc.asyncProperty(scene, async ({ seed, limit, count, load, latency, troubles }) => {
    const world = new World(limit, seed);
    world.store.latency = () => latency * (0.5 + world.clock.random());
    const processes = start(world, count, load);
    const dead = new Set<WorldProcess>();
    for (const { at, is, ms } of troubles) {
      world.clock.after(at, () => {
        const last = processes[processes.length - 1 - dead.size];
        if (is === 'flush') world.store.flush();
        else if (is === 'dies' && last && dead.size < count - 1) {
          dead.add(last);
          last.die();
        } else if (is === 'slow') {
          world.store.latency = () => 150;
          world.clock.after(ms, () => {
            world.store.latency = () => latency;
          });
        } else if (is === 'hangs' || is === 'fails') {
          world.store.state = is;
          world.clock.after(ms, () => {
            world.store.state = 'well';
          });
        }
      });
    }
    await world.clock.advance(100_000);
    const calm = troubles.length === 0;
    // While the store forgets or fails, a part is overshot at the worst.
    expect(world.overshoot()).toBeLessThanOrEqual(calm ? little(limit) : Math.max(3, limit * 0.1));
    await world.clock.advance(MINUTE);
    expect(world.overshoot(100_000)).toBeLessThanOrEqual(little(limit));
    expect(world.sum(100_000, 160_000)).toBeGreaterThan(limit * 0.97 - 2);
    const alive = processes.filter((each) => !dead.has(each));
    for (const { number } of alive)
      expect(world.sum(100_000, 160_000, number)).toBeGreaterThan((limit / alive.length) * 0.4 - 1);
    for (const each of alive) {
      each.load = 0;
      each.waiting.length = 0;
    }
    await world.clock.advance(MINUTE + 10_000);
    const another = world.start({ load: 0 });
    const before = world.sum();
    for (let call = 0; call < 2 * limit; call++) another.call();
    await world.clock.advance(1_500);
    expect(world.sum() - before).toBeGreaterThan(limit * 0.98 - 1);
    expect(world.overshoot(100_000)).toBeLessThanOrEqual(little(limit));
  });
  await fc.assert(property, runs(12));
}, 300_000);
