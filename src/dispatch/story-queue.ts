/**
 * The one queue in which everything that happens to a call arrives: replies, bodies, alarms, the deadline, the caller's abort.
 * Why a queue: two attempts may run at once, and the first must be acted on.
 */
import type { Clock } from '../clock.ts';
import type { Alarm, Attempt, Reply } from './attempt.ts';
import { CallTimer } from './call-timer.ts';
import type { StoryEvent } from './story-events.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** What happens to one call, in order. */
export class StoryQueue<R extends Reply> {
  attempts: Attempt<R>[] = [];
  protected readonly timer: CallTimer;
  readonly #clock: Clock;
  /** Made by the first that nobody waits for. */
  #queue: StoryEvent<R>[] | undefined;
  #wake: ((event: StoryEvent<R>) => void) | undefined;
  #deadline: number;
  /** When a sleep of its own is over, if it sleeps. */
  #wakeUpAt: number | undefined;

  /** @param deadline in monotonic ms. */
  constructor(clock: Clock, deadline: number) {
    this.#clock = clock;
    this.#deadline = deadline;
    this.timer = new CallTimer(clock, this);
  }

  /** Something happened. */
  push(event: StoryEvent<R>): void {
    const wake = this.#wake;
    this.#wake = undefined;
    if (wake) wake(event);
    else if (this.#queue) this.#queue.push(event);
    else this.#queue = [event];
  }

  /** The next thing that happens. */
  next(): Promise<StoryEvent<R>> | StoryEvent<R> {
    const event = this.#queue?.shift();
    if (event) return event;
    this.#setTimer();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** One more attempt. */
  add(attempt: Attempt<R>): void {
    // A list that grows takes room for many more; mostly this is the only one.
    if (this.attempts.length === 0) this.attempts = [attempt];
    else this.attempts.push(attempt);
  }

  /** Looks at an attempt at other moments than before. */
  setAlarm(attempt: Attempt<R>, alarm: Alarm | undefined): void {
    attempt.alarm = alarm;
    // Else it is set as soon as somebody waits.
    if (this.#wake) this.#setTimer();
  }

  /** Wakes the call after `ms`. @returns what ends the sleep before. */
  sleep(ms: number): () => void {
    this.#wakeUpAt = this.#clock.now() + ms;
    if (this.#wake) this.#setTimer();
    return () => {
      this.#wakeUpAt = undefined;
    };
  }

  /** Gives the call so much time from now, in ms, whatever it had before. */
  protected bound(ms: number): void {
    this.#deadline = this.#clock.now() + ms;
    this.timer.stop();
    this.#setTimer();
  }

  /** The answer has begun: from here on the deadline does not count. */
  commit(): void {
    this.#deadline = NEVER;
    this.timer.stop();
  }

  #setTimer(): void {
    let at = Math.min(this.#deadline, this.#wakeUpAt ?? NEVER);
    for (const { alarm } of this.attempts) if (alarm && alarm.at < at) at = alarm.at;
    this.timer.set(at);
  }

  /** Told by its timer, maybe a little early: what is due arrives. */
  ring(now: number): void {
    if (this.#deadline <= now) {
      this.#deadline = NEVER;
      this.push({ is: 'deadline' });
    }
    if (this.#wakeUpAt !== undefined && this.#wakeUpAt <= now) {
      this.#wakeUpAt = undefined;
      this.push({ is: 'woken', early: false });
    }
    for (const attempt of this.attempts) {
      for (let { alarm } = attempt; alarm && alarm.at <= now; { alarm } = attempt) {
        attempt.alarm = alarm.next;
        this.push({ is: 'alarm', attempt, late: alarm.late });
      }
    }
    this.#setTimer();
  }
}
