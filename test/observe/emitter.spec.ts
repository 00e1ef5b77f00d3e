// Events reach listeners, and nothing a listener does reaches a call.
import { describe, expect, it, vi } from 'vitest';
import { emitter } from '../../src/observe/emitter.ts';
import type { BalancerEvent } from '../../src/observe/events.ts';

const added: BalancerEvent = { type: 'endpoint-added', at: 1, endpoint: 'a' };
const drained: BalancerEvent = { type: 'endpoint-drained', at: 2, endpoint: 'a' };
const ignore = () => undefined;

describe('delivery', () => {
  it('goes to the listeners of the name and to those of everything', () => {
    const [named, other, all, observer] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()];
    const events = emitter([observer], ignore);
    events.on('endpoint-added', named);
    events.on('endpoint-drained', other);
    events.on('*', all);
    events.emit(added);
    expect(named.mock.calls).toEqual([[added]]);
    expect(all.mock.calls).toEqual([[added]]);
    expect(observer.mock.calls).toEqual([[added]]);
    expect(other).not.toHaveBeenCalled();
  });

  it('happens once for a listener added twice, and no more after `off`', () => {
    const listener = vi.fn();
    const events = emitter([], ignore);
    events.on('endpoint-added', listener);
    events.on('endpoint-added', listener);
    events.emit(added);
    expect(listener).toHaveBeenCalledTimes(1);
    events.off('endpoint-added', listener);
    events.off('endpoint-added', listener);
    events.off('endpoint-drained', listener);
    events.emit(added);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('reaches a listener that others remove on the way at most once more, and all the others', () => {
    const seen: string[] = [];
    const events = emitter([], ignore);
    const first = () => {
      seen.push('first');
      events.off('endpoint-added', first);
    };
    events.on('endpoint-added', first);
    events.on('endpoint-added', () => seen.push('second'));
    events.emit(added);
    events.emit(added);
    expect(seen).toEqual(['first', 'second', 'second']);
  });

  it('says which events anybody hears, so that no other one is made', () => {
    const listener = vi.fn();
    const events = emitter([], ignore);
    const wanted = () => [events.wants('endpoint-added'), events.wants('endpoint-drained')];
    expect(wanted()).toEqual([false, false]);
    events.on('endpoint-added', listener);
    expect(wanted()).toEqual([true, false]);
    events.emit(added);
    events.emit(drained);
    expect(listener.mock.calls).toEqual([[added]]);
    events.on('*', ignore);
    expect(wanted()).toEqual([true, true]);
    expect(emitter([ignore], ignore).wants('call-end')).toBe(true);
  });

  it('ends with `clear`, observers included', () => {
    const listener = vi.fn();
    const events = emitter([listener], ignore);
    events.on('endpoint-added', listener);
    events.clear();
    events.emit(added);
    expect([listener.mock.calls.length, events.active]).toEqual([0, false]);
  });
});

describe('active', () => {
  it('is true exactly while somebody listens', () => {
    const events = emitter([], ignore);
    const states = [events.active];
    events.on('endpoint-added', ignore);
    states.push(events.active);
    events.off('endpoint-added', ignore);
    states.push(events.active);
    events.on('*', ignore);
    states.push(events.active);
    events.off('*', ignore);
    states.push(events.active);
    expect(states).toEqual([false, true, false, true, false]);
    expect(emitter([ignore], ignore).active).toBe(true);
  });

  it('is false while its only observers are idle, whatever may become of them', () => {
    const observer = Object.assign(() => undefined, { idle: true });
    const events = emitter([observer], ignore);
    const states = [events.active, events.wants('call-end')];
    observer.idle = false;
    states.push(events.active, events.wants('call-end'));
    expect(states).toEqual([false, false, true, true]);
    const broken = Object.defineProperty(() => undefined, 'idle', {
      get() {
        throw new Error('mine');
      },
    });
    expect(emitter([broken], ignore).active).toBe(true);
  });
});

describe('a listener that fails', () => {
  it('stays, is reported once, and keeps nobody else from hearing', () => {
    const [report, other] = [vi.fn(), vi.fn()];
    const events = emitter([], report);
    const error = new Error('mine');
    events.on('endpoint-added', () => {
      throw error;
    });
    events.on('endpoint-added', other);
    events.on('*', other);
    events.emit(added);
    events.emit(added);
    expect(report.mock.calls).toEqual([[error]]);
    expect(other).toHaveBeenCalledTimes(4);
  });

  it('may fail later: a rejection ends no process', async () => {
    const report = vi.fn();
    const events = emitter([(async () => Promise.reject(new Error('late'))) as () => void], report);
    events.emit(drained);
    await new Promise((resolve) => setImmediate(resolve));
    expect(report.mock.calls).toEqual([[new Error('late')]]);
  });

  it('may have a reporter that fails as well', () => {
    const events = emitter(
      [
        () => {
          throw new Error('mine');
        },
      ],
      () => {
        throw new Error('the logger');
      },
    );
    expect(() => events.emit(added)).not.toThrow();
  });
});
