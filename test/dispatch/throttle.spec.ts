// Panic: how much is let through when everybody is ejected.
import { describe, expect, it } from 'vitest';
import { Throttle } from '../../src/dispatch/throttle.ts';
import { manualClock } from '../../src/testing/index.ts';

/** @param works the share of calls that succeed when tried */
async function run(perSecond: number, seconds: number, works: number) {
  const clock = manualClock({ seed: 4 });
  const dice = manualClock({ seed: 9 }).random;
  const throttle = new Throttle(2, clock);
  let [admitted, calls] = [0, 0];
  for (let i = 0; i < perSecond * seconds; i++) {
    await clock.advance(1_000 / perSecond);
    throttle.requested();
    const counts = i >= perSecond * 2;
    if (counts) calls += 1;
    if (!throttle.admit()) continue;
    if (counts) admitted += 1;
    if (dice() < works) throttle.accepted();
  }
  return { admitted, calls };
}

describe('the throttle', () => {
  it('lets about a probe a second through in a total outage', async () => {
    const { admitted } = await run(200, 12, 0);
    expect(admitted).toBeGreaterThan(3);
    expect(admitted).toBeLessThan(25);
  });

  it('lets nearly everything through while two thirds work', async () => {
    const { admitted, calls } = await run(100, 12, 0.66);
    expect(admitted / calls).toBeGreaterThan(0.95);
  });

  it('lets everything through for a lone call, whenever it comes', async () => {
    const clock = manualClock();
    const throttle = new Throttle(2, clock);
    for (let i = 0; i < 50; i++) {
      throttle.requested();
      expect(throttle.admit()).toBe(true);
      await clock.advance(1_100);
    }
  });

  it('looks back as far as answers take, so that a burst that was answered slowly pays for the next', async () => {
    const clock = manualClock({ seed: 2 });
    const throttle = new Throttle(2, clock);
    const burst = (usual: number) => {
      let admitted = 0;
      for (let i = 0; i < 20; i++) {
        throttle.requested();
        if (throttle.admit(usual)) admitted += 1;
      }
      return admitted;
    };
    burst(5_000);
    await clock.advance(4_000);
    for (let i = 0; i < 20; i++) throttle.accepted();
    await clock.advance(1_500);
    expect(burst(5_000)).toBe(20);
    await clock.advance(1_500);
    expect(burst(500)).toBeLessThan(12);
    expect(burst(1e9)).toBeGreaterThan(10);
  });

  it('refuses the more, the fewer succeed', () => {
    const clock = manualClock();
    const throttle = new Throttle(2, clock);
    const refusal = () => {
      let low = 0;
      let high = 1;
      for (let i = 0; i < 30; i++) {
        const middle = (low + high) / 2;
        clock.random = () => middle;
        if (throttle.admit()) high = middle;
        else low = middle;
      }
      return high;
    };
    for (let i = 0; i < 101; i++) throttle.requested();
    throttle.admit(); // The one that goes for certain.
    expect(refusal()).toBeCloseTo(100 / 101);
    for (let i = 0; i < 25; i++) throttle.accepted();
    expect(refusal()).toBeCloseTo(50 / 101);
    for (let i = 0; i < 25; i++) throttle.accepted();
    expect(refusal()).toBeCloseTo(0);
  });
});

describe('probes', () => {
  /** A throttle that lets nobody through by chance. */
  function strict() {
    const clock = manualClock();
    clock.random = () => 0;
    const throttle = new Throttle(2, clock);
    for (let i = 0; i < 9; i++) throttle.requested();
    return { clock, throttle };
  }

  it('goes once a second at least', async () => {
    const { clock, throttle } = strict();
    expect([throttle.nextProbe, throttle.admit(), throttle.nextProbe]).toEqual([0, true, 1_000]);
    await clock.advance(999);
    expect([throttle.admit(60_000), throttle.nextProbe]).toEqual([false, 1]);
    await clock.advance(1);
    throttle.requested();
    throttle.requested();
    expect([throttle.admit(), throttle.admit()]).toEqual([true, false]);
  });

  it('run until they have told, each once; whoever listens hears of the next', () => {
    const { throttle } = strict();
    const [a, b] = [{}, {}];
    const heard: string[] = [];
    throttle.began(a);
    throttle.began(b);
    throttle.listen(() => heard.push('first'));
    throttle.listen(() => heard.push('deaf'))();
    throttle.told({}, true);
    expect([throttle.probes, heard]).toEqual([{ running: 2, begun: 2, lastFailed: 0 }, []]);
    throttle.told(b, true);
    expect([throttle.probes, heard]).toEqual([{ running: 1, begun: 2, lastFailed: 2 }, ['first']]);
    throttle.told(b, true);
    throttle.told(a, true);
    expect([throttle.probes, heard]).toEqual([{ running: 0, begun: 2, lastFailed: 2 }, ['first']]);
    throttle.began(a);
    throttle.told(a, false);
    expect(throttle.probes).toEqual({ running: 0, begun: 3, lastFailed: 2 });
  });
});
