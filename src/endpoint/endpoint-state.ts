/**
 * The live state of one endpoint: breakers, cooldowns, load and what was learned about it. The only thing step 5 changes.
 * Why apart from `Endpoint`: it belongs to the endpoint's identity and is shared by all clients of the process, so that a
 * client built for a single request is protected as well.
 */
import type { Verdict } from '../call/outcome.ts';
import type { Clock } from '../clock.ts';
import type { BreakerSettings } from '../config/settings.ts';
import { Breaker } from './breaker.ts';
import { Cooldowns, keyOf } from './cooldown.ts';
import { exclusionOf } from './exclusion.ts';
import { FailureRate } from './failure-rate.ts';
import { noteHeadroom } from './headroom.ts';
import type { BreakerState, Exclusion, Load, Transition } from './live-facts.ts';
import { type ModelState, ModelStates } from './model-states.ts';
import { ServedLately } from './served-lately.ts';
import { Silence } from './silence.ts';
import { healthOfBoth } from './two-scopes.ts';

/** Live state of one endpoint. */
export class EndpointState {
  inFlight = 0;
  attempts = 0;
  successes = 0;
  failures = 0;
  readonly cooldowns: Cooldowns;
  readonly served: ServedLately;
  readonly #breaker: Breaker | undefined;
  readonly #models: ModelStates;
  readonly #failureRate: FailureRate;
  readonly #silence: Silence;
  readonly #transitions: Transition[] = [];
  readonly #settings: BreakerSettings | false;
  readonly #clock: Clock;
  readonly #touch: () => void;

  /** @param touch called when an exclusion begins or ends, so that pools look again. */
  constructor(settings: BreakerSettings | false, clock: Clock, touch: () => void) {
    this.#settings = settings;
    this.#clock = clock;
    this.#touch = touch;
    this.#breaker = this.#newBreaker(undefined);
    this.#models = new ModelStates((model) => this.#newBreaker(model), clock);
    this.cooldowns = new Cooldowns(clock);
    this.served = new ServedLately(clock);
    this.#failureRate = new FailureRate(clock);
    this.#silence = new Silence(clock, touch);
  }

