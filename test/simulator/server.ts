// A modelled endpoint: 64 slots with a queue in front of them, and what can be wrong with it.
import { APIError } from 'openai';
import { type Limits, Quota } from './quota.ts';
import type { VirtualClock } from './virtual-clock.ts';
import type { Work } from './workload.ts';

/** What is wrong with an endpoint. Times in ms. */
export type Fault =
  | { readonly is: 'slow'; readonly factor: number }
  /** Takes so many attempts in each minute; the others get a 429 that says when the minute is over. */
  | { readonly is: 'limited'; readonly perMinute: number }
  /** What is sent there between the two times is never answered. */
  | { readonly is: 'hole'; readonly from: number; readonly until: number }
  /** Answers 500 after so long. */
  | { readonly is: 'failing'; readonly after: number };

/** Whatever takes attempts in. */
export interface Taker {
  take(job: Job): void;
}

/** One attempt as the server sees it. */
export interface Job {
  /** How long it takes on an endpoint that works, in ms: until its first token, and from there to its end. */
  readonly first: number;
  readonly rest: number;
  /** The call, and which of its attempts this is, from 0 on. */
  readonly work: Work;
  readonly index: number;
  /** What it takes of a quota, in tokens: at most as far as its bounds tell, and in the end. */
  readonly most: number;
  readonly used: number;
  readonly signal: AbortSignal;
  /** The first token. */
  begins(headers: () => Headers): void;
  ends(headers: () => Headers): void;
  fails(error: Error): void;
}

/** How many calls an endpoint serves at once. */
export const SLOTS = 64;
const MINUTE = 60_000;
const NO_HEADERS = new Headers();

/** One endpoint. */
export class Server {
  readonly name: string;
  readonly fault: Fault | undefined;
  readonly #clock: VirtualClock;
  readonly #quota: Quota | undefined;
  readonly #queue = new Set<Job>();
  #busy = 0;
  #window = -1;
  #inWindow = 0;

  constructor(name: string, fault: Fault | undefined, clock: VirtualClock, limits?: Limits) {
    this.name = name;
    this.fault = fault;
    this.#clock = clock;
    this.#quota = limits && new Quota(limits);
  }

  /** Takes an attempt in. */
  take(job: Job): void {
    const { fault } = this;
    if (fault?.is === 'hole' && this.#swallows(fault)) return;
    if (fault?.is === 'failing') {
      this.#clock.after(fault.after, () => job.fails(apiError(500, 'internal error')));
      return;
    }
    const wait = fault?.is === 'limited' ? this.#refuses(fault) : this.#quota?.admit(job.most, this.#clock.now());
    if (wait !== undefined) {
      const headers = { 'retry-after-ms': String(Math.ceil(wait)), ...this.#quota?.headers(this.#clock.now()) };
      this.#clock.after(20, () => job.fails(apiError(429, 'Rate limit reached', headers)));
      return;
    }
    // Where a quota is the limit, no machine is.
    if (this.#busy < SLOTS || this.#quota) this.#serve(job);
    else {
      this.#queue.add(job);
      job.signal.addEventListener('abort', () => this.#queue.delete(job), { once: true });
    }
  }

  /** Runs and waits here now. */
  get load(): number {
    return this.#busy + this.#queue.size;
  }

  /** How many times longer than usual an answer takes here, as only an oracle can know. */
  get slowness(): number {
    const { fault } = this;
    const queued = (1 + this.#queue.size / SLOTS) / (this.#quota?.share(this.#clock.now()) ?? 1);
    if (!fault) return queued;
    if (fault.is === 'slow') return queued * fault.factor;
    if (fault.is === 'hole') return this.#swallows(fault) ? Number.POSITIVE_INFINITY : queued;
    if (fault.is === 'limited') return this.#full(fault) ? Number.POSITIVE_INFINITY : queued;
    return Number.POSITIVE_INFINITY;
  }

  #swallows({ from, until }: Fault & { is: 'hole' }): boolean {
    const now = this.#clock.now();
    return now >= from && now < until;
  }

  #full({ perMinute }: Fault & { is: 'limited' }): boolean {
    return Math.floor(this.#clock.now() / MINUTE) === this.#window && this.#inWindow >= perMinute;
  }

  /** Takes one in, or says how long the minute still lasts. */
  #refuses(fault: Fault & { is: 'limited' }): number | undefined {
    if (this.#full(fault)) return MINUTE - (this.#clock.now() % MINUTE);
    const window = Math.floor(this.#clock.now() / MINUTE);
    this.#inWindow = window === this.#window ? this.#inWindow + 1 : 1;
    this.#window = window;
    return undefined;
  }

  #serve(job: Job): void {
    const factor = this.fault?.is === 'slow' ? this.fault.factor : 1;
    this.#busy += 1;
    let cancel: () => void;
    const free = () => {
      this.#busy -= 1;
      const [next] = this.#queue;
      if (!next) return;
      this.#queue.delete(next);
      this.#serve(next);
    };
    // Whoever hangs up frees the slot.
    const aborted = () => {
      cancel();
      free();
    };
    const headers = () => (this.#quota ? new Headers(this.#quota.headers(this.#clock.now())) : NO_HEADERS);
    const ends = () => {
      job.signal.removeEventListener('abort', aborted);
      this.#quota?.giveBack(job.most - job.used, this.#clock.now());
      free();
      job.ends(headers);
    };
    cancel = this.#clock.after(job.first * factor, () => {
      cancel = this.#clock.after(job.rest * factor, ends);
      job.begins(headers);
    });
    job.signal.addEventListener('abort', aborted, { once: true });
  }
}

/** An error reply. */
export function apiError(status: number, message: string, headers: Record<string, string> = {}): APIError {
  return APIError.generate(status, { error: { message } }, undefined, new Headers(headers));
}
