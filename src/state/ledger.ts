/**
 * One limit as all processes count it: a time up to which it is spent, kept in a counter of the store. Who draws moves it on by as
 * long as the limit takes to fill that much, and may use what he drew while that time passes: so the sum of what everybody uses
 * is a bucket's, whoever asks when, and drawing ahead is standing in a line. Why a time: an amount would have to be filled by
 * somebody, and processes told different limits could not count together.
 */
import type { Clock } from '../clock.ts';
import type { Fleet } from './fleet.ts';

/** A counter counts tenths of ms. */
const GRAIN = 10;
/** How long one counter is used, in ms: what nobody asks for any more is soon forgotten. */
const PERIOD = 600_000;
/** A counter begins so many periods in the past: so nobody takes an empty one for one that is in use. */
const BEHIND = 6;
/** By so much more than full a bucket may be found, as a share of it. */
const TOLERANCE = 0.01;
/** So often the right to catch up is given anew, in ms; for a new counter more seldom, since two would move it by an hour. */
const [TURN, TURN_IF_NEW] = [500, 5_000];
const [TRIES, FIRST_PAUSE] = [8, 10];
/** What lies further ahead than this, in ms, is looked at again after a moment. */
const [FAR, CHECKED_AFTER] = [2_000, 100];
/** A store that has not answered for so long is done without, in ms. */
export const PATIENCE = 100;
/** What was heard within this time, in ms, still tells what others do. */
const FRESH = 5_000;

/** A stretch of that time, in ms: whoever drew it may use what fills during it. */
export interface Stretch {
  readonly from: number;
  readonly until: number;
}

/** A shared limit, seen from one process. Asks one thing at a time; never rejects. */
export class Ledger {
  readonly #fleet: Fleet;
  readonly #clock: Clock;
  readonly #key: string;
  /** How long an empty bucket takes to fill, in ms. */
  readonly #whole: number;
  readonly #period: number;
  #spentUntil: number | undefined;
  #knownAt = Number.NEGATIVE_INFINITY;
  /** In which counter it was. */
  #knownIn: number | undefined;
  readonly #fellSilent: () => void;

  /** @param whole how long the bucket takes to fill, in ms. @param fellSilent called when the store owes an answer for too long. */
  constructor(fleet: Fleet, key: string, whole: number, fellSilent: () => void) {
    this.#fleet = fleet;
    this.#clock = fleet.clock;
    this.#key = `lbo:1:quota:${key}`;
    this.#whole = whole;
    this.#period = Math.max(PERIOD, 2 * whole);
    this.#fellSilent = fellSilent;
  }

  /** Up to when all is spent, as last heard; `undefined` = never heard. */
  get spentUntil(): number | undefined {
    return this.#spentUntil;
  }

  /** When that was heard, in monotonic ms. */
  get knownAt(): number {
    return this.#knownAt;
  }

  /** Draws what fills in `ms`. @returns `undefined` when the store does not answer */
  async draw(ms: number): Promise<Stretch | undefined> {
    const grains = Math.max(1, Math.ceil(ms * GRAIN));
    // Whatever is drawn while one of many catches up moves the time on and is nobody's: so who may be behind looks first.
    let looks = this.#knownIn !== this.#number || this.#isBehind(this.#spentUntil ?? Number.NEGATIVE_INFINITY);
    for (let tries = 0, pause = FIRST_PAUSE; tries < TRIES; tries++, pause *= 2) {
      let until = await this.#move(looks ? 0 : grains);
      if (looks && until !== undefined && !this.#isBehind(until)) {
        looks = false;
        until = await this.#move(grains);
      }
      if (until === undefined) return undefined;
      const from = looks ? until : until - grains / GRAIN;
      if (!this.#isBehind(from)) return this.#checked({ from, until });
      // What was drawn there counts for nobody, and is left out with all the rest that is past.
      const found = await this.#catchUp(until, pause);
      if (found === undefined) return undefined;
      looks = found === 'others do';
    }
    return undefined;
  }

  /** More than full: so far in the past. */
  #isBehind(time: number): boolean {
    return time < this.#fullAt() - this.#whole * TOLERANCE;
  }

