// The story of a call and its queue: everything that happens arrives, in order, until it is over.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AttemptEnd } from '../../src/dispatch/attempt-end.ts';
import { type Attempt, CallStory, type Reply } from '../../src/dispatch/call-story.ts';
import type { Endpoint } from '../../src/endpoint/endpoint.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { aCall, anEndpoint, aReport } from '../support/parts.ts';

let clock: ManualClock;
beforeEach(() => {
  clock = manualClock();
});
const storyOf = (changes: Parameters<typeof aCall>[0] = {}) =>
  new CallStory(aCall({ deadline: 1_000, ...changes }), vi.fn(), clock);

const NEVER = { after: Number.POSITIVE_INFINITY, certain: false, beside: false };

function attemptOn(endpoint: Endpoint, settled = false): Attempt<Reply> {
  return {
    endpoint,
    load: endpoint.state.begin('gpt-5', 1_000, false)!,
    report: aReport({ endpoint: endpoint.name }),
    ending: new AttemptEnd(),
    reply: undefined,
    data: undefined,
    firstMs: undefined,
    replyModel: undefined,
    settled,
    unsent: false,
    bounds: {
      certain: false,
      headers: undefined,
      content: NEVER,
      rescue: undefined,
      silent: { slow: 1_000, late: 1_000 },
    },
    hedgeAfter: undefined,
    overdue: false,
    alarm: undefined,
  };
}

describe('the queue', () => {
  it('hands events out in order, whether asked for before or after they came', async () => {
    const story = storyOf();
    story.push({ is: 'woken', early: false });
    story.push({ is: 'abort' });
    expect([await story.next(), await story.next()]).toEqual([{ is: 'woken', early: false }, { is: 'abort' }]);
    const next = story.next();
    story.push({ is: 'deadline' });
    story.push({ is: 'woken', early: false });
    expect([await next, await story.next()]).toEqual([{ is: 'deadline' }, { is: 'woken', early: false }]);
  });

  it('tells of the deadline', async () => {
    const next = storyOf().next();
    await clock.advance(999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect([await next, clock.pending]).toEqual([{ is: 'deadline' }, 0]);
  });

  it('is not told of the deadline while the call rests: then it ends by itself', async () => {
    const story = storyOf();
    const after = vi.spyOn(clock, 'after');
    const run = vi.fn();
    story.rest(run);
    expect([after.mock.calls[0]![2], clock.pending]).toEqual([false, 1]);
    await clock.advance(999);
    expect(run).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(run).toHaveBeenCalledOnce();
    expect(story.whenDue).toBe(run);
    story.push({ is: 'woken', early: false });
    expect(await story.next()).toEqual({ is: 'woken', early: false });
  });

  it('tells of a deadline that has passed before it began', async () => {
    await clock.advance(5_000);
    const next = storyOf().next();
    await clock.advance(0);
    expect(await next).toEqual({ is: 'deadline' });
  });

  it('tells of the caller’s abort, also of an earlier one', async () => {
    const controller = new AbortController();
    const story = storyOf({ signal: controller.signal });
    controller.abort();
    expect(await story.next()).toEqual({ is: 'abort' });
    expect(await storyOf({ signal: AbortSignal.abort() }).next()).toEqual({ is: 'abort' });
  });
});

describe('the end', () => {
  it('of the deadline comes with the answer', async () => {
    const story = storyOf();
    story.commit();
    await clock.advance(10_000);
    expect(clock.pending).toBe(0);
  });

  it('leaves neither timer nor listener, and wakes who waits for it', async () => {
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    const add = vi.spyOn(controller.signal, 'addEventListener');
    const story = storyOf({ signal: controller.signal });
    story.close();
    await story.whenOver;
    expect([story.over, clock.pending]).toEqual([true, 0]);
    expect(remove.mock.calls[0]!.slice(0, 2)).toEqual(add.mock.calls[0]!.slice(0, 2));
  });
});

describe('a reply that rested', () => {
  const rested = async (signal?: AbortSignal) => {
    const story = storyOf({ signal });
    story.rest(() => story.close());
    await clock.advance(5_000);
    expect([story.over, clock.pending]).toEqual([true, 0]);
    return story;
  };

  it('has the time of the whole call when it is asked for, also after the end', async () => {
    const story = await rested();
    story.resume();
    expect(story.over).toBe(false);
    await clock.advance(999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await story.next()).toEqual({ is: 'deadline' });
  });

  it('hears the caller’s abort again, and ends again', async () => {
    const controller = new AbortController();
    const story = await rested(controller.signal);
    story.resume();
    controller.abort();
    expect(await story.next()).toEqual({ is: 'abort' });
    const over = vi.fn();
    void story.whenOver.then(over);
    await clock.advance(0);
    expect(over).not.toHaveBeenCalled();
    story.close();
    await story.whenOver;
    expect([story.over, clock.pending]).toEqual([true, 0]);
  });

  it('asked for in time has no less', async () => {
    const story = storyOf();
    story.rest(vi.fn());
    await clock.advance(900);
    story.resume();
    await clock.advance(999);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect(await story.next()).toEqual({ is: 'deadline' });
  });
});

describe('the attempts', () => {
  it('on an endpoint are those not judged yet', async () => {
    const [a, b] = [anEndpoint(clock, { name: 'a' }), anEndpoint(clock, { name: 'b' })];
    const story = storyOf();
    story.attempts.push(attemptOn(a), attemptOn(a, true), attemptOn(b));
    expect([story.attemptsOn(a).length, story.attemptsOn(b).length]).toEqual([1, 1]);
    const [pending] = story.attemptsOn(a);
    story.close();
    await pending;
  });

  it.each([
    ['nothing counts yet', undefined, undefined, ['a', 'b', 'c']],
    ['one answered', 1, undefined, ['a', 'c', 'b']],
    ['one failed in a way that counts', undefined, 0, ['b', 'c', 'a']],
    ['one answered after another had failed', 2, 0, ['a', 'b', 'c']],
  ])('are reported in order, the one that counted last: %s', (_, won, failed, order) => {
    const story = storyOf();
    story.attempts.push(...['a', 'b', 'c'].map((name) => attemptOn(anEndpoint(clock, { name }))));
    if (won !== undefined) story.won = story.attempts[won];
    if (failed !== undefined) story.failure = { attempt: story.attempts[failed]!, error: 'x', verdict: {} as never };
    expect(story.reports.map(({ endpoint }) => endpoint)).toEqual(order);
  });
});
