// The watch over a stream: what is held back, what an end is, how silence is bounded, and that the end is told once.
import { APIConnectionError, APIConnectionTimeoutError } from 'openai';
import { describe, expect, it, vi } from 'vitest';
import type { StreamKind } from '../../src/call/operations.ts';
import { BodyWatch } from '../../src/dispatch/body-watch.ts';
import type { EventSource, StreamEnd, Watched } from '../../src/dispatch/watched.ts';
import { badReplyError, isBadReply } from '../../src/errors.ts';
import { manualClock } from '../../src/testing/index.ts';
import { fc, runs } from '../support/property.ts';

const chunk = (delta: object, finish_reason: string | null = null) => ({ choices: [{ delta, finish_reason }] });
const ROLE = chunk({ role: 'assistant', content: '' });
const TEXT = chunk({ content: 'a' });
const STOP = chunk({}, 'stop');
const BAD = chunk({}, 'error');
const USAGE = { choices: [], usage: { total_tokens: 1 } };

/** An error that an event stood for: the SDK throws it, and it is shown as it is. */
const SAID = new Error('an error event');
const isApi = (error: unknown) => error === SAID;

/** What a source does next: an event, an error, or nothing for ever. */
type Play = object | Error | 'hang';

/** Events that come from an iterator, as the SDK's decoder is one. */
function sourceOf(iterator: AsyncIterator<object>): EventSource<object> {
  return {
    pull: (to) =>
      void iterator.next().then(
        ({ value, done }) => (done ? to.ended() : to.came(value)),
        (error: unknown) => to.broke(error),
      ),
    leave: async () => void (await iterator.return?.()),
  };
}

function watch(plays: readonly Play[], changes: Partial<Watched> = {}) {
  const clock = manualClock();
  const state = { aborted: false, done: false, lastByteAt: 0, bytesRead: 0, returned: 0, over: false };
  const ends: StreamEnd[] = [];
  const seen: unknown[] = [];
  const left = [...plays];
  let release: ((result: IteratorResult<object>) => void) | undefined;
  const source: AsyncIterator<object> = {
    next: () => {
      if (state.over) return Promise.reject(new Error('asked again after its end'));
      const play = left.shift();
      state.over = play === undefined || play instanceof Error;
      if (play === 'hang') return new Promise((resolve) => (release = resolve));
      if (play instanceof Error) return Promise.reject(play);
      state.lastByteAt = clock.now();
      return Promise.resolve(play === undefined ? { value: undefined, done: true } : { value: play, done: false });
    },
    return: async () => {
      state.returned += 1;
      return { value: undefined, done: true };
    },
  };
  const stop = vi.fn(() => {
    state.aborted = true;
    release?.({ value: undefined, done: true });
  });
  const onContent = vi.fn();
  const body = new BodyWatch(sourceOf(source), {
    kind: 'chat' as StreamKind,
    answers: 1,
    clock,
    idleTimeout: 1_000,
    timeLeft: () => 600_000,
    begins: 'with content',
    aborted: () => state.aborted,
    sawDone: () => state.done,
    lastByteAt: () => state.lastByteAt,
    bytesRead: () => state.bytesRead,
    stop,
    translate: (error) => (isApi(error) ? error : badReplyError('translated', error)),
    failureIn: () => new Error('bad event'),
    cutShort: (where) => badReplyError(`The stream ended ${where}.`),
    onEvent: (event) => void seen.push(event),
    onContent,
    onEnd: (end) => void ends.push(end),
    ...changes,
  });
  const read = async (limit = Number.POSITIVE_INFINITY) => {
    const iterator = body.iterator();
    const items: unknown[] = [];
    try {
      while (items.length < limit) {
        const { value, done } = await iterator.next();
        if (done) return { items, error: undefined, iterator };
        items.push(value);
      }
      return { items, error: undefined, iterator };
    } catch (error) {
      return { items, error, iterator };
    }
  };
  return { body, clock, state, ends, seen, stop, onContent, read, left };
}

