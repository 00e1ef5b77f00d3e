/**
 * Carries calls over a pool; the doors to the loop. `head` ends with good headers, `body` goes on until a body is usable:
 * one that fails continues the same story on the next endpoint.
 */
import type { Call } from '../call/call.ts';
import type { Outcome } from '../call/outcome.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { ClosedError } from '../errors.ts';
import { announce } from './announce.ts';
import { blameAll } from './blame.ts';
import { type Attempt, CallStory, type Reply, type Send } from './call-story.ts';
import type { DispatchParts } from './dispatch-parts.ts';
import { finish } from './finish.ts';
import { learn } from './learn.ts';
import { follow, runStory } from './run-story.ts';
import { giveUpOthers, took, tookAtLeast } from './taking-long.ts';

/** The dispatcher of one pool. */
export class Dispatcher {
  readonly parts: DispatchParts;

  constructor(parts: DispatchParts) {
    this.parts = parts;
  }

  /**
   * Opens the story of a call.
   * @param only the endpoint it is pinned to.
   * @param prefer the endpoint it goes to first.
   * @param lookup ask all endpoints at once, since any of them may have what is read.
   * @throws ClosedError after `close`.
   */
  open<R extends Reply>(call: Call, send: Send<R>, only?: Endpoint, prefer?: Endpoint, lookup = false): CallStory<R> {
    const { clock, budget, hedges, events, now, throttle } = this.parts;
    if (now.closed) throw new ClosedError();
    const story = new CallStory(call, send, clock);
    story.place = now.running.add(story);
    story.only = only;
    story.prefer = prefer;
    if (lookup) story.lookup = new Map();
    const begun = clock.now();
    budget.deposit(begun);
    if (call.hedge) hedges.deposit(call.hedge.budget);
    throttle?.requested(begun);
    if (events.wants('call-start')) {
      const { id: callId, operation, model, stream } = call;
      events.emit({ type: 'call-start', at: clock.date(), callId, operation: operation.name, model, stream });
    }
    return story;
  }

  /** Goes on until an attempt has good headers. @throws what the caller shall see. */
  head<R extends Reply>(story: CallStory<R>): Promise<Attempt<R>> {
    return runStory(story, this.parts);
  }

  /**
   * Goes on until a body is usable.
   * @param first the attempt `head` ended with.
   * @param read turns a reply into what the caller gets, left in `attempt.data`; a throw continues the story.
   * @throws what the caller shall see.
   */
  body<R extends Reply>(
    story: CallStory<R>,
    first: Attempt<R>,
    read: (attempt: Attempt<R>) => Promise<unknown>,
  ): Promise<Attempt<R>> {
    story.read = read;
    follow(story, first, this.parts.clock.now());
    return runStory(story, this.parts);
  }

  /** Nobody waits for a body: the headers of `attempt` are all that is wanted, and what runs beside it is given up. */
  headsOnly<R extends Reply>(story: CallStory<R>, attempt: Attempt<R>): void {
    giveUpOthers(story, attempt, this.parts);
  }

  /** A reply that rested is asked for after all: the wait was the caller's own, and costs the call no time. */
  resume<R extends Reply>(story: CallStory<R>): void {
    if (!story.whenDue) return;
    story.resume();
    story.place ??= this.parts.now.running.add(story);
  }

  /** Judges an attempt that ended after the loop was left: a reply handed out, a stream's end. */
  settle<R extends Reply>(story: CallStory<R>, attempt: Attempt<R>, outcome: Outcome): void {
    const news = !attempt.settled;
    learn(story, attempt, outcome, this.parts);
    if (news && outcome.is === 'error' && outcome.cut) tookAtLeast(story, attempt, outcome.cut, this.parts);
  }

  /** Content came: a probe has done its work, and those that failed before have to answer for it. */
  proved<R extends Reply>(story: CallStory<R>, attempt: Attempt<R>): void {
    const { clock, events } = this.parts;
    // Of a stream that was handed out before, its reader's pace would be taken for the endpoint's.
    if (story.live.has(attempt)) took(attempt, 'content', clock.now());
    if (events.active && story.call.stream) attempt.firstMs ??= clock.now() - attempt.load.startedAt;
    blameAll(story, this.parts);
    attempt.endpoint.state.proved(attempt.load);
    this.parts.throttle?.told(attempt.load, false);
    announce(story.call.id, attempt.endpoint, 'ok', this.parts);
  }

  /** The call is over: tells everybody, once. */
  finish<R extends Reply>(story: CallStory<R>, ok: boolean): void {
    finish(story, ok, this.parts);
  }

  /** Something changed for the better: calls that wait look again. */
  wake(): void {
    const { now, room } = this.parts;
    for (const story of now.running)
      if (story.stopWaiting && (now.closed || !story.inLine)) story.push({ is: 'woken', early: true });
    room.lookSoon();
  }

  /** Takes no more calls, ends those that wait, and resolves when the running ones are over. Idempotent. */
  close(): Promise<void> {
    const { now } = this.parts;
    now.closed = true;
    this.wake();
    // A reply that nobody asked for so far is not waited for.
    for (const story of now.running) story.whenDue?.();
    if (now.running.size === 0) now.idle ??= Promise.resolve();
    now.idle ??= new Promise((resolve) => {
      now.whenIdle = resolve;
    });
    return now.idle;
  }

  /** Resolves when no call of this pool runs on `endpoint` any more. */
  async whenIdleOn(endpoint: Endpoint): Promise<void> {
    for (;;) {
      const busy = [...this.parts.now.running].flatMap((story) => story.attemptsOn(endpoint));
      if (busy.length === 0) return;
      await Promise.all(busy);
    }
  }
}
