/**
 * Which endpoints of a pool draw on one quota because its user said so, and the configured windows they share.
 * Why the windows are kept in the registry: a client built per request must not begin with full ones each time.
 */
import type { EndpointSettings, LimitSettings } from '../config/settings.ts';
import type { Fleet } from '../state/fleet.ts';
import { accountOf } from './account.ts';
import { Allowance } from './allowance.ts';
import type { EndpointState } from './endpoint-state.ts';
import { OwnNames } from './own-names.ts';
import { addressOf, type Registry, sharedValue, wake } from './registry.ts';
import { sharedWindows } from './shared-windows.ts';

/** What an endpoint draws on. */
export interface QuotaShare {
  /** The configured windows, if anybody configured some. */
  readonly allowance: Allowance | undefined;
  /** What models are called in windows that several endpoints share; `undefined` = as the endpoint calls them. */
  readonly names: OwnNames | undefined;
}

interface Group {
  /** Identity of the endpoint that was there first. */
  readonly id: string;
  readonly state: EndpointState;
  allowance: Allowance | undefined;
  /** Deployments of one model may have different names, and share its limits nevertheless. */
  readonly names: OwnNames;
}

const counts = (limits: LimitSettings | undefined) =>
  limits?.requestsPerMinute !== undefined || limits?.tokensPerMinute !== undefined;

/** Why a function of its own: what is kept beside a store outlives the pool, and may hold nothing of it. */
const waker = (registry: Registry) => () => wake(registry);

/** The quota groups of one pool. */
export class QuotaGroups {
  readonly #groups = new Map<string, Group>();
  readonly #limits = new Map<string, LimitSettings>();
  readonly #registry: Registry;
  readonly #fleetOf: (() => Fleet) | undefined;
  #fleet: Fleet | undefined;

  /**
   * @param endpoints those the pool begins with: whoever of a group names limits names them for all.
   * @param fleetOf the processes that share the limits, asked for once there are some. @default nobody else
   */
  constructor(registry: Registry, endpoints: readonly EndpointSettings[], fleetOf?: () => Fleet) {
    this.#registry = registry;
    this.#fleetOf = fleetOf;
    for (const { quotaGroup, limits } of endpoints) {
      if (quotaGroup !== undefined && counts(limits) && !this.#limits.has(quotaGroup))
        this.#limits.set(quotaGroup, limits as LimitSettings);
    }
  }

  /** Takes an endpoint into its group. @returns what it draws on. */
  join(settings: EndpointSettings, id: string, state: EndpointState): QuotaShare {
    const { name, baseURL, quotaGroup, limits, modelMap } = settings;
    if (quotaGroup === undefined) {
      // One that is called the same elsewhere may be another one, or the same with another account.
      const known = () => ['endpoint', name, addressOf(baseURL).address, accountOf(settings)];
      const allowance = counts(limits) ? this.#windows(limits as LimitSettings, id, known) : undefined;
      return { allowance, names: undefined };
    }
    const known = this.#groups.get(quotaGroup);
    const group = known ?? { id, state, allowance: undefined, names: new OwnNames(modelMap) };
    group.names.add(modelMap);
    this.#groups.set(quotaGroup, group);
    if (group.state.quota !== state.quota) group.state.quota.absorb(state.quota);
    const shared = this.#limits.get(quotaGroup) ?? (counts(limits) ? limits : undefined);
    if (shared) group.allowance ??= this.#windows(shared, `${quotaGroup} ${group.id}`, () => ['group', quotaGroup]);
    return group;
  }

  /** Draws on limits no more. Resolves when others can use what was drawn ahead, or nobody can be told. */
  async close(): Promise<void> {
    const fleet = this.#fleet;
    this.#fleet = undefined;
    await fleet?.leave();
  }

  /** @param known how other processes know it. */
  #windows(limits: LimitSettings, owner: string, known: () => readonly string[]): Allowance {
    const { requestsPerMinute, tokensPerMinute } = limits;
    if (this.#fleetOf) {
      const fleet = this.#fleet ?? this.#fleetOf();
      if (!this.#fleet) fleet.join();
      this.#fleet = fleet;
      return sharedWindows(fleet, limits, known(), waker(this.#registry));
    }
    const key = JSON.stringify(['limits', owner, requestsPerMinute, tokensPerMinute]);
    return sharedValue(this.#registry, key, () => new Allowance(limits));
  }
}