describe('of its events', () => {
  it('hundreds cost one timer, which looks again as long as somebody waits', async () => {
    const clock = manualClock();
    const after = vi.spyOn(clock, 'after');
    const { read, ends } = watch([...Array.from({ length: 300 }, () => TEXT), 'hang'], {
      clock,
      lastByteAt: () => clock.now(),
    });
    const reading = read();
    for (let i = 0; i < 1_000; i++) await Promise.resolve();
    expect(after.mock.calls.length).toBe(1);
    for (let i = 0; i < 3; i++) await clock.advance(1_000);
    expect([after.mock.calls.length, ends.length]).toEqual([4, 0]);
    void reading;
  });

  it('one that comes after all was given up is taken no more', async () => {
    const { body, clock, ends } = watch([TEXT, 'hang']);
    const iterator = body.iterator();
    await iterator.next();
    const next = iterator.next().catch((error: unknown) => error);
    await clock.advance(1_000);
    expect(await next).toBeInstanceOf(APIConnectionTimeoutError);
    body.came(TEXT);
    body.broke(new Error('late'));
    body.ended();
    expect(ends).toHaveLength(1);
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
  });
});

describe('until its first content, a stream', () => {
  it.each<[string, StreamKind, object[], number]>([
    ['holds the preamble back', 'chat', [ROLE, ROLE, TEXT, TEXT, STOP], 3],
    ['holds nothing more than that', 'chat', [TEXT, TEXT, STOP], 1],
    ['may end without text', 'chat', [ROLE, STOP], 2],
    [
      'of responses holds its own preamble',
      'responses',
      [{ type: 'response.created' }, { type: 'response.in_progress' }, { type: 'x' }],
      3,
    ],
    [
      'of assistants holds nothing: a run exists',
      'assistants',
      [{ event: 'thread.run.created' }, { event: 'done' }],
      1,
    ],
    ['of an unknown kind holds nothing', 'other', [{ a: 1 }, { a: 2 }], 1],
  ])('%s', async (_, kind, events, read) => {
    const { body, seen, left } = watch(events, { kind });
    await body.untilContent(true);
    expect([seen.length, left.length]).toEqual([read, events.length - read]);
  });

  it('is handed on when it goes on and on: it must not fill the memory', async () => {
    const { body, left, read } = watch([...Array.from({ length: 1_500 }, () => ROLE), STOP]);
    await body.untilContent(true);
    expect(left).toHaveLength(501);
    expect((await read()).items).toHaveLength(1_501);
  });

  it('is handed on when its events are huge', async () => {
    const huge = { choices: [], padding: 'x' };
    const { body, left, state } = watch([huge, huge, huge, STOP], {
      bytesRead: () => 3_000_000 * (4 - left.length),
      onEvent: () => undefined,
    });
    await body.untilContent(true);
    expect([left.length, state.returned]).toEqual([1, 0]);
  });

  it('is read not at all when the call cannot move', async () => {
    const { body, left, read } = watch([ROLE, TEXT, STOP]);
    await body.untilContent(false);
    expect(left).toHaveLength(3);
    expect((await read()).items).toEqual([ROLE, TEXT, STOP]);
  });

  it('hands out every event once and in order, held or not', async () => {
    const { body, read, ends, onContent } = watch([ROLE, ROLE, TEXT, STOP, USAGE]);
    await body.untilContent(true);
    expect(onContent).toHaveBeenCalledOnce();
    expect(await read()).toMatchObject({ items: [ROLE, ROLE, TEXT, STOP, USAGE], error: undefined });
    expect(ends).toEqual([{ is: 'complete' }]);
    expect(onContent).toHaveBeenCalledOnce();
  });

  it.each<[string, Play[], (error: Error) => boolean, string]>([
    ['is empty', [], isBadReply, 'The stream ended before its first content.'],
    ['is all preamble', [ROLE], isBadReply, 'The stream ended before its first content.'],
    ['breaks', [ROLE, new TypeError('terminated')], (error) => error.message === 'translated', 'translated'],
    ['says error', [BAD], (error) => error.message === 'bad event', 'bad event'],
  ])('that %s throws, and its end is nobody’s business', async (_, plays, is, message) => {
    const { body, ends, onContent, stop } = watch(plays);
    const error = (await body.untilContent(true).catch((thrown: unknown) => thrown)) as Error;
    expect([is(error), error.message]).toEqual([true, message]);
    expect(stop).toHaveBeenCalled();
    body.dropped();
    expect([ends, onContent.mock.calls.length]).toEqual([[], 0]);
  });

  it('is not bounded by the idle timeout: a model may think for minutes', async () => {
    const { body, clock, stop } = watch(['hang']);
    let over = false;
    void body.untilContent(true).finally(() => {
      over = true;
    });
    await clock.advance(1_000_000);
    expect([over, stop.mock.calls.length, clock.pending]).toEqual([false, 0, 0]);
  });

  it('that somebody aborts ends without an error and is not complete', async () => {
    const { body, state, ends, read } = watch([ROLE]);
    state.aborted = true;
    await body.untilContent(true);
    expect((await read()).items).toEqual([ROLE]);
    expect(ends).toEqual([{ is: 'left', said: false }]);
  });
});

