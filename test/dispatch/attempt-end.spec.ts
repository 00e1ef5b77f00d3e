// The end of an attempt reaches whoever listens, by a signal or without one, whichever of them came first.
import { describe, expect, it, vi } from 'vitest';
import { AttemptEnd } from '../../src/dispatch/attempt-end.ts';

const why = new Error('why');

describe('the end of an attempt', () => {
  it('is told to who listens, once, with its reason', () => {
    const [end, run] = [new AttemptEnd(), vi.fn()];
    end.addEventListener('abort', run);
    expect([end.aborted, end.reason]).toEqual([false, undefined]);
    end.abort(why);
    end.abort(new Error('other'));
    expect([run.mock.calls.length, end.aborted, end.reason]).toEqual([1, true, why]);
    expect([end.controller.signal.aborted, end.controller.signal.reason]).toEqual([true, why]);
  });

  it('is told no more to who has left, with and without a signal', () => {
    for (const withSignal of [false, true]) {
      const [end, run] = [new AttemptEnd(), vi.fn()];
      end.addEventListener('abort', run);
      if (withSignal) expect(end.controller.signal.aborted).toBe(false);
      end.removeEventListener('abort', run);
      end.abort(why);
      expect(run).not.toHaveBeenCalled();
    }
  });

  it('goes through a signal once there is one: both ways, and also for who listened before', () => {
    const [end, before, after] = [new AttemptEnd(), vi.fn(), vi.fn()];
    end.addEventListener('abort', before);
    const { controller } = end;
    expect(end.controller).toBe(controller);
    end.addEventListener('abort', after);
    controller.abort(why);
    expect([before.mock.calls.length, after.mock.calls.length]).toEqual([1, 1]);
    expect([end.aborted, end.reason]).toEqual([true, why]);
    const other = new AttemptEnd();
    const { signal } = other.controller;
    other.abort(why);
    expect([signal.aborted, signal.reason, other.aborted]).toEqual([true, why, true]);
  });
});
