/** One upstream of a pool: what its user configured, joined with its live state. What strategies see as a candidate. */

import type { Call } from '../call/call.ts';
import { quoted } from '../call/describe.ts';
import { modelKey } from '../call/model-key.ts';
import { mapModel, matchesName } from '../call/model-map.ts';
import { missingTags } from '../call/steering.ts';
import type { EndpointSettings } from '../config/settings.ts';
import type { Candidate, StrategyCall, TrackRecord } from '../strategy/strategy.ts';
import type { Allowance } from './allowance.ts';
import type { EndpointState } from './endpoint-state.ts';
import { Headroom } from './headroom.ts';
import type { Load, Neighbours } from './live-facts.ts';
import type { Slowness } from './new-load.ts';

/** Names looked up once; more only arise from made-up ones. */
const MOST_KEYS = 500;

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
  readonly #maps: boolean;
  /** Health keys by those of public names. */
  readonly #keys = new Map<string, string>();

  /** @param allowance the configured windows of its quota group. @default windows of its own */
  constructor(settings: EndpointSettings, priority: number, state: EndpointState, allowance?: Allowance) {
    this.name = settings.name;
    this.weight = settings.weight;
    this.tags = settings.tags;
    this.priority = priority;
    this.settings = settings;
    this.state = state;
    this.#maps = Object.keys(settings.modelMap).length > 0;
    this.room = new Headroom(state, settings.limits, allowance, (key) => this.keyOf(key));
  }

  get inFlight(): number {
    return this.state.inFlight;
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
    this.room.reserve(load, call);
    return load;
  }

  /**
   * Under which name this endpoint keeps what it learns of calls with this health key: its own name of the model. Why: several public
   * names may lead to one model here, and one that is sick, or limited, is so under each of them.
   */
  keyOf(key: string): string {
    if (!this.#maps || nameless(key)) return key;
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const own = modelKey(mapModel(this.settings.modelMap, key)?.model ?? key);
    if (this.#keys.size >= MOST_KEYS) this.#keys.clear();
    this.#keys.set(key, own);
    return own;
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