describe('an end', () => {
  it.each<[string, StreamKind, object[], boolean, boolean]>([
    ['after finish_reason is one', 'chat', [TEXT, STOP], false, true],
    ['after finish_reason and usage is one', 'chat', [TEXT, STOP, USAGE], false, true],
    ['with [DONE] after text is one', 'chat', [TEXT], true, true],
    ['with [DONE] after no text is none', 'chat', [ROLE], true, false],
    ['without either is none', 'chat', [TEXT], false, false],
    ['after response.completed is one', 'responses', [{ type: 'a' }, { type: 'response.completed' }], false, true],
    ['after response.failed is one', 'responses', [{ type: 'response.failed' }], false, true],
    ['without response.completed is none', 'responses', [{ type: 'a' }], false, false],
    ['of a run is one', 'assistants', [{ event: 'thread.run.completed' }], false, true],
    ['of half a run is none', 'assistants', [{ event: 'thread.run.created' }], false, false],
    ['of an image is one', 'media', [{ type: 'image_generation.completed' }], false, true],
    ['of half an image is none', 'media', [{ type: 'image_generation.partial_image' }], false, false],
    ['with [DONE] alone is one for media', 'media', [], true, true],
    ['without a marker is one for other streams', 'other', [{ a: 1 }], false, true],
    ['of an empty other stream is one', 'other', [], false, true],
  ])('%s', async (_, kind, events, done, good) => {
    const { state, read, ends } = watch(events, { kind });
    state.done = done;
    const { items, error } = await read();
    expect(items).toEqual(events);
    if (good) expect([error, ends]).toEqual([undefined, [{ is: 'complete' }]]);
    else {
      expect(error).toBeInstanceOf(APIConnectionError);
      expect(ends).toEqual([{ is: 'failed', error }]);
    }
  });

  it('is one although the connection breaks after it: the answer is whole', async () => {
    const { body, read, ends, clock } = watch([TEXT, STOP, new TypeError('terminated')]);
    await body.untilContent(true);
    const { items, error, iterator } = await read();
    expect([items, error, ends]).toEqual([[TEXT, STOP], undefined, [{ is: 'complete' }]]);
    expect([await iterator.next(), clock.pending]).toEqual([{ value: undefined, done: true }, 0]);
  });

  it.each<[string, StreamKind, Play[], number]>([
    [
      'of a response is one a second later, though the connection stays',
      'responses',
      [{ type: 'response.completed' }],
      1_000,
    ],
    ['of a run is one a second later', 'assistants', [{ event: 'done' }], 1_000],
    ['of a chat is waited for: its usage may still come', 'chat', [TEXT, STOP], 300_000],
  ])('%s', async (_, kind, plays, ms) => {
    const { body, clock, read, ends, stop, state } = watch([...plays, 'hang'], { kind, idleTimeout: 300_000 });
    await body.untilContent(true);
    const reading = read();
    await clock.advance(ms / 2);
    // Keep-alives do not hold it open.
    if (kind !== 'chat') state.lastByteAt = clock.now();
    await clock.advance(ms / 2 - 1);
    expect(ends).toEqual([]);
    await clock.advance(1);
    expect(await reading).toMatchObject({ items: plays, error: undefined });
    expect([ends, stop.mock.calls.length, clock.pending]).toEqual([[{ is: 'complete' }], 1, 0]);
  });

  it('that is all there is makes a complete stream without content', async () => {
    const { body, state, read, ends } = watch([], { kind: 'media' });
    state.done = true;
    await body.untilContent(true);
    expect((await read()).items).toEqual([]);
    expect(ends).toEqual([{ is: 'complete' }]);
  });

  it('is not one for anybody after an abort, and no error either', async () => {
    for (const kind of ['chat', 'other'] as const) {
      const { state, read, ends } = watch([TEXT], { kind });
      state.aborted = true;
      expect(await read()).toMatchObject({ items: [TEXT], error: undefined });
      expect(ends).toEqual([{ is: 'left', said: true }]);
    }
  });

  it('stays the end', async () => {
    const { read, ends } = watch([TEXT, STOP]);
    const { iterator } = await read();
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(await iterator.return?.()).toEqual({ value: undefined, done: true });
    expect(ends).toHaveLength(1);
  });
});

