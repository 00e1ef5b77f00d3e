/**
 * The circuit breaker of one endpoint, or of one model there: opossum fed with events, never an executor of calls.
 * Why: opossum counts a filtered error as success, records a stream at its headers, lets stale results close a half-open
 * circuit and keeps a probe that never settles forever. Its rolling window decides when to open; this adapter owns neutral
 * outcomes, epochs, consecutive failures, the growing open time, probes and their patience. No timers.
 */
import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import type { Clock } from '../clock.ts';
import type { BreakerSettings } from '../config/settings.ts';
import type { BreakerState, Permit } from './live-facts.ts';
import { RollingCount } from './rolling-count.ts';
import type { Comeback } from './slow-start.ts';

/** A probe that takes longer, in ms, counts as hung. */
const PROBE_PATIENCE = 30_000;
/** opossum's own reset timer must never fire: the adapter decides when a probe may go. */
const NEVER = 2_147_483_647;

const FAILED = new Error('failure');
// Settles while opossum subscribes, so that a success is counted at once and not a tick later.
const caught = { catch: () => undefined };
const SUCCEEDED: object = Object.defineProperty({}, 'then', { value: (done: () => void) => done() ?? caught });
const outcome = (failed: boolean) => {
  if (failed) throw FAILED;
  return SUCCEEDED as Promise<void>;
};

type Phase =
  | { readonly is: 'closed'; readonly since: number; readonly comeback: Comeback | undefined }
  | { readonly is: 'open'; readonly until: number }
  | { readonly is: 'half-open'; readonly probe: Permit; readonly patience: number };

type Changed = (state: 'ejected' | 'restored', openMs: number) => void;

const NEVER_OPENED: Phase = { is: 'closed', since: Number.NEGATIVE_INFINITY, comeback: undefined };

/** One breaker. Every method is synchronous. */
export class Breaker {
  #phase = NEVER_OPENED;
  #circuit: CircuitBreaker | undefined;
  #rotatedAt = 0;
  #consecutive = 0;
  #inRow = 0;
  #epoch = 0;
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

  /** Leave for one attempt, or `undefined` while open. The first attempt after the open time is the probe. */
  admit(): Permit | undefined {
    if (this.#phase.is === 'closed') return { epoch: this.#epoch, probe: false };
    const now = this.#clock.now();
    if (this.opensAt > now || this.#phase.is === 'half-open') return undefined;
    const probe = { epoch: this.#epoch, probe: true };
    this.#phase = { is: 'half-open', probe, patience: now + Math.max(PROBE_PATIENCE, this.#settings.resetTimeout) };
    return probe;
  }

  /** Leave for one attempt whatever the state. */
  admitAnyway(): Permit {
    return this.admit() ?? { epoch: this.#epoch, probe: false, panic: true };
  }

  /**
   * Takes the outcome of an attempt. Results of attempts from before the last ejection or recovery change nothing.
   * @param spared asked before a percentage ejects: true = too many are out already.
   */
  settle(permit: Permit, health: 'success' | 'failure' | 'neutral', spared: () => boolean = () => false): void {
    if (permit.epoch !== this.#epoch) return;
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
    if (health === 'success') this.#succeed();
    if (health === 'failure') this.#fail(spared);
  }

  #succeed(): void {
    this.#consecutive = 0;
    if (this.#phase.is === 'closed' && this.#phase.comeback) this.#phase.comeback.successes += 1;
    this.#successes ??= new RollingCount(this.#clock, this.#settings.rollingCountTimeout);
    this.#successes.add(1);
    if (!this.#circuit) return;
    this.#rotate(this.#circuit);
    this.#circuit.fire(false).catch(() => undefined);
  }

  #fail(spared: () => boolean): void {
    this.#consecutive += 1;
    const circuit = this.#circuit ?? this.#makeCircuit();
    this.#rotate(circuit);
    circuit.fire(true).catch(() => undefined);
    const inRow = this.#consecutive >= this.#settings.consecutiveFailures;
    // Spared, it keeps its window: the next failure asks again.
    if (inRow || (circuit.opened && !spared())) this.#open();
    else circuit.close();
  }

  #open(): void {
    const now = this.#clock.now();
    const { resetTimeout, resetTimeoutFactor, maxResetTimeout, resetTimeoutJitter } = this.#settings;
    if (this.#phase.is === 'closed') this.#inRow = now - this.#phase.since >= resetTimeout ? 1 : this.#inRow + 1;
    else this.#inRow += 1;
    const grown = Math.min(resetTimeout * resetTimeoutFactor ** (this.#inRow - 1), maxResetTimeout);
    const openMs = grown * (1 - resetTimeoutJitter * this.#clock.random());
    this.#phase = { is: 'open', until: now + openMs };
    this.#epoch += 1;
    this.#consecutive = 0;
    this.#changed('ejected', openMs);
  }

  #close(): void {
    const comeback = { since: this.#clock.now(), successes: 0 };
    this.#phase = { is: 'closed', since: comeback.since, comeback };
    this.#successes = undefined;
    this.#epoch += 1;
    // A fresh window: failures from before the recovery must not eject again.
    this.#circuit?.shutdown();
    this.#circuit = undefined;
    this.#changed('restored', 0);
  }

  #giveUpOnHungProbe(): void {
    if (this.#phase.is !== 'half-open' || this.#phase.patience > this.#clock.now()) return;
    // The same epoch: should the slow probe still answer well, it closes the breaker.
    const epoch = this.#epoch;
    this.#open();
    this.#epoch = epoch;
  }

  /** Made at the first failure: an endpoint that never fails costs nothing. */
  #makeCircuit(): CircuitBreaker {
    const { errorThresholdPercentage, volumeThreshold, rollingCountTimeout, rollingCountBuckets } = this.#settings;
    const options = {
      timeout: false as const,
      resetTimeout: NEVER,
      errorThresholdPercentage,
      volumeThreshold,
      rollingCountTimeout,
      rollingCountBuckets,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      // One of its own, never emitting: the window is turned by time, on use.
      rotateBucketController: new EventEmitter(),
    };
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

  #rotate(circuit: CircuitBreaker): void {
    const { rollingCountTimeout, rollingCountBuckets } = this.#settings;
    const width = rollingCountTimeout / rollingCountBuckets;
    const due = Math.floor((this.#clock.now() - this.#rotatedAt) / width);
    if (due <= 0) return;
    const { status } = circuit as unknown as { status: { rotateBucket(): void } };
    for (let turn = 0; turn < Math.min(due, rollingCountBuckets); turn++) status.rotateBucket();
    this.#rotatedAt += due * width;
  }
}
