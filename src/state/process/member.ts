/**
 * One process, or one thread, among those of its app: it leads, or it asks the one that does. When that one is gone it finds the
 * next, and says again what was not answered; the place of one that was killed is taken over within milliseconds.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { Listeners } from '../listeners.ts';
import { type Frame, PROTOCOL } from './frame.ts';
import { Hub } from './hub.ts';
import { join, lead } from './join.ts';
import { Ledger } from './ledger.ts';
import { AGAIN, LOOK_EVERY, PAUSE, SILENCE, STEP, WELCOME_WITHIN } from './pace.ts';
import type { Place } from './place.ts';
import { Progress } from './progress.ts';
import { Questions } from './questions.ts';
import { Receipt } from './receipt.ts';
import type { State } from './state.ts';
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
  #ledger: Ledger;
  /** Its rank among the deputies; 0 for none. */
  #rank = 0;
  #asked = 0;
  /** When the one who leads was heard last; 0 when there never was anybody. */
  #toldAt = 0;
  /** Whether the one who led was there, and said nothing. */
  #silent = false;
  /** The line to the one who said nothing: what still comes on it counts until somebody else leads. */
  #left: Wire | undefined;
  readonly #receipt = new Receipt();
  #looking = false;
  #cancelRetry: (() => void) | undefined;

  constructor(clock: Clock, place: Place) {
    this.#clock = clock;
    this.#place = place;
    this.#ledger = new Ledger(clock);
    this.#questions = new Questions(clock, (since) => this.#late(since));
  }

  /** Asks the one who leads. @throws Error when there is nobody who answers in time, and nobody can lead */
  async ask(kind: string, ...rest: unknown[]): Promise<unknown> {
    this.#asked += 1;
    const frame = [kind, this.#asked, ...rest];
    if (this.#state.is === 'leading') {
      const { hub } = this.#state;
      if (!hub.lawful()) this.#lost();
      else if (kind !== 's' && kind !== 'a' && hub.hold.over) return hub.perform(this.#id, frame);
    }
    const state = this.#state;
    if (state.is === 'apart' && state.because && this.#clock.now() < state.until) throw state.because;
    const answer = this.#questions.add(this.#asked, frame);
    if (state.is === 'joined') state.wire.send(frame);
    else if (state.is === 'leading') this.#performLater(state.hub, frame);
    else if (state.is === 'apart') void this.#seek();
    return answer;
  }

  #performLater(hub: Hub, frame: Frame): void {
    hub.hold.when(
      () => {
        const answer = hub.perform(this.#id, frame);
        hub.safe(frame, () => this.#questions.answer(frame[1], answer));
      },
      () => undefined,
    );
  }

  async #seek(): Promise<void> {
    this.#state = { is: 'seeking' };
    this.#cancelRetry?.();
    const begun = this.#clock.now();
    // Nobody was ever there: it may be that nobody is.
    const stranger = this.#toldAt === 0;
    const patience = STEP * (this.#rank > 0 ? this.#rank - 1 : 2);
    try {
      for (;;) {
        this.#place.prepare();
        const seen = this.#place.current();
        const found = seen === undefined ? 'refused' : await this.#join();
        if (found === 'joined') return;
        const waited = this.#clock.now() - begun;
        const alone = found === 'silent' || (stranger && seen === undefined);
        const may = alone || waited >= (found === 'busy' ? WELCOME_WITHIN.first : patience);
        if (may && (await this.#lead(seen))) return;
        const pause = AGAIN * (1 + this.#clock.random());
        await new Promise<void>((resolve) => void this.#clock.after(pause, resolve, false));
      }
    } catch (error) {
      this.#giveUp(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #join() {
    const greeting = ['hi', PROTOCOL, this.#id, this.#ledger.version, this.channels.names, this.#toldAt > 0];
    return join(this.#clock, this.#place, greeting, this.#silent ? WELCOME_WITHIN.again : WELCOME_WITHIN.first, {
      welcome: (wire, frame) => this.#welcomed(wire, frame),
      frame: (frame) => this.#told(frame),
      gone: (wire) => void (this.#state.is === 'joined' && this.#state.wire === wire && this.#lost()),
    });
  }

  #welcomed(wire: Wire, [, identity, wanted, soonDeputy]: Frame): void {
    this.#state = { is: 'joined', wire, identity: String(identity) };
    this.#settled();
    if (wanted) wire.sendAll(this.#ledger.records(this.#ledger.whole));
    // From now on it lacks something, until it was told everything.
    this.#ledger.whole = false;
    // Who is not kept up to date knows nothing after a while.
    if (!soonDeputy) this.#ledger = new Ledger(this.#clock);
    this.#rank = 0;
    for (const frame of this.#questions.frames) wire.send(frame);
  }

  async #lead(seen: string | undefined): Promise<boolean> {
    const taken = await lead(this.#place, randomBytes(4).toString('base64url'), seen);
    if (!taken) return false;
    const hear = (channel: string, message: string, from: string, change: number) =>
      this.#hear(channel, message, from, change);
    // There was somebody, and this process was not kept up to date.
    const hungry = (this.#toldAt > 0 || seen !== undefined) && !this.#ledger.whole;
    const hub = new Hub({ clock: this.#clock, place: this.#place, ledger: this.#ledger, hear, hungry, ...taken });
    this.#state = { is: 'leading', hub };
    this.#settled();
    for (const frame of this.#questions.frames) this.#performLater(hub, frame);
    return true;
  }

  #settled(): void {
    this.#toldAt = this.#clock.now();
    this.#silent = false;
    this.#left?.cut();
    this.#left = undefined;
    if (!this.#looking) this.#lookLater();
  }

  #lookLater(): void {
    this.#looking = true;
    this.#clock.after(LOOK_EVERY, () => this.#look(), false);
  }

  /** Somebody else may have taken over, from one who stood still. */
  #look(): void {
    this.#looking = false;
    const state = this.#state;
    if (state.is === 'leading' && !state.hub.lawful()) this.#lost();
    if (state.is === 'joined' && this.#place.current() !== state.identity) state.wire.cut();
    if (state.is === 'leading' || state.is === 'joined') this.#lookLater();
  }

  #told(frame: Frame): void {
    this.#toldAt = this.#clock.now();
    const [kind, first, second, from, change] = frame;
    if (kind === '=') this.#questions.answer(first, second);
    else if (kind === 'm') this.#hear(String(first), String(second), String(from), Number(change));
    else if (kind === 'd') {
      this.#rank = Number(first);
      if (first === 0) this.#ledger = new Ledger(this.#clock);
    } else if (kind === 'k' || kind === 'l' || kind === 'K') {
      this.#ledger.hear(frame);
      if (kind === 'k') this.#receipt.note(this.#state.is === 'joined' ? this.#state.wire : this.#left, Number(change));
    } else throw new TypeError('nobody says this');
  }

  #hear(channel: string, message: string, from: string, change: number): void {
    if (this.#heard.has(from, change)) return;
    this.#heard.note(from, change);
    this.channels.tell(channel, message);
  }

  #late(since: number): void {
    if (this.#state.is !== 'joined' || this.#clock.now() - Math.max(since, this.#toldAt) < SILENCE) return;
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