describe('after its first content, a stream that', () => {
  it.each<[string, Play[], string]>([
    ['breaks', [TEXT, new TypeError('terminated')], 'translated'],
    ['says error after its finish_reason', [TEXT, STOP, SAID], 'an error event'],
    ['says so itself after its finish_reason', [TEXT, STOP, BAD], 'bad event'],
    ['just stops', [TEXT], 'The stream ended before its end.'],
    ['says error', [TEXT, BAD], 'bad event'],
  ])('%s throws once, and then is over', async (_, plays, message) => {
    const { read, ends } = watch(plays);
    const { error, iterator } = await read();
    expect((error as Error).message).toBe(message);
    expect(ends).toEqual([{ is: 'failed', error }]);
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(ends).toHaveLength(1);
  });

  it('says error frees its connection: the server may keep it open', async () => {
    const { read, state, stop } = watch([TEXT, BAD, 'hang']);
    await read();
    expect(state.returned + stop.mock.calls.length).toBeGreaterThan(0);
  });

  it('is left frees its connection', async () => {
    const { read, state, ends } = watch([TEXT, TEXT, STOP]);
    const { iterator } = await read(1);
    await iterator.return?.();
    expect([state.returned, ends]).toEqual([1, [{ is: 'left', said: true }]]);
    expect(await iterator.next()).toMatchObject({ done: true });
    await iterator.return?.();
    expect([state.returned, ends.length]).toEqual([1, 1]);
  });

  it('is left after its finish_reason is complete', async () => {
    const { read, ends } = watch([TEXT, STOP, USAGE]);
    const { iterator } = await read(2);
    await iterator.return?.();
    expect(ends).toEqual([{ is: 'complete' }]);
  });

  it('is left with events still held back gives none of them', async () => {
    const { body, ends } = watch([ROLE, TEXT, STOP]);
    await body.untilContent(true);
    const iterator = body.iterator();
    await iterator.return?.();
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(ends).toEqual([{ is: 'left', said: true }]);
  });

  it('is dropped stops the request, once', async () => {
    const { body, ends, stop } = watch([TEXT, 'hang']);
    await body.untilContent(true);
    body.dropped();
    body.dropped();
    expect([ends, stop.mock.calls.length]).toEqual([[{ is: 'left', said: true }], 1]);
  });

  it('is over is not dropped any more', async () => {
    const { body, read, stop } = watch([TEXT, STOP]);
    await read();
    body.dropped();
    expect(stop).not.toHaveBeenCalled();
  });

  it('is aborted while nobody waits is left at once', async () => {
    const { body, ends } = watch([ROLE, TEXT, STOP]);
    await body.untilContent(true);
    body.aborted();
    expect(ends).toEqual([{ is: 'left', said: true }]);
  });

  it('is aborted after its end said so is complete', async () => {
    const { body, read, ends } = watch([TEXT, STOP, USAGE]);
    await read(2);
    body.aborted();
    expect(ends).toEqual([{ is: 'complete' }]);
  });

  it('is aborted before anybody read it is left', async () => {
    const { body, ends } = watch([TEXT]);
    await body.untilContent(false);
    body.aborted();
    expect(ends).toEqual([{ is: 'left', said: false }]);
  });

  it('is aborted while somebody waits is told by the iteration', async () => {
    const { body, ends, read, stop } = watch([TEXT, 'hang']);
    await body.untilContent(true);
    const reading = read();
    await new Promise((resolve) => setImmediate(resolve));
    body.aborted();
    expect(ends).toEqual([]);
    stop();
    expect(await reading).toMatchObject({ items: [TEXT], error: undefined });
    expect(ends).toEqual([{ is: 'left', said: true }]);
  });
});

