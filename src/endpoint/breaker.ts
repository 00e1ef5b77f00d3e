/**
 * The circuit breaker of one endpoint, or of one model there: opossum fed with events, never an executor of calls.
 * Why: opossum counts a filtered error as success, records a stream at its headers, lets stale results close a half-open
 * circuit and keeps a probe that never settles forever. Its rolling window decides when to open; this adapter owns neutral
 * outcomes, epochs, consecutive failures, the growing open time, probes and their patience. No timers.
 */
import CircuitBreaker from 'opossum';
import type { Clock } from '../clock.ts';
import type { BreakerSettings } from '../config/settings.ts';
import { FIRST_LEAVE, NEVER_OPENED, openTime } from './breaker-phase.ts';
import { circuitOptions, outcome } from './circuit-options.ts';
import type { BreakerState, Permit } from './live-facts.ts';
import { RollingCount } from './rolling-count.ts';
import type { Comeback } from './slow-start.ts';

/** A probe that takes longer, in ms, counts as hung. */
const PROBE_PATIENCE = 30_000;

type Changed = (state: 'ejected' | 'restored', openMs: number) => void;

/** One breaker. Every method is synchronous. */
export class Breaker {
  #phase = NEVER_OPENED;
  #circuit: CircuitBreaker | undefined;
  #rotatedAt = 0;
  /** Turns of the window since the last failure in it. */
  #quietFor = 0;
  #consecutive = 0;
  #inRow = 0;
  #leave = FIRST_LEAVE;
  /** Successes of the window, for the share of failures once there is a first one. */
  #successes: RollingCount | undefined;
  readonly #settings: BreakerSettings;
  readonly #clock: Clock;
  readonly #changed: Changed;

  /** @param changed told when the breaker opens (also again) and closes. */
  constructor(settings: BreakerSettings, clock: Clock, changed: Changed) {
    this.#settings = settings;
    this.#clock = clock;
    this.#changed = changed;
  }

  /** The state as shown to users. */
  get state(): BreakerState {
    this.#giveUpOnHungProbe();
    return this.#phase.is;
  }

