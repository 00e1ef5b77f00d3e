/**
 * The live state of one endpoint: breakers, cooldowns, load and what was learned about it. The only thing step 5 changes.
 * Why apart from `Endpoint`: it belongs to the endpoint's identity and is shared by all clients of the process, so that a
 * client built for a single request is protected as well.
 */
import type { Verdict } from '../call/outcome.ts';
import type { Clock } from '../clock.ts';
import type { BreakerSettings } from '../config/settings.ts';
import type { Others } from './answers.ts';
import { Breakers } from './breakers.ts';
import { coolDown } from './cool-down.ts';
import { Cooldowns } from './cooldown.ts';
import { Evidence } from './evidence.ts';
import { exclusionOf } from './exclusion.ts';
import { FailureRate } from './failure-rate.ts';
import type { BreakerState, Exclusion, Load, Neighbours, Suspicion } from './live-facts.ts';
import type { ModelState, ModelStates } from './model-states.ts';
import { newLoad, type Slowness } from './new-load.ts';
import { Quota } from './quota.ts';
import { ServedLately } from './served-lately.ts';
import { Silence } from './silence.ts';
import { Tellers } from './teller.ts';

/** Live state of one endpoint. */
export class EndpointState {
  inFlight = 0;
  /** Attempts that other processes told they have running here. */
  elsewhere = 0;
  /** Who tells other processes what happens here. */
  readonly tellers = new Tellers(this);
  readonly evidence: Evidence;
  attempts = 0;
  successes = 0;
  failures = 0;
  /** What its calls draw on; shared with other keys of the same account once that is known. */
  quota: Quota = new Quota(this);
  /** True when somebody bounds the attempts that may run at one time: then the end of one frees a place. */
  capped = false;
  /** Called when there is more room than before, so that calls which wait look again; when an exclusion begins or ends, so that pools do. */
  readonly freed: () => void;
  readonly touch: () => void;
  readonly cooldowns: Cooldowns;
  readonly failureRate: FailureRate;
  readonly served: ServedLately;
  readonly breakers: Breakers;
  readonly #models: ModelStates;
  readonly #silence: Silence;
  readonly clock: Clock;

  constructor(settings: BreakerSettings | false, clock: Clock, touch: () => void, others: Others = {}) {
    this.clock = clock;
    this.touch = touch;
    this.freed = others.freed ?? (() => undefined);
    this.evidence = new Evidence(others.success);
    this.breakers = new Breakers(settings, clock, touch, (turned) => {
      const since = this.#models.failingSince(turned.model);
      this.tellers.turned(turned, this.evidence.grounds(clock.now(), since));
    });
    this.#models = this.breakers.models;
    this.cooldowns = new Cooldowns(clock, this.tellers.cooled);
    this.served = new ServedLately(clock);
    this.failureRate = new FailureRate(clock);
    this.#silence = new Silence(clock, touch, others.answers);
  }