describe('handed out before its first content', () => {
  const BOUNDS = { idleTimeout: 5_000, timeLeft: () => 1_500 };
  async function handedOut(plays: readonly Play[], changes: Partial<Watched> = {}) {
    const self = watch(plays, { ...BOUNDS, ...changes });
    await self.body.untilContent(false);
    return self;
  }

  it('a stream that does not begin ends at the deadline, which is told', async () => {
    const { clock, read, ends, stop } = await handedOut([ROLE, 'hang']);
    const reading = read();
    await clock.advance(1_499);
    expect(ends).toEqual([]);
    await clock.advance(1);
    const { items, error } = await reading;
    expect([items, error instanceof APIConnectionTimeoutError]).toEqual([[ROLE], true]);
    expect([ends, clock.pending]).toEqual([[{ is: 'failed', error, late: true }], 0]);
    expect(stop).toHaveBeenCalled();
  });

  it('its reader’s own pauses cost it no time, its own do, however many events come in between', async () => {
    const { body, clock, state, ends } = await handedOut([ROLE, 'hang']);
    const iterator = body.iterator();
    expect(await iterator.next()).toMatchObject({ value: ROLE });
    await clock.advance(60_000);
    const second = iterator.next().catch((error: unknown) => error);
    await clock.advance(1_400);
    state.lastByteAt = clock.now();
    expect(ends).toEqual([]);
    await clock.advance(100);
    expect(await second).toBeInstanceOf(APIConnectionTimeoutError);
  });

  it.each<[string, readonly Play[], Partial<Watched>]>([
    ['after its first content', [ROLE, TEXT, 'hang'], {}],
    ['after its first event, where that is the answer', [ROLE, 'hang'], { begins: 'with any event' }],
  ])('%s only silence is bounded', async (_, plays, changes) => {
    const { clock, read, ends } = await handedOut(plays, changes);
    const reading = read();
    await clock.advance(4_999);
    expect(ends).toEqual([]);
    await clock.advance(1);
    const { error } = await reading;
    expect(ends).toEqual([{ is: 'failed', error }]);
  });
});

describe('silence', () => {
  async function silent(changes: Partial<Watched> = {}) {
    const self = watch([TEXT, 'hang'], changes);
    await self.body.untilContent(true);
    const reading = self.read();
    return { ...self, reading };
  }

  it('is bounded while somebody waits', async () => {
    const { clock, reading, stop, ends } = await silent();
    await clock.advance(999);
    expect(stop).not.toHaveBeenCalled();
    await clock.advance(1);
    const { items, error, iterator } = await reading;
    expect(items).toEqual([TEXT]);
    expect(error).toBeInstanceOf(APIConnectionTimeoutError);
    expect((error as Error).message).toBe('The stream was silent for 1 s and was given up.');
    expect(stop).toHaveBeenCalled();
    expect([ends, clock.pending]).toEqual([[{ is: 'failed', error }], 0]);
    expect(await iterator.next()).toMatchObject({ done: true });
  });

  it('is broken by bytes that are no event yet', async () => {
    const { clock, state, stop } = await silent();
    for (let i = 0; i < 10; i++) {
      await clock.advance(900);
      state.lastByteAt = clock.now();
    }
    expect(stop).not.toHaveBeenCalled();
    await clock.advance(999);
    expect(stop).not.toHaveBeenCalled();
    await clock.advance(1);
    expect(stop).toHaveBeenCalled();
  });

  it('while nobody reads is nobody’s: a slow consumer is not cut', async () => {
    const { body, clock, read, stop } = watch([TEXT, TEXT, STOP]);
    await body.untilContent(true);
    await clock.advance(1_000_000);
    expect(clock.pending).toBe(0);
    expect((await read()).error).toBeUndefined();
    expect([stop.mock.calls.length, clock.pending]).toEqual([0, 0]);
  });

  it('leaves no timer behind, whatever the end', async () => {
    for (const plays of [[TEXT, STOP], [TEXT], [TEXT, new Error('x')], [TEXT, BAD]]) {
      const { clock, read } = watch(plays);
      await read();
      expect(clock.pending).toBe(0);
    }
  });
});

it('loses nothing, doubles nothing and tells one end, for any stream, cut anywhere, left anywhere', async () => {
  const event = fc.constantFrom<Play>(ROLE, TEXT, USAGE, STOP, BAD, new Error('cut'));
  await fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 8 }),
      fc.boolean(),
      fc.nat(9),
      fc.boolean(),
      async (plays, hold, leaveAt, done) => {
        const { body, read, ends, state, clock } = watch(plays);
        state.done = done;
        const before = plays.findIndex((play) => play === BAD || play instanceof Error);
        const good = before === -1 ? plays : plays.slice(0, before);
        const opened = await body.untilContent(hold).then(
          () => true,
          () => false,
        );
        if (!opened) {
          expect(good.every((play) => play === ROLE || play === USAGE)).toBe(true);
          expect(ends).toEqual([]);
          return;
        }
        const { items, error, iterator } = await read(leaveAt);
        expect(items).toEqual(good.slice(0, items.length));
        if (items.length === leaveAt) await iterator.return?.();
        else expect(items).toEqual(good);
        if (items.length < leaveAt) {
          const whole = good.includes(STOP);
          const ended = before === -1 ? whole || (done && good.includes(TEXT)) : whole && plays[before] !== BAD;
          expect(error === undefined).toBe(ended);
        }
        expect(ends).toHaveLength(1);
        expect(clock.pending).toBe(0);
      },
    ),
    runs(300),
  );
});
