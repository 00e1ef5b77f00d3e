// Many simulated processes that share one limit over one store, all in virtual time: each has a clock of its own, its calls come
// by chance, and whoever finds no room waits as in the waiting room. The store answers late, not at all, or forgets everything.
import type { Clock } from '../../src/clock.ts';
import { SharedWindow } from '../../src/endpoint/shared-window.ts';
import { memoryStore } from '../../src/index.ts';
import { type Counters, Fleet } from '../../src/state/fleet.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';

const MINUTE = 60_000;

/** A store as a guard shows it. */
export class WorldStore {
  /** Ms to an answer. */
  latency: () => number = () => 1;
  /** `hangs`: no answer for 2 s, then none at all. `fails`: none, at once. */
  state: 'well' | 'hangs' | 'fails' = 'well';
  asked = 0;
  readonly #clock: ManualClock;
  #facts: ReturnType<typeof memoryStore>;

  constructor(clock: ManualClock) {
    this.#clock = clock;
    this.#facts = memoryStore(clock);
  }

  /** Forgets everything. */
  flush(): void {
    const channels = this.#facts;
    this.#facts = { ...memoryStore(this.#clock), publish: channels.publish, subscribe: channels.subscribe };
  }

  /** As one process sees it: one that failed is left alone for 5 s. */
  guarded(): Counters {
    let triedAgainAt = 0;
    const later = (ms: number) => new Promise<void>((resolve) => this.#clock.after(ms, resolve));
    return {
      add: async (key, n, ttl) => {
        if (this.#clock.now() < triedAgainAt) return undefined;
        this.asked += 1;
        await later(this.latency() / 2);
        if (this.state !== 'well') {
          if (this.state === 'hangs') await later(2_000);
          triedAgainAt = this.#clock.now() + 5_000;
          return undefined;
        }
        const total = (await this.#facts.add(key, n, ttl)) as number;
        await later(this.latency() / 2);
        return total;
      },
      publish: (channel, message) => {
        if (this.state === 'well') void later(this.latency()).then(() => this.#facts.publish(channel, message));
      },
      subscribe: (channel, listener) => {
        const end = this.#facts.subscribe(channel, (message) => void (this.state === 'well' && listener(message)));
        return () => void (end as () => void)();
      },
    };
  }
}

/** What a process of the world is like. */
export interface ProcessOptions {
  /** Its calls, per minute. */
  readonly load: number;
  /** What it believes the limit to be. @default the world's */
  readonly limit?: number;
  /** By how much its wall clock is off, in ms. @default 0 */
  readonly skew?: number;
  /** Share of what a call was taken for that it gives back at its end. @default 0 */
  readonly returns?: number;
  /** What a call takes. @default 1 */
  readonly amount?: number;
}

/** One granted call: when, and how much it took in the end. */
export interface Granted {
  readonly at: number;
  readonly amount: number;
  readonly by: number;
}

/** A process. */
export class WorldProcess {
  readonly window: SharedWindow;
  readonly fleet: Fleet;
  readonly number: number;
  load: number;
  /** When the calls that wait came. */
  readonly waiting: number[] = [];
  /** How long calls waited, in ms. */
  readonly waits: number[] = [];
  readonly #world: World;
  readonly #options: ProcessOptions;
  #timer: (() => void) | undefined;
  #dead = false;

  constructor(world: World, number: number, options: ProcessOptions) {
    const { clock, store } = world;
    this.#world = world;
    this.#options = options;
    this.number = number;
    this.load = options.load;
    const own: Clock = { ...clock, now: clock.now, date: () => clock.date() + (options.skew ?? 0), after: clock.after };
    this.fleet = new Fleet(store.guarded(), own);
    this.fleet.join();
    const limit = options.limit ?? world.limit;
    const wake = () => queueMicrotask(() => this.look());
    this.window = new SharedWindow(limit, limit / MINUTE, { fleet: this.fleet, owner: 'limit', key: 'limit', wake });
    this.#next();
  }

  /** Dies with all it holds. */
  die(): void {
    this.#dead = true;
    this.waiting.length = 0;
  }

  /** A call comes now. */
  call(): void {
    this.waiting.push(this.#world.clock.now());
    if (this.waiting.length === 1) this.look();
  }

  #next(): void {
    const { clock } = this.#world;
    const ms = this.load > 0 ? (-Math.log(1 - clock.random()) * MINUTE) / this.load : 1_000;
    clock.after(ms, () => {
      if (this.#dead) return;
      if (this.load > 0) this.call();
      this.#next();
    });
  }

  /** Lets go who may. */
  look(): void {
    const { clock, granted } = this.#world;
    this.#timer?.();
    this.#timer = undefined;
    if (this.#dead) return;
    const { amount = 1, returns = 0 } = this.#options;
    while (this.waiting.length > 0) {
      const now = clock.now();
      const at = this.window.readyAt(amount, now);
      if (at > 0) {
        this.#timer = clock.after(Math.max(1, at - now), () => this.look());
        return;
      }
      this.waits.push(now - (this.waiting.shift() as number));
      this.window.take(amount, now);
      granted.push({ at: now, amount: amount * (1 - returns), by: this.number });
      if (returns > 0)
        clock.after(300, () => {
          this.window.take(-amount * returns, clock.now());
          this.look();
        });
    }
  }
}

/** Processes, a store and a limit. */
export class World {
  readonly clock: ManualClock;
  readonly store: WorldStore;
  readonly limit: number;
  readonly granted: Granted[] = [];
  readonly processes: WorldProcess[] = [];

  constructor(limit: number, seed = 1) {
    // Not at the first moment of a year, nor of anything else.
    this.clock = manualClock({ seed, date: 1_795_298_400_000 + 123_456 });
    this.store = new WorldStore(this.clock);
    this.limit = limit;
  }

  start(options: ProcessOptions): WorldProcess {
    const process = new WorldProcess(this, this.processes.length, options);
    this.processes.push(process);
    return process;
  }

  /** What was granted between two times. */
  sum(from = 0, until = Number.POSITIVE_INFINITY, by?: number): number {
    let sum = 0;
    for (const each of this.granted)
      if (each.at >= from && each.at < until && (by === undefined || each.by === by)) sum += each.amount;
    return sum;
  }

  /** By how much more than a true bucket allows was granted over any stretch of time, at the worst. */
  overshoot(from = 0): number {
    let [level, worst, at] = [this.limit, 0, from];
    for (const each of this.granted) {
      if (each.at < from) continue;
      level = Math.min(this.limit, level + ((each.at - at) * this.limit) / MINUTE) - each.amount;
      at = each.at;
      worst = Math.max(worst, -level);
    }
    return worst;
  }
}
