// The machine's own clock: timers that are never early, never overflow, and can be left behind.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../src/clock.ts';

describe('now, date, random', () => {
  it('are the machine’s: a monotonic one, the wall clock, chance', () => {
    const [first, second] = [systemClock.now(), systemClock.now()];
    expect(second).toBeGreaterThanOrEqual(first);
    expect(Math.abs(systemClock.date() - Date.now())).toBeLessThan(1_000);
    expect(systemClock.random()).toBeLessThan(1);
  });
});

describe('after', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
  afterEach(() => void vi.useRealTimers());

  it.each([0, 1, 250, 60_000, 0.4, -5])('%d ms runs once, not early', async (ms) => {
    const run = vi.fn();
    systemClock.after(ms, run);
    await vi.advanceTimersByTimeAsync(Math.max(0, Math.ceil(ms) - 1));
    if (ms >= 1) expect(run).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2);
    expect([run.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it('waits for the rest when Node fires early', async () => {
    const run = vi.fn();
    const now = vi.spyOn(performance, 'now').mockReturnValue(1_000);
    systemClock.after(100, run);
    now.mockReturnValue(1_098.5);
    await vi.advanceTimersByTimeAsync(100);
    expect(run).not.toHaveBeenCalled();
    now.mockReturnValue(1_100);
    await vi.advanceTimersByTimeAsync(2);
    expect(run).toHaveBeenCalledOnce();
    now.mockRestore();
  });

  it('that comes late, since the process stood still, lets what arrived meanwhile be read first; once', async () => {
    const run = vi.fn();
    const now = vi.spyOn(performance, 'now').mockReturnValue(1_000);
    systemClock.after(100, run);
    now.mockReturnValue(3_000);
    await vi.advanceTimersByTimeAsync(100);
    expect(run).not.toHaveBeenCalled();
    // Late again: a process that is always late must not wait for ever.
    now.mockReturnValue(5_000);
    await vi.advanceTimersByTimeAsync(30);
    expect([run.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0]);
    systemClock.after(100, run);
    now.mockReturnValue(5_109.9);
    await vi.advanceTimersByTimeAsync(100);
    expect(run).toHaveBeenCalledTimes(2);
    const cancel = systemClock.after(100, run);
    now.mockReturnValue(9_000);
    await vi.advanceTimersByTimeAsync(100);
    cancel();
    expect([run.mock.calls.length, vi.getTimerCount()]).toEqual([2, 0]);
    now.mockRestore();
  });

  it('bears delays that Node cannot count: thirty days', async () => {
    const run = vi.fn();
    systemClock.after(30 * 86_400_000, run);
    await vi.advanceTimersByTimeAsync(29 * 86_400_000);
    expect(run).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(86_400_000 + 2);
    expect(run).toHaveBeenCalledOnce();
  });

  it('can be cancelled, also after it was set anew', async () => {
    const run = vi.fn();
    systemClock.after(10, run)();
    const cancel = systemClock.after(30 * 86_400_000, run);
    await vi.advanceTimersByTimeAsync(26 * 86_400_000);
    cancel();
    await vi.advanceTimersByTimeAsync(10 * 86_400_000);
    expect([run.mock.calls.length, vi.getTimerCount()]).toEqual([0, 0]);
  });
});

it('keeps the process alive or not, as it is told', () => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const cancel = [systemClock.after(1_000, () => undefined, false), systemClock.after(1_000, () => undefined)];
  expect(timers() - before).toBe(1);
  for (const stop of cancel) stop();
  expect(timers()).toBe(before);
});