  #newBreaker(model: string | undefined): Breaker | undefined {
    if (!this.#settings) return undefined;
    return new Breaker(this.#settings, this.#clock, (state, openMs) => {
      this.#transitions.push({ state, model, openMs });
      if (model !== undefined) this.#models.fellSick();
      this.#touch();
    });
  }

  /** Why this call may not go here now; `undefined` = it may. */
  exclusion(model: string, operation: string): Exclusion | undefined {
    const now = this.#clock.now();
    return exclusionOf(this.cooldowns.of(model, operation), this.opensAt(model), this.#silence.closedUntil(now), now);
  }

  /** When breakers let a call for `model` through, in monotonic ms; 0 = now. */
  opensAt(model: string): number {
    const own = Math.max(this.#breaker?.opensAt ?? 0, this.#models.peek(model)?.breaker?.opensAt ?? 0);
    return Math.max(own, this.#models.mostOpenUntil());
  }

  /** Takes an attempt in: counts it, asks the breakers for leave. @param force go even while ejected (panic, pins). */
  begin(model: string, slowAfterMs: number, force: boolean): Load | undefined {
    const state = this.#models.of(model);
    const endpointPermit = force ? this.#breaker?.admitAnyway() : this.#breaker?.admit();
    const modelPermit = force ? state.breaker?.admitAnyway() : state.breaker?.admit();
    if (this.#settings && !(endpointPermit && modelPermit)) {
      if (endpointPermit) this.#breaker?.settle(endpointPermit, 'neutral');
      if (modelPermit) state.breaker?.settle(modelPermit, 'neutral');
      return undefined;
    }
    if (endpointPermit?.probe || modelPermit?.probe) this.#touch();
    const now = this.#clock.now();
    const load: Load = {
      model,
      startedAt: now,
      slowAt: now + slowAfterMs,
      permits: [endpointPermit, modelPermit],
      running: true,
      judged: false,
      outrun: false,
    };
    if (this.#silence.begin(load, now) || this.#models.someSick) this.#touch();
    state.triedAt = now;
    this.inFlight += 1;
    this.attempts += 1;
    this.#failureRate.attempted();
    return load;
  }

  /** Headers came: the endpoint is alive. */
  answered(load: Load): void {
    if (this.#silence.answered(load, this.#clock.now())) this.#touch();
  }

  #tell(
    { permits: [own, model], model: name }: Load,
    ownHealth: Verdict['health'],
    modelHealth: Verdict['health'],
  ): void {
    if (own) this.#breaker?.settle(own, ownHealth);
    if (model) this.#models.of(name).breaker?.settle(model, modelHealth);
    if (own?.probe || model?.probe) this.#touch();
  }

  /** Content came: a probe has done its work, whatever becomes of the rest. */
  proved(load: Load): void {
    if (load.permits.some((permit) => permit?.probe)) this.#tell(load, 'success', 'success');
  }

  /** The attempt is over, told once; tells the breakers and starts a cooldown. @returns its length in ms, if one was ordered. */
  end(load: Load, verdict: Verdict, operation: string): number | undefined {
    if (load.judged) return undefined;
    load.judged = true;
    this.release(load);
    const { health } = verdict;
    const state = this.#models.of(load.model);
    if (health === 'success') {
      this.successes += 1;
      state.succeededAt = this.#clock.now();
      this.served.note(operation);
      if (this.cooldowns.succeeded(load.model, operation, load.startedAt) || this.#models.someSick) this.#touch();
    } else if (health === 'failure') {
      this.failures += 1;
      this.#failureRate.failed();
    }
    this.#tell(load, ...healthOfBoth(verdict));
    if (!verdict.cooldown) return undefined;
    this.#touch();
    return this.cooldowns.start(verdict.cooldown, keyOf(verdict.cooldown.scope, load.model, operation));
  }

  /** Gives the attempt's place free without an outcome. */
  release(load: Load): void {
    if (!load.running) return;
    load.running = false;
    this.inFlight -= 1;
    if (this.#silence.gone(load, this.#clock.now(), load.outrun)) this.#touch();
  }

  /** A good reply's rate-limit headers. @returns the length of the cooldown they led to, in ms. */
  headroom(load: Load, headers: Headers): number | undefined {
    const before = this.cooldowns.figures(load.model);
    const ms = noteHeadroom(this.#models.of(load.model), this.cooldowns, load, headers);
    if (this.cooldowns.figures(load.model) !== before) this.#touch();
    return ms;
  }

  /** Breaker transitions since the last look. */
  takeTransitions(): Transition[] {
    return this.#transitions.length === 0 ? [] : this.#transitions.splice(0);
  }

  /** Share of attempts of the last 10 s that failed, 0 to 1. */
  get recentFailureRate(): number {
    return this.#failureRate.value;
  }

  /** True when a call for this model succeeded here within the last minute. */
  worksLately(model: string): boolean {
    return this.#models.worksLately(model);
  }

  /** True when something was answered here since `time`, in monotonic ms. */
  answeredSince(time: number): boolean {
    return this.#silence.answeredSince(time);
  }

  /** Share of its traffic the endpoint takes after a recovery, in (0, 1]. */
  share(model: string): number {
    return Math.min(this.#breaker?.share ?? 1, this.#models.peek(model)?.breaker?.share ?? 1);
  }

  /** What was learned of a model's times; `undefined` before the first attempt. */
  latency(model: string): Pick<ModelState, 'plain' | 'head' | 'content'> | undefined {
    return this.#models.peek(model);
  }

  /** The effective state: the endpoint's own breaker, or that of its models when it is out because of them. */
  get breakerState(): BreakerState {
    const own = this.#breaker?.state ?? 'closed';
    if (own !== 'closed') return own;
    if (this.#models.mostOpenUntil() === 0) return 'closed';
    return this.#models.sick().some(({ breaker }) => breaker === 'half-open') ? 'half-open' : 'open';
  }

  /** The models whose breaker is not closed. */
  sickModels(): Array<{ model: string; breaker: BreakerState }> {
    return this.#models.sick();
  }
}
