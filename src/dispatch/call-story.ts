/**
 * What happened to one call so far, and the one queue in which everything that happens to it arrives: replies, bodies,
 * alarms, the deadline, the caller's abort. Why a queue: two attempts may run at once, and the first must be acted on.
 */
import type { Call } from '../call/call.ts';
import type { AttemptReport, Outcome, Verdict } from '../call/outcome.ts';
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Attempt, Reply, Send } from './attempt.ts';
import type { Late } from './clocks.ts';

export type { Attempt, Reply, Send, Sending, Wire } from './attempt.ts';

/** A failure that may be the call's own fault. */
export interface Suspicion<R extends Reply> {
  readonly attempt: Attempt<R>;
  readonly verdict: Verdict;
  /** Nobody had to answer for it yet. */
  held: boolean;
}

/** A failure as the story keeps it. */
export interface Failure<R extends Reply> {
  readonly attempt: Attempt<R>;
  readonly error: unknown;
  readonly verdict: Verdict;
}

/** What may happen to a call while the loop waits. */
export type StoryEvent<R extends Reply> =
  | { readonly is: 'head' | 'body'; readonly attempt: Attempt<R>; readonly outcome: Outcome; readonly data?: unknown }
  | { readonly is: 'alarm'; readonly attempt: Attempt<R>; readonly late: Late }
  | { readonly is: 'deadline' | 'abort' }
  /** `early`: not by the wait's own end. */
  | { readonly is: 'woken'; readonly early: boolean }
  /** What ends the call came up outside of the loop. */
  | { readonly is: 'failed'; readonly error: unknown };

/** The story of one call. */
export class CallStory<R extends Reply> {
  /** With another model while that one is asked. */
  call: Call;
  readonly send: Send<R>;
  /** Reads a good reply's body to its usable state; set once the caller asked for the body. */
  read: ((attempt: Attempt<R>) => Promise<unknown>) | undefined;
  /** The only endpoint that may serve it: the caller's pin or the owner of an id. */
  only: Endpoint | undefined;
  /** Where it goes first if that endpoint is eligible. */
  prefer: Endpoint | undefined;
  /** Set when nobody knows who has what the call reads, so that everybody is asked at once: what each of them said last. */
  lookup: Map<Endpoint, Failure<R>> | undefined;
  readonly attempts: Attempt<R>[] = [];
  readonly live = new Set<Attempt<R>>();
  /** Endpoints tried in this round, and those not to be tried again at all. */
  tried = new Set<Endpoint>();
  barred = new Set<Endpoint>();
  repeated = new Set<Endpoint>();
  unsentOnce = new Set<Endpoint>();
  /** Until when an endpoint asked this call alone for a pause, in monotonic ms. */
  paused = new Map<Endpoint, number>();
  /** Attempts that count towards `maxAttempts`; waits; failovers. */
  counted = 0;
  waits = 0;
  failovers = 0;
  rescued = false;
  /** The failure that counts among those of the model asked now. */
  failure: Failure<R> | undefined;
  /** The one that counts among those of the models asked before: of the caller's own model, if it has any. */
  failureBefore: Failure<R> | undefined;
  /** The failure just met. */
  last: { readonly attempt: Attempt<R>; readonly verdict: Verdict } | undefined;
  /** Failures that may be this call's own fault. */
  readonly suspicions: Suspicion<R>[] = [];
  /** Set when the call was turned away at its last ask: until when it waits for a probe, and how many had begun before. */
  lastAsk: { readonly until: number; readonly begun: number } | undefined;
  /** The timer after which they are no longer held. */
  cancelHold: () => void = () => undefined;
  over = false;
  /** Set once everybody heard of its end. */
  heard = false;
  /** Ends a call whose reply was never asked for. */
  whenDue: (() => void) | undefined;
  whenOver: Promise<void> = Promise.resolve();
  #tellOver: () => void = () => undefined;
  /** The attempt whose reply the caller got. */
  won: Attempt<R> | undefined;
  /** Set while the call waits: ends the wait; one that ended early cost no retry. */
  stopWaiting: ((early?: boolean) => void) | undefined;
  /** Set while it stands in line for a slot. */
  inLine: string | undefined;
  /** The line in which its turn came last. */
  hadTurn: string | undefined;
  /** No slot came in time: it waits no more. */
  overdue = false;
  readonly #queue: StoryEvent<R>[] = [];
  #wake: ((event: StoryEvent<R>) => void) | undefined;
  #cancelDeadline: () => void = () => undefined;
  readonly #onAbort = () => this.push({ is: 'abort' });

  constructor(call: Call, send: Send<R>, clock: Clock) {
    this.call = call;
    this.send = send;
    this.#begin(clock, call.deadline - clock.now());
    if (call.signal?.aborted) this.push({ is: 'abort' });
  }

  #begin(clock: Clock, ms: number): void {
    this.over = false;
    this.whenOver = new Promise((resolve) => {
      this.#tellOver = resolve;
    });
    this.bound(clock, ms);
    this.call.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Something happened. */
  push(event: StoryEvent<R>): void {
    const wake = this.#wake;
    this.#wake = undefined;
    if (wake) wake(event);
    else this.#queue.push(event);
  }

  /** The next thing that happens. */
  next(): Promise<StoryEvent<R>> | StoryEvent<R> {
    return (
      this.#queue.shift() ??
      new Promise((resolve) => {
        this.#wake = resolve;
      })
    );
  }

  /** Gives the call so much time from now, in ms, whatever it had before. */
  bound(clock: Clock, ms: number): void {
    this.#cancelDeadline();
    this.#cancelDeadline = clock.after(ms, () => this.push({ is: 'deadline' }));
  }

  /** Nobody asked for the reply yet: the call ends with `run` at its deadline, and holds up no process that wants to end. */
  rest(clock: Clock, run: () => void): void {
    this.#cancelDeadline();
    this.whenDue = run;
    this.#cancelDeadline = clock.after(this.call.deadline - clock.now(), run, false);
  }

  /** Somebody asks for the reply that rested, be it after the call's end: it has as much time as the whole call had. */
  resume(clock: Clock): void {
    const ms = this.call.deadline - this.call.startedAt;
    if (this.over) this.#begin(clock, ms);
    else this.bound(clock, ms);
  }

  /** The answer has begun: from here on the deadline does not count. */
  commit(): void {
    this.#cancelDeadline();
  }

  /** Nothing more will be decided; the caller's abort is no longer listened to here. */
  close(): void {
    this.over = true;
    this.#tellOver();
    this.#cancelDeadline();
    this.call.signal?.removeEventListener('abort', this.#onAbort);
  }

  /** One promise for each attempt that has not been judged on `endpoint`; it resolves when the call is over. */
  attemptsOn(endpoint: Endpoint): Array<Promise<void>> {
    const busy = this.attempts.filter((attempt) => attempt.endpoint === endpoint && !attempt.settled);
    return busy.map(() => this.whenOver);
  }

  /** The failure that the caller gets when nothing else comes: of the model that he named, else of another one. */
  get told(): Failure<R> | undefined {
    const { failure, failureBefore, call } = this;
    return call.insteadOf === undefined ? (failure ?? failureBefore) : (failureBefore ?? failure);
  }

  /** The attempts as the user sees them, the one that counted last. */
  get reports(): AttemptReport[] {
    const counted = this.won ?? this.told?.attempt;
    const others = this.attempts.filter((attempt) => attempt !== counted);
    return [...others, ...(counted ? [counted] : [])].map((attempt) => attempt.report);
  }
}
