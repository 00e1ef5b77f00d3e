/**
 * One process, or one thread, among those of its app: it leads, or it asks the one that does. When that one is gone it finds the
 * next, and says again what was not answered; the place of one that was killed is taken over within milliseconds.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { Listeners } from '../listeners.ts';
import { type Frame, PROTOCOL } from './frame.ts';
import { Hub } from './hub.ts';
import { type Joined, join } from './join.ts';
import { AGAIN, GONE_AFTER, JUST_NOW, LOOK_EVERY, PAUSE, SILENCE, WELCOME_WITHIN } from './pace.ts';
import type { Place } from './place.ts';
import { Progress } from './progress.ts';
import { Questions } from './questions.ts';
import { Seat } from './seat.ts';
import type { State, Taken } from './state.ts';
import type { Wire } from './wire.ts';

/** A member. Nothing of it keeps the process alive but questions without an answer. */
export class Member {
  readonly channels = new Listeners();
  readonly #clock: Clock;
  readonly #place: Place;
  readonly #id = randomBytes(9).toString('base64url');
  readonly #questions: Questions;
  /** The last message heard of each sender: one that is told again, because its answer was lost, is not heard twice. */
  readonly #heard = new Progress();
  #state: State = { is: 'apart', until: 0, because: undefined };
  readonly #seat: Seat;
  #asked = 0;
  /** When the one who leads was heard last; 0 when there never was anybody. */
  #toldAt = 0;
  /** Whether the one who led was there, and said nothing. */
  #silent = false;
  /** The line to the one who said nothing: what still comes on it counts until somebody else leads. */
  #left: Wire | undefined;
  #cancelLook: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(clock: Clock, place: Place) {
    this.#clock = clock;
    this.#place = place;
    this.#seat = new Seat(clock, place, () => this.#doubt());
    this.#questions = new Questions(clock, (since) => this.#late(since));
  }

  /** Asks the one who leads. @throws Error when there is nobody who answers in time, and nobody can lead */
  async ask(kind: string, ...rest: unknown[]): Promise<unknown> {
    this.#asked += 1;
    const frame = [kind, this.#asked, ...rest];
    if (this.#state.is === 'leading') {
      const { hub } = this.#state;
      if (hub.lawful() && kind !== 's' && kind !== 'a') return hub.perform(this.#id, frame);
    }
    const state = this.#state;
    if (state.is === 'apart' && state.because && this.#clock.now() < state.until) throw state.because;
    const answer = this.#questions.add(this.#asked, frame);
    if (state.is === 'joined') state.wire.send(frame);
    else if (state.is === 'leading') this.#perform(state.hub, frame);
    else if (state.is === 'apart') void this.#seek();
    return answer;
  }

  #perform(hub: Hub, frame: Frame): void {
    const answer = hub.perform(this.#id, frame);
    hub.safe(frame, () => this.#questions.answer(frame[1], answer));
  }

  async #seek(): Promise<void> {
    this.#state = { is: 'seeking' };
    this.#cancelRetry?.();
    const begun = this.#clock.now();
    try {
      for (;;) {
        this.#place.prepare();
        const seen = this.#place.current();
        const found: Joined = seen === undefined ? 'refused' : await this.#join();
        if (found === 'joined') return;
        this.#silent ||= found === 'silent';
        const waited = this.#clock.now() - begun;
        const taken = await this.#seat.take(found, seen, waited);
        if (taken) return this.#lead(taken);
        const pause = (AGAIN + Math.min(waited, GONE_AFTER) / 10) * (1 + this.#clock.random());
        await new Promise<void>((resolve) => void this.#clock.after(pause, resolve, false));
      }
    } catch (error) {
      this.#giveUp(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #join() {
    const [version, mark] = this.#seat.greeting;
    const greeting = ['hi', PROTOCOL, this.#id, version, this.channels.names, this.#toldAt > 0, mark];
    return join(this.#clock, this.#place, greeting, this.#silent ? WELCOME_WITHIN.again : WELCOME_WITHIN.first, {
      welcome: (wire, frame) => this.#welcomed(wire, frame),
      frame: (frame) => this.#told(frame),
      gone: (wire) => void (this.#state.is === 'joined' && this.#state.wire === wire && this.#lost()),
    });
  }

  #welcomed(wire: Wire, [, identity]: Frame): void {
    this.#state = { is: 'joined', wire, identity: String(identity) };
    this.#settled();
    for (const frame of this.#questions.frames) wire.send(frame);
  }

  #lead(taken: Taken): void {
    const hub: Hub = new Hub({
      ...taken,
      clock: this.#clock,
      place: this.#place,
      hear: (...message) => this.#hear(...message),
      lost: () => void (this.#state.is === 'leading' && this.#state.hub === hub && this.#lost()),
    });
    this.#state = { is: 'leading', hub };
    this.#settled();
    for (const frame of this.#questions.frames) this.#perform(hub, frame);
  }

  #settled(): void {
    this.#toldAt = this.#clock.now();
    this.#silent = false;
    this.#left?.cut();
    this.#left = undefined;
    this.#lookLater();
  }

  #lookLater(): void {
    this.#cancelLook?.();
    this.#cancelLook = this.#clock.after(LOOK_EVERY, () => this.#look(), false);
  }

  /** Somebody else may have taken over, from one who stood still. */
  #look(): void {
    const state = this.#state;
    if (state.is === 'leading' && state.hub.lawful())
      void this.#restore(state.hub).catch((error: Error) => this.#giveUp(error));
    if (state.is === 'joined' && this.#place.replaced(state.identity)) state.wire.cut();
    if (state.is === 'leading' || state.is === 'joined') this.#lookLater();
  }

  async #restore(hub: Hub): Promise<void> {
    const taken = await this.#seat.restore();
    if (!taken) return;
    const { ledger } = hub;
    if (this.#state.is !== 'leading' || this.#state.hub !== hub) return void taken.server.close();
    hub.close();
    this.#lead({ ...taken, ledger });
  }

  #told(frame: Frame): void {
    this.#toldAt = this.#clock.now();
    const [kind, first, second, from, change] = frame;
    const [wire, of] = this.#state.is === 'joined' ? [this.#state.wire, this.#state.identity] : [this.#left];
    if (kind === '=') this.#questions.answer(first, second);
    else if (kind === 'm') this.#hear(String(first), String(second), String(from), Number(change));
    else if (!this.#seat.hear(frame, wire, of)) throw new TypeError('nobody says this');
  }

  #hear(channel: string, message: string, from: string, change: number): void {
    if (this.#heard.has(from, change)) return;
    this.#heard.note(from, change);
    this.channels.tell(channel, message);
  }

  #late(since: number): void {
    if (this.#clock.now() - Math.max(since, this.#toldAt) >= SILENCE) this.#leave();
  }

  /** Somebody looks for one who leads. */
  #doubt(): void {
    if (this.#state.is !== 'joined') return;
    if (this.#place.replaced(this.#state.identity)) this.#state.wire.cut();
    else if (this.#clock.now() - this.#toldAt >= JUST_NOW) this.#leave();
  }

  /** Who leads says nothing. What still comes from it counts until somebody else leads. */
  #leave(): void {
    if (this.#state.is !== 'joined') return;
    this.#silent = true;
    this.#left = this.#state.wire;
    this.#lost();
  }

  #lost(): void {
    if (this.#state.is === 'leading') this.#state.hub.close();
    if (this.#state.is !== 'seeking') void this.#seek();
  }

  #giveUp(because: Error): void {
    this.#state = { is: 'apart', until: this.#clock.now() + PAUSE, because };
    this.#questions.fail(because);
    // Whoever listens, or knows what others have forgotten, comes back by itself.
    this.#cancelRetry = this.#clock.after(PAUSE, () => void this.#seek(), false);
  }
}