  /** Two that caught up at the same moment leave it far ahead until one takes it back: what lies there is looked at again. */
  async #checked({ from, until }: Stretch): Promise<Stretch> {
    if (from < this.#fleet.time() + FAR) return { from, until };
    await this.#pause(CHECKED_AFTER);
    await this.look();
    const by = Math.max(0, until - (this.#spentUntil ?? until));
    return { from: from - by, until: until - by };
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve, false));
  }

  /** Gives back what would fill in `ms`. @returns whether the store took it */
  async giveBack(ms: number): Promise<boolean> {
    const grains = Math.floor(ms * GRAIN);
    return grains <= 0 || (await this.#move(-grains)) !== undefined;
  }

  /** Asks up to when all is spent. */
  async look(): Promise<void> {
    await this.#move(0);
  }

  /** The time that is spent while the bucket is full. */
  #fullAt(): number {
    return this.#fleet.time() - this.#whole;
  }

  get #number(): number {
    return Math.floor(this.#fleet.time() / this.#period);
  }

  /** Up to when all is spent if others went on as before, for the case that the counter was lost. */
  get #spentByNow(): number {
    const age = this.#clock.now() - this.#knownAt;
    return (this.#spentUntil ?? Number.NEGATIVE_INFINITY) + (age < FRESH ? age : 0);
  }

  /** What a counter's total says. */
  #timeOf(number: number, total: number): number {
    return (number - BEHIND) * this.#period + total / GRAIN;
  }

  async #ask(key: string, n: number, ttl: number): Promise<number | undefined> {
    // Why a timer: that of the clock is patient with a process that stood still itself, and has not read yet what has long come.
    const cancel = this.#clock.after(PATIENCE, this.#fellSilent, false);
    const total = await this.#fleet.store.add(key, n, ttl);
    cancel();
    return total;
  }

  async #read(number: number, n: number): Promise<number | undefined> {
    const total = await this.#ask(`${this.#key}:${number}`, n, 3 * this.#period);
    return total === undefined ? undefined : this.#timeOf(number, total);
  }

  /** True for what an empty counter says, one that is new or was lost. */
  #isEmpty(number: number, until: number): boolean {
    return until < this.#timeOf(number, (this.#period * GRAIN * BEHIND) / 2);
  }

  async #move(grains: number): Promise<number | undefined> {
    const number = this.#number;
    const until = await this.#read(number, grains);
    if (until !== undefined && !this.#isEmpty(number, until)) {
      this.#spentUntil = until;
      this.#knownAt = this.#clock.now();
      this.#knownIn = number;
    }
    return until;
  }

  /** Moves a time that lies too far in the past to where a full bucket has it. One process does it, the others wait a moment. */
  async #catchUp(until: number, pause: number): Promise<'done' | 'others do' | undefined> {
    const length = this.#isEmpty(this.#number, until) ? TURN_IF_NEW : TURN;
    const turn = `${length}:${Math.floor(this.#fleet.time() / length)}`;
    const first = await this.#ask(`${this.#key}:turn:${turn}`, 1, 2 * length);
    if (first === undefined) return undefined;
    if (first !== 1) {
      await this.#pause(pause);
      return 'others do';
    }
    const number = this.#number;
    const found = await this.#read(number, 0);
    if (found === undefined) return undefined;
    let at = this.#fullAt();
    if (this.#isEmpty(number, found)) {
      const before = await this.#read(number - 1, 0);
      if (before === undefined) return undefined;
      at = Math.max(at, before, this.#spentByNow);
    }
    const grains = Math.ceil((at - found) * GRAIN);
    if (grains <= 0) return 'done';
    const after = await this.#read(number, grains);
    if (after === undefined) return undefined;
    // Two at the same moment, in spite of the turns: the second one takes it back.
    if (after - grains / GRAIN > at) await this.#read(number, -grains);
    return 'done';
  }
}
