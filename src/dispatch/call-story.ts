/** What happened to one call so far: what was tried, what that said, and what is kept of it for the next step. */
import type { Call } from '../call/call.ts';
import type { AttemptReport, Verdict } from '../call/outcome.ts';
import type { Place } from '../call/roll.ts';
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Attempt, Reply, Send } from './attempt.ts';
import type { Choice } from './choice.ts';
import { Few } from './few.ts';
import type { Failure, Suspicion } from './story-events.ts';
import { StoryQueue } from './story-queue.ts';

export type { Attempt, Reply, Send, Sending, Wire } from './attempt.ts';
export type { Failure, StoryEvent, Suspicion } from './story-events.ts';

const NONE: readonly never[] = [];

/** The story of one call. */
export class CallStory<R extends Reply> extends StoryQueue<R> {
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
  readonly live = new Few<Attempt<R>>();
  /** Endpoints tried in this round, and those not to be tried again at all. */
  tried = new Few<Endpoint>();
  barred = new Few<Endpoint>();
  /** Those asked twice in a row, and those where an attempt cost nothing; made by the first. */
  repeated: Set<Endpoint> | undefined;
  unsentOnce: Set<Endpoint> | undefined;
  /** Until when an endpoint asked this call alone for a pause, in monotonic ms; made by the first. */
  paused: Map<Endpoint, number> | undefined;
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
  suspicions: readonly Suspicion<R>[] = NONE;
  /** Set when the call was turned away at its last ask: until when it waits for a probe, and how many had begun before. */
  lastAsk: { readonly until: number; readonly begun: number } | undefined;
  /** The timer after which they are no longer held. */
  cancelHold: (() => void) | undefined;
  /** Among the calls that are not over. */
  place: Place<unknown> | undefined;
  over = false;
  /** Set once everybody heard of its end. */
  heard = false;
  /** Ends a call whose reply was never asked for. */
  whenDue: (() => void) | undefined;
  #whenOver: Promise<void> | undefined;
  #tellOver: (() => void) | undefined;
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
  /** Why it went where it went. */
  decisions: Choice[] | undefined;
  /** The pick that was made last, until its attempt begins. */
  choice: Choice | undefined;
  #onAbort: (() => void) | undefined;

  constructor(call: Call, send: Send<R>, clock: Clock) {
    super(clock, call.deadline);
    this.call = call;
    this.send = send;
    this.#listen();
    if (call.signal?.aborted) this.push({ is: 'abort' });
  }

  #listen(): void {
    const { signal } = this.call;
    if (!signal) return;
    // Not written straight into the field: V8 makes such a function among its old objects, and the whole call grows old with it.
    const onAbort = () => this.push({ is: 'abort' });
    this.#onAbort = onAbort;
    signal.addEventListener('abort', onAbort, { once: true });
  }

  /** Nobody asked for the reply yet: the call ends with `run` at its deadline, and holds up no process that wants to end. */
  rest(run: () => void): void {
    this.whenDue = run;
    this.timer.restUntil(this.call.deadline, run);
  }

  /** Somebody asks for the reply that rested, be it after the call's end: it has as much time as the whole call had. */
  resume(): void {
    if (this.over) this.#listen();
    this.over = false;
    this.bound(this.call.deadline - this.call.startedAt);
  }

  /** It is asked once more. */
  repeat(endpoint: Endpoint): void {
    this.repeated ??= new Set();
    this.repeated.add(endpoint);
  }

  /** Nothing more will be decided; the caller's abort is no longer listened to here. */
  close(): void {
    this.over = true;
    this.#tellOver?.();
    this.#whenOver = undefined;
    this.timer.stop();
    if (this.#onAbort) this.call.signal?.removeEventListener('abort', this.#onAbort);
  }

  /** Resolves when the call is over. Made when it is asked for. */
  get whenOver(): Promise<void> {
    if (this.over) return Promise.resolve();
    this.#whenOver ??= new Promise((resolve) => {
      this.#tellOver = resolve;
    });
    return this.#whenOver;
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
    const [first] = this.attempts;
    // Nearly always.
    if (first && this.attempts.length === 1) return [first.report];
    const counted = this.won ?? this.told?.attempt;
    const others = this.attempts.filter((attempt) => attempt !== counted);
    return (counted ? others.concat(counted) : others).map(({ report }) => report);
  }
}
