/**
 * Who owns a quota, as replies tell by their organisation and project headers: two keys that name the same owner at the same place
 * draw on one quota. Why an endpoint that names one owner and then another draws on none with others: behind it stand several.
 */
import type { EndpointState } from './endpoint-state.ts';
import { Quota } from './quota.ts';

/** No header of this length names an owner. */
const LONGEST = 200;
/** Owners remembered. */
const LIMIT = 1_000;

/** The origins of addresses met before: each reply is from one, and to take an address apart takes longer than all the rest. */
const origins = new Map<string, string>();

function ownerIn(headers: Headers, baseURL: string): string | undefined {
  const organization = headers.get('openai-organization');
  if (!organization || organization.length > LONGEST) return undefined;
  const origin = origins.get(baseURL) ?? originOf(baseURL);
  return `${origin} ${organization} ${(headers.get('openai-project') ?? '').slice(0, LONGEST)}`;
}

/** The origin of an address; what is none stands for itself. */
function originOf(baseURL: string): string {
  const origin = URL.canParse(baseURL) ? new URL(baseURL).origin : baseURL;
  if (origins.size >= LIMIT) origins.clear();
  origins.set(baseURL, origin);
  return origin;
}

/** The owners known in this process. */
export class QuotaOwners {
  readonly #quotas = new Map<string, WeakRef<Quota>>();
  /** What each endpoint said last; `null` = different things. */
  readonly #said = new WeakMap<EndpointState, string | null>();

  /** Notes a reply of an endpoint. @returns true when it was just found to draw on the quota of another endpoint. */
  note(state: EndpointState, baseURL: string, headers: Headers): boolean {
    const owner = ownerIn(headers, baseURL);
    if (owner === undefined) return false;
    const before = this.#said.get(state);
    if (before === owner || before === null) return false;
    if (before !== undefined) {
      this.#said.set(state, null);
      this.#leave(state);
      return false;
    }
    this.#said.set(state, owner);
    return this.#join(state, owner);
  }

  /** True when two keys are known to lead to one project: what is made with one is there for the other. */
  same(one: EndpointState, other: EndpointState): boolean {
    const owner = this.#said.get(one);
    return typeof owner === 'string' && !owner.endsWith(' ') && owner === this.#said.get(other);
  }

  #join(state: EndpointState, key: string): boolean {
    const known = this.#quotas.get(key)?.deref();
    if (known && known !== state.quota) {
      known.absorb(state.quota);
      state.touch();
      return true;
    }
    if (this.#quotas.size >= LIMIT) this.#quotas.delete(this.#quotas.keys().next().value as string);
    this.#quotas.set(key, new WeakRef(state.quota));
    return false;
  }

  #leave(state: EndpointState): void {
    if (state.quota.members.length === 1) return;
    state.quota.leave(state);
    state.quota = new Quota(state);
    state.touch();
  }
}