  /** Why this call may not go here now; `undefined` = it may. */
  exclusion(model: string, operation: string): Exclusion | undefined {
    const now = this.clock.now();
    return exclusionOf(this.cooldowns.of(model, operation), this.opensAt(model), this.#silence.closedUntil(now), now);
  }

  /** When breakers let a call for `model` through, in monotonic ms; 0 = now. */
  opensAt(model: string): number {
    return this.breakers.opensAt(model);
  }

  /** Takes an attempt in: asks the breakers for leave. @param force go even while ejected. @param neighbours its pool. */
  begin(model: string, slow: Slowness, force: boolean, stream = false, neighbours?: Neighbours): Load | undefined {
    const permits = this.breakers.admit(model, force);
    if (!permits) return undefined;
    const now = this.clock.now();
    const state = this.#models.of(model);
    const load = newLoad({ model, stream, neighbours, record: state.record, startedAt: now, permits }, slow);
    load.probes = this.#silence.begin(load, now);
    if (load.probes || this.#models.someSick) this.touch();
    state.triedAt = now;
    state.record.began(load, now);
    this.inFlight += 1;
    this.tellers.loaded();
    this.attempts += 1;
    this.failureRate.attempted(now);
    return load;
  }

  /** Headers came: the endpoint is alive. */
  answered(load: Load): void {
    load.answered = true;
    if (this.#silence.answered(load, this.clock.now())) this.touch();
  }

  /** Content came: a probe has done its work, whatever becomes of the rest. */
  proved(load: Load): void {
    load.record.content(load, this.clock.now());
    this.breakers.proved(load);
  }

  /**
   * The attempt is over, told once; tells the breakers and starts a cooldown.
   * @param units what its time is divided by, as in `TrackRecord.ended`.
   * @returns the cooldown's length in ms, if one was ordered.
   */
  end(load: Load, verdict: Verdict, operation: string, suspicion?: Suspicion, units?: number): number | undefined {
    if (load.judged) return undefined;
    load.judged = true;
    const now = this.clock.now();
    load.record.ended(load, verdict.health, units, now);
    this.release(load, now);
    if (verdict.health === 'failure') {
      this.failureRate.failed();
      this.evidence.failed(now);
      this.#models.failed(load.model, now);
      if (suspicion !== 'alike') this.failures += 1;
      if (!suspicion) this.blame(load, verdict);
    } else this.breakers.settle(load, verdict);
    if (verdict.health === 'success') this.#succeeded(load, operation, now);
    if (verdict.cooldown) this.touch();
    return coolDown(this, load, verdict, operation);
  }

  #succeeded(load: Load, operation: string, now: number): void {
    const state = this.#models.of(load.model);
    this.successes += 1;
    this.evidence.succeeded(now);
    state.succeededAt = now;
    state.doubts.clear(now);
    state.failedInRow = 0;
    this.served.note(operation, now);
    const disproved = this.cooldowns.succeeded(load.model, operation, load.startedAt);
    if (disproved || this.#models.someSick) this.touch();
    if (disproved) this.tellers.disproved(load.model, operation, now - load.startedAt);
  }

  /** Holds a failure against the endpoint, maybe later than the attempt's end. */
  blame(load: Load, verdict: Verdict): void {
    this.breakers.settle(load, verdict);
    if (this.opensAt(load.model) > this.clock.now()) load.record.leave();
  }

  /** Sets a failure aside; a probe that met such a call has proved nothing. @returns what says later whether it counts. */
  doubt(load: Load, verdict: Verdict): (guilty: boolean) => void {
    this.failureRate.doubted();
    this.breakers.settle(load, { ...verdict, health: 'neutral' });
    return (guilty) => {
      this.failureRate.decided(guilty);
      if (guilty) this.blame(load, verdict);
    };
  }

  /** Gives the attempt's place free without an outcome. */
  release(load: Load, now = this.clock.now()): void {
    if (!load.running) return;
    load.running = false;
    this.inFlight -= 1;
    this.tellers.loaded();
    this.lend(load, now);
    if (this.capped) this.freed();
  }

  /** The attempt's place is lent out: it stays load, but nobody waits for an answer. */
  lend(load: Load, now = this.clock.now()): void {
    load.record.released(load, now);
    if (this.#silence.gone(load, now, load.beaten)) this.touch();
  }

  /** True when a call for this model succeeded within the last minute. */
  worksLately(model: string): boolean {
    return this.#models.worksLately(model);
  }

  /** True when something was answered here since `time`, in monotonic ms. */
  answeredSince(time: number): boolean {
    return this.#silence.answeredSince(time);
  }

  /** What was learned of a model's times; `undefined` before the first attempt. */
  latency(model: string): Pick<ModelState, 'plain' | 'head' | 'content' | 'record' | 'promptCache'> | undefined {
    return this.#models.peek(model);
  }

  /** The effective state: the endpoint's own breaker, or that of its models when it is out because of them. */
  get breakerState(): BreakerState {
    return this.breakers.state;
  }
}
