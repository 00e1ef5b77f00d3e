/**
 * Tells others how many attempts this process has running on each endpoint: soon after that changed, never more often than
 * every tenth of a second, and again every few seconds while it stays.
 * Why not at each attempt: calls take seconds, and a number that is a moment old steers as well as a new one.
 */
import type { Clock } from '../clock.ts';
import type { EndpointState } from '../endpoint/endpoint-state.ts';
import { OthersLoad, SAID_AGAIN } from './others-load.ts';
import type { Member, Places } from './places.ts';

/** Between two looks at what runs, in ms. */
const APART = 100;

/** The running attempts of one process, as others know them. */
export class LoadTeller {
  readonly others = new OthersLoad();
  readonly #told = new Map<EndpointState, number>();
  readonly #clock: Clock;
  readonly #places: Places;
  readonly #tell: (state: EndpointState, running: number) => void;
  #due = false;
  #cancel: (() => void) | undefined;
  #cancelBeat: (() => void) | undefined;

  constructor(clock: Clock, places: Places, tell: (state: EndpointState, running: number) => void) {
    this.#clock = clock;
    this.#places = places;
    this.#tell = tell;
  }

  /** Something began or ended somewhere. Every call comes by here twice. */
  changed(): void {
    if (this.#due) return;
    this.#due = true;
    this.#cancel = this.#clock.after(APART, () => this.#look(), false);
  }

  #look(): void {
    this.#due = false;
    for (const state of this.#places.states) this.#say(state, state.inFlight);
    this.beat();
  }

  #say(state: EndpointState, running: number): void {
    if ((this.#told.get(state) ?? 0) === running) return;
    if (running === 0) this.#told.delete(state);
    else this.#told.set(state, running);
    this.#tell(state, running);
  }

  /** Says again what runs for long, and forgets who does not, for as long as there is anything to say or to forget. */
  beat(): void {
    if (this.#cancelBeat || (this.#told.size === 0 && !this.others.some)) return;
    this.#cancelBeat = this.#clock.after(
      SAID_AGAIN,
      () => {
        this.#cancelBeat = undefined;
        for (const [state, running] of this.#told) {
          if (this.#places.of(state).length > 0) this.#tell(state, running);
          else this.#told.delete(state);
        }
        this.others.sweep(this.#clock.now());
        this.beat();
      },
      false,
    );
  }

  /** A pool goes: nothing of it runs any more. */
  leaving(member: Member): void {
    for (const { state } of member.endpoints) this.#say(state, state.inFlight);
  }

  /** Nobody here has that endpoint any more. */
  forget(state: EndpointState): void {
    this.#told.delete(state);
    this.others.clear(state);
  }

  /** Looks no more. */
  stop(): void {
    this.#cancel?.();
    this.#cancelBeat?.();
    this.#cancelBeat = undefined;
    this.#due = false;
    this.others.clear();
    this.#told.clear();
  }
}