  /** When the next attempt may go, in monotonic ms: 0 = now. */
  get opensAt(): number {
    this.#giveUpOnHungProbe();
    if (this.#phase.is === 'closed') return 0;
    return this.#phase.is === 'open' ? this.#phase.until : this.#phase.patience;
  }

  /** The way since the last recovery; `undefined` while open and for one that never was. */
  get comeback(): Comeback | undefined {
    return this.#phase.is === 'closed' ? this.#phase.comeback : undefined;
  }

  /** True while it is open by what others told. */
  get hearsay(): boolean {
    return this.#phase.is === 'open' && this.#phase.hearsay === true;
  }

  /** Others found that it fails: open for so long, in ms, unless it is open already. @returns whether it was not */
  adopt(openMs: number): boolean {
    if (this.#phase.is !== 'closed') return false;
    this.#phase = { is: 'open', until: this.#clock.now() + openMs, hearsay: true };
    return true;
  }

  /** Others found that it works: closed, where it was open by their word only; else the next attempt finds out. @returns whether it closed */
  recover(): boolean {
    const { hearsay } = this;
    if (hearsay) this.#close(false);
    else if (this.#phase.is === 'open') this.#phase = { is: 'open', until: this.#clock.now() };
    return hearsay;
  }

  /** Leave for one attempt, or `undefined` while open. The first attempt after the open time is the probe. */
  admit(): Permit | undefined {
    if (this.#phase.is === 'closed') return this.#leave;
    const now = this.#clock.now();
    if (this.opensAt > now || this.#phase.is === 'half-open') return undefined;
    const probe = { epoch: this.#leave.epoch, probe: true };
    this.#phase = { is: 'half-open', probe, patience: now + Math.max(PROBE_PATIENCE, this.#settings.resetTimeout) };
    return probe;
  }

  /** Leave for one attempt whatever the state. */
  admitAnyway(): Permit {
    return this.admit() ?? { epoch: this.#leave.epoch, probe: false, panic: true };
  }

  /**
   * Takes the outcome of an attempt. Results of attempts from before the last ejection or recovery change nothing.
   * @param spared asked before a percentage ejects: true = too many are out already.
   */
  settle(permit: Permit, health: 'success' | 'failure' | 'neutral', spared: () => boolean = () => false): void {
    if (permit.epoch !== this.#leave.epoch) return;
    if (permit.panic || permit.probe) {
      // Good news closes, also from a probe that was given up as hung; bad news counts from the present probe only.
      if (health === 'success') this.#close();
      else if (this.#phase.is === 'half-open' && this.#phase.probe === permit) {
        if (health === 'failure') this.#open();
        // A neutral probe proves nothing: the next call may probe at once.
        else this.#phase = { is: 'open', until: this.#clock.now() };
      }
      return;
    }
    if (health === 'success') this.hearsay ? this.#close() : this.#succeed();
    if (health === 'failure') this.#fail(spared);
  }

  #succeed(): void {
    this.#consecutive = 0;
    if (this.#phase.is === 'closed' && this.#phase.comeback) this.#phase.comeback.successes += 1;
    this.#successes ??= new RollingCount(this.#clock, this.#settings.rollingCountTimeout);
    this.#successes.add(1);
    this.#rotate();
    this.#circuit?.fire(false).catch(() => undefined);
  }

  #fail(spared: () => boolean): void {
    this.#consecutive += 1;
    this.#rotate();
    const circuit = this.#circuit ?? this.#makeCircuit();
    this.#quietFor = 0;
    circuit.fire(true).catch(() => undefined);
    const inRow = this.#consecutive >= this.#settings.consecutiveFailures;
    // Spared, it keeps its window: the next failure asks again.
    if (inRow || (circuit.opened && !spared())) this.#open();
    else circuit.close();
  }

  #open(): void {
    const now = this.#clock.now();
    const wasWell = this.#phase.is === 'closed' && now - this.#phase.since >= this.#settings.resetTimeout;
    this.#inRow = wasWell ? 1 : this.#inRow + 1;
    const openMs = openTime(this.#settings, this.#inRow, this.#clock.random());
    this.#phase = { is: 'open', until: now + openMs };
    this.#leave = { epoch: this.#leave.epoch + 1, probe: false };
    this.#consecutive = 0;
    // A fresh window after the recovery: failures from before must not eject again.
    this.#dropCircuit();
    this.#changed('ejected', openMs);
  }

  #close(told = true): void {
    const comeback = { since: this.#clock.now(), successes: 0 };
    this.#phase = { is: 'closed', since: comeback.since, comeback };
    this.#successes = undefined;
    this.#leave = { epoch: this.#leave.epoch + 1, probe: false };
    if (told) this.#changed('restored', 0);
  }

  #giveUpOnHungProbe(): void {
    if (this.#phase.is !== 'half-open' || this.#phase.patience > this.#clock.now()) return;
    // The same epoch: should the slow probe still answer well, it closes the breaker.
    const leave = this.#leave;
    this.#open();
    this.#leave = leave;
  }

  /** Made at the first failure of a window: an endpoint that does not fail costs nothing. */
  #makeCircuit(): CircuitBreaker {
    const options = circuitOptions(this.#settings);
    const successes = this.#successes?.total ?? 0;
    const stats = { successes, fires: successes } as CircuitBreaker.Stats;
    const status = CircuitBreaker.newStatus({ ...options, stats });
    const circuit = new CircuitBreaker(outcome, { ...options, status });
    // opossum's reset timer starts in a listener; without it an open circuit holds no timer.
    circuit.removeAllListeners('open');
    this.#rotatedAt = this.#clock.now();
    this.#circuit = circuit;
    return circuit;
  }

  #dropCircuit(): void {
    this.#circuit?.shutdown();
    this.#circuit = undefined;
  }

  /** Turns the window by time. Without a failure left in it there is none, as before the first one. */
  #rotate(): void {
    if (!this.#circuit) return;
    const { rollingCountTimeout, rollingCountBuckets } = this.#settings;
    const width = rollingCountTimeout / rollingCountBuckets;
    const due = Math.floor((this.#clock.now() - this.#rotatedAt) / width);
    if (due <= 0) return;
    this.#rotatedAt += due * width;
    this.#quietFor += due;
    const { status } = this.#circuit as unknown as { status: { rotateBucket(): void } };
    if (this.#quietFor >= rollingCountBuckets) this.#dropCircuit();
    else for (let turn = 0; turn < due; turn++) status.rotateBucket();
  }
}
