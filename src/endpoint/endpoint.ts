/** One upstream of a pool: what its user configured, joined with its live state. What strategies see as a candidate. */

import type { Call } from '../call/call.ts';
import { quoted } from '../call/describe.ts';
import { modelKey } from '../call/model-key.ts';
import { matchesName } from '../call/model-map.ts';
import { missingTags } from '../call/steering.ts';
import type { EndpointSettings } from '../config/settings.ts';
import type { Candidate, StrategyCall, TrackRecord } from '../strategy/strategy.ts';
import type { EndpointState } from './endpoint-state.ts';
import { Headroom } from './headroom.ts';
import type { Load, Neighbours } from './live-facts.ts';
import type { Slowness } from './new-load.ts';
import { OwnNames } from './own-names.ts';
import type { QuotaShare } from './quota-groups.ts';

/** What of a call matters to whoever takes it. */
type Taken = Pick<Call, 'model' | 'operation' | 'stream' | 'demand' | 'ownCredentials'>;

/** An endpoint of a pool. */
export class Endpoint implements Candidate {
  readonly name: string;
  readonly weight: number;
  readonly priority: number;
  readonly tags: readonly string[];
  readonly settings: EndpointSettings;
  readonly state: EndpointState;
  readonly room: Headroom;
  /** Takes no new calls; set once by `drain`. */
  drained = false;
  /** Drained, and no call runs on it any more. */
  retired = false;
  readonly #names: OwnNames;

  /** @param quota the configured windows it draws on, and the names they go by. @default its own */
  constructor(settings: EndpointSettings, priority: number, state: EndpointState, quota: Partial<QuotaShare> = {}) {
    this.name = settings.name;
    this.weight = settings.weight;
    this.tags = settings.tags;
    this.priority = priority;
    this.settings = settings;
    this.state = state;
    this.#names = new OwnNames(settings.modelMap);
    this.room = new Headroom(state, settings.limits, { allowance: quota.allowance, names: quota.names ?? this.#names });
  }

  get inFlight(): number {
    return this.state.inFlight + this.state.elsewhere;
  }

  get inFlightElsewhere(): number {
    return this.state.elsewhere;
  }

  trackRecord({ operation, model }: Pick<StrategyCall, 'operation' | 'model'>): TrackRecord | undefined {
    return this.state.latency(this.healthKey(model, operation))?.record;
  }

  headroom({ model, now }: Pick<StrategyCall, 'model' | 'now'>): number {
    return this.room.share(model, now);
  }

  /** Takes an attempt in. @param force go even while ejected. @param neighbours its pool. @returns `undefined` when there is no place. */
  begin(call: Taken, slow: Slowness, force: boolean, neighbours?: Neighbours): Load | undefined {
    if (!this.room.hasSlot) return undefined;
    const { model, operation, stream } = call;
    const asked = healthKey(model, operation.name);
    const load = this.state.begin(this.keyOf(asked), slow, force, stream, neighbours);
    if (!load) return undefined;
    load.asked = asked;
    load.quotaGroup = this.settings.quotaGroup;
    this.room.reserve(load, call);
    return load;
  }

  /** Under which name this endpoint keeps what it learns of calls with this health key: its own name of the model. */
  keyOf(key: string): string {
    return this.#names.of(key);
  }

  /** The same for calls of a model by its public name. */
  healthKey(model: string | undefined, operation: string): string {
    return this.keyOf(healthKey(model, operation));
  }

  /** True when calls with this health key may come here, as configured. */
  serves(key: string): boolean {
    const { models } = this.settings;
    return models === undefined || nameless(key) || models.some((pattern) => matchesName(pattern, key));
  }

  /** True when the configuration speaks of this model, in `models` or in the model map. A bare `*` speaks of none. */
  names(model: string): boolean {
    const { models = [], modelMap } = this.settings;
    const matches = (pattern: string) => pattern !== '*' && matchesName(pattern, model);
    return models.some(matches) || Object.keys(modelMap).some(matches);
  }

  cachesPrompts(call: Pick<StrategyCall, 'model' | 'operation' | 'now'>): boolean | undefined {
    return this.state.latency(this.healthKey(call.model, call.operation))?.promptCache.works(call);
  }

  /**
   * Why the endpoint can never take such a call, as configured; `undefined` = it can.
   * @param tags the labels that the call asks for.
   */
  unfit(model: string | undefined, operation: string, tags: readonly string[]): string | undefined {
    const { models, operations } = this.settings;
    if (operations && !operations.has(operation)) return `is not used for ${operation} (operations)`;
    const [tag] = missingTags(tags, this.tags);
    if (tag !== undefined) return `has no tag ${quoted(tag)} (tags)`;
    if (model === undefined || !models) return undefined;
    return models.some((pattern) => matchesName(pattern, model)) ? undefined : `has no model ${quoted(model)} (models)`;
  }
}

/** Operations without a model stand in parentheses. */
const nameless = (key: string) => key.startsWith('(');

/** Under which name a pool keeps what it learns: the public model, or the operation for calls without one. */
export function healthKey(model: string | undefined, operation: string): string {
  return model === undefined ? `(${operation})` : modelKey(model);
}
