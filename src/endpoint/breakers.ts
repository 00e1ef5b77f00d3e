/**
 * The breakers of one endpoint as one: its own, which hears of connections and credentials, and one per model.
 * Who is told what follows from a verdict's scope; who is let in is agreed by both.
 */
import type { Verdict } from '../call/outcome.ts';
import type { Clock } from '../clock.ts';
import type { BreakerSettings, SlowStartSettings } from '../config/settings.ts';
import { Breaker } from './breaker.ts';
import type { BreakerState, Load, Transition } from './live-facts.ts';
import { ModelStates } from './model-states.ts';
import { shareOf } from './slow-start.ts';
import { healthOfBoth } from './two-scopes.ts';

const NONE: readonly Transition[] = [];

/** Both scopes of one endpoint's breakers; without settings every question is answered as if all were well. */
export class Breakers {
  readonly models: ModelStates;
  /** Made at the first attempt: a pool may have endpoints that nobody ever asks. */
  #own: Breaker | undefined;
  readonly #transitions: Transition[] = [];
  readonly #settings: BreakerSettings | false;
  readonly #clock: Clock;
  readonly #touch: () => void;

  readonly #turned: ((transition: Transition) => void) | undefined;

  /** @param touch called when an exclusion begins or ends. @param turned told of each transition at once. */
  constructor(
    settings: BreakerSettings | false,
    clock: Clock,
    touch: () => void,
    turned?: (transition: Transition) => void,
  ) {
    this.#turned = turned;
    this.#settings = settings;
    this.#clock = clock;
    this.#touch = touch;
    this.models = new ModelStates((model) => this.#make(model), clock);
  }

  #make(model: string | undefined): Breaker | undefined {
    if (!this.#settings) return undefined;
    return new Breaker(this.#settings, this.#clock, (state, openMs) => {
      this.#transitions.push({ state, model, openMs });
      if (model !== undefined) this.models.fellSick();
      this.#touch();
      this.#turned?.({ state, model, openMs });
    });
  }

  /** What others found: that it fails, for so many ms, or that it works. @returns whether that is news here */
  heard(model: string | undefined, openMs: number | 'works'): boolean {
    if (model === undefined) this.#own ??= this.#make(undefined);
    const breaker = model === undefined ? this.#own : this.models.of(model).breaker;
    const changed = (openMs === 'works' ? breaker?.recover() : breaker?.adopt(openMs)) ?? false;
    if (changed && model !== undefined) this.models.fellSick();
    this.#touch();
    return changed;
  }

  /** When a call for `model` is let through, in monotonic ms; 0 = now. */
  opensAt(model: string): number {
    const own = Math.max(this.#own?.opensAt ?? 0, this.models.peek(model)?.breaker?.opensAt ?? 0);
    return Math.max(own, this.models.mostOpenUntil());
  }

  /** Leave of both scopes for one attempt, or `undefined`. @param force go even while ejected. */
  admit(model: string, force: boolean): Load['permits'] | undefined {
    this.#own ??= this.#make(undefined);
    const { breaker } = this.models.of(model);
    const own = force ? this.#own?.admitAnyway() : this.#own?.admit();
    const ofModel = force ? breaker?.admitAnyway() : breaker?.admit();
    if (this.#settings && !(own && ofModel)) {
      if (own) this.#own?.settle(own, 'neutral');
      if (ofModel) breaker?.settle(ofModel, 'neutral');
      return undefined;
    }
    if (own?.probe || ofModel?.probe) this.#touch();
    return [own, ofModel];
  }

  /** Tells what came of an attempt. */
  settle(load: Load, verdict: Verdict): void {
    this.#tell(load, ...healthOfBoth(verdict));
  }

  /** Content came: a probe, or a call let through in panic, has done its work, whatever becomes of the rest. */
  proved(load: Load): void {
    if (load.permits.some((permit) => permit?.probe || permit?.panic)) this.#tell(load, 'success', 'success');
  }

  #sparing({ asked, neighbours }: Load): () => boolean {
    return () =>
      this.#settings !== false &&
      neighbours !== undefined &&
      neighbours.percentageOut(asked) > this.#settings.maxEjectedPercentage;
  }

  #tell(load: Load, ownHealth: Verdict['health'], modelHealth: Verdict['health']): void {
    const [own, ofModel] = load.permits;
    const spared = modelHealth === 'failure' || ownHealth === 'failure' ? this.#sparing(load) : undefined;
    if (own) this.#own?.settle(own, ownHealth, spared);
    if (ofModel) this.models.of(load.model).breaker?.settle(ofModel, modelHealth, spared);
    if (own?.probe || ofModel?.probe) this.#touch();
  }

  /** Transitions since the last look. */
  takeTransitions(): readonly Transition[] {
    return this.#transitions.length === 0 ? NONE : this.#transitions.splice(0);
  }

  /** Share of its traffic the endpoint takes after a recovery, in (0, 1]. */
  share(model: string, settings: SlowStartSettings): number {
    const own = this.#own?.comeback;
    const ofModel = this.models.peek(model)?.breaker?.comeback;
    if (!own && !ofModel) return 1;
    const now = this.#clock.now();
    const share = own ? shareOf(own, settings, now) : 1;
    return ofModel ? Math.min(share, shareOf(ofModel, settings, now)) : share;
  }

  /** True while one of the breakers that a call for `model` meets is not closed, or a probe is due. */
  out(model: string): boolean {
    const own = this.#own?.state ?? 'closed';
    const ofModel = this.models.peek(model)?.breaker?.state ?? 'closed';
    return own !== 'closed' || ofModel !== 'closed' || this.models.mostOpenUntil() > 0;
  }

  /** The effective state: the endpoint's own breaker, or that of its models when it is out because of them. */
  get state(): BreakerState {
    const own = this.#own?.state ?? 'closed';
    if (own !== 'closed') return own;
    if (this.models.mostOpenUntil() === 0) return 'closed';
    return this.models.sick().some(({ breaker }) => breaker === 'half-open') ? 'half-open' : 'open';
  }
}
