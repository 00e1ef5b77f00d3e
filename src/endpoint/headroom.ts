/**
 * What is left of an endpoint's rate limits, configured and learned: asked before each pick, taken from before anything is sent,
 * corrected by what comes back. Why not part of the cached eligibility: it changes with every call.
 */
import type { Call } from '../call/call.ts';
import type { Demand } from '../call/demand.ts';
import { modelKey } from '../call/model-key.ts';
import type { LimitSettings } from '../config/settings.ts';
import { Allowance } from './allowance.ts';
import type { EndpointState } from './endpoint-state.ts';
import { NO_HEADROOM } from './exclusion.ts';
import { giveBack, tokensOf, type Went } from './held.ts';
import type { Exclusion, Load } from './live-facts.ts';
import { type Looked, shareOf } from './looked.ts';
import { OwnNames } from './own-names.ts';
import type { ModelQuota } from './quota.ts';
import type { QuotaShare } from './quota-groups.ts';
import { figuresOf } from './rate-limits.ts';
import { noteUsedUp } from './used-up.ts';
import { scarcest, type WindowFacts } from './window-facts.ts';

/** How long a call usually takes before that is learned, and at most, in ms: one that runs may end any moment, so nobody is turned away for it. */
const [USUAL, LONGEST] = [1_000, 10_000];
const KINDS = ['requests', 'tokens'] as const;
const NO_SLOT = 'no free slot';

/** What of a call its headroom depends on. */
type Drawing = Pick<Call, 'model' | 'demand' | 'ownCredentials'>;

/** The headroom of one endpoint. */
export class Headroom {
  /** What models are called in its windows. */
  readonly names: OwnNames;
  readonly #state: EndpointState;
  readonly #allowance: Allowance | undefined;
  readonly #slots: number;
  #looked: Looked | undefined;

  /** @param quota what it shares with others. @default windows of its own, by public names */
  constructor(state: EndpointState, limits: LimitSettings | undefined, quota: Partial<QuotaShare> = {}) {
    this.#state = state;
    this.names = quota.names ?? new OwnNames({});
    const counts = limits?.requestsPerMinute !== undefined || limits?.tokensPerMinute !== undefined;
    this.#allowance = quota.allowance ?? (limits && counts ? new Allowance(limits) : undefined);
    this.#slots = limits?.maxConcurrent ?? Number.POSITIVE_INFINITY;
    if (limits?.maxConcurrent !== undefined) state.capped = true;
  }

  /** True when one more attempt may run at the same time. */
  get hasSlot(): boolean {
    return this.#state.inFlight < this.#slots;
  }

  /** The model whose windows a call draws on: none if it names none, nor if it brings a key of its own, whose limits are elsewhere. */
  #drawnOn({ model, ownCredentials }: Drawing): string | undefined {
    return ownCredentials ? undefined : this.#own(model);
  }

  #own = (model: string | undefined) => (model === undefined ? undefined : this.names.of(modelKey(model)));

  /** True when calls for `model` may have to be turned away. @param model by its public name. */
  binds(model: string | undefined): boolean {
    return this.#binds(this.#own(model));
  }

  #binds(model: string | undefined): boolean {
    if (this.#slots !== Number.POSITIVE_INFINITY) return true;
    return model !== undefined && (this.#allowance !== undefined || this.#state.quota.peek(model)?.binds === true);
  }

  /** What is known of a model. Looked up once in a row, since a pick asks each endpoint for the same. */
  #look(model: string, now: number): Looked {
    const { quota } = this.#state;
    if (model !== this.#looked?.model || quota !== this.#looked.of || !this.#looked.quota)
      this.#looked = {
        ...{ model, of: quota, quota: quota.peek(model), allowed: this.#allowance?.of(model, now) },
        ...{ share: 1, changes: -1, at: now },
      };
    return this.#looked;
  }

  /** When there is room for a call in the windows of `model`, in monotonic ms; 0 = now. */
  #readyAt(model: string, demand: Demand, now: number): number {
    const { quota, allowed } = this.#look(model, now);
    let at = allowed?.requests?.readyAt(1, now) ?? 0;
    if (allowed?.tokens)
      at = Math.max(at, allowed.tokens.readyAt(tokensOf(allowed.tokens, demand, quota?.usualOutput), now));
    return quota?.binds ? Math.max(at, this.#learnedAt(quota, demand, now)) : at;
  }

  #learnedAt({ requests, tokens, usualOutput }: ModelQuota, demand: Demand, now: number): number {
    const at = requests.readyAt(1, now);
    if (!tokens.trusted) return at;
    return Math.max(at, tokens.readyAt(tokensOf(tokens.window, demand, usualOutput), now));
  }

  /** True when there is room for a call now. */
  hasRoom(call: Drawing, now: number): boolean {
    if (!this.hasSlot) return false;
    const model = this.#drawnOn(call);
    return model === undefined || !this.#binds(model) || this.#readyAt(model, call.demand, now) === 0;
  }

  /** Why there is none, and when there will be. */
  exclusion(call: Drawing): Exclusion | undefined {
    return this.exclusionOf(this.#drawnOn(call), call.demand);
  }

  /** The same for a model by the endpoint's own name. */
  exclusionOf(model: string | undefined, demand: Demand): Exclusion | undefined {
    const now = this.#state.clock.now();
    const said = { kind: 'limited', rateLimited: true, ejected: false } as const;
    const until = model === undefined || !this.#binds(model) ? 0 : this.#readyAt(model, demand, now);
    if (until > 0) return { ...said, reason: NO_HEADROOM, until };
    if (this.hasSlot) return undefined;
    const known = model === undefined ? undefined : this.#state.latency(model)?.plain;
    const usual = known?.learned ? known.quantile(0.5) : USUAL;
    return { ...said, reason: NO_SLOT, until: now + Math.min(usual, LONGEST) / this.#slots };
  }

  /** Takes room for an attempt that begins now, whether there is some or not. */
  reserve(load: Load, call: Drawing): void {
    const { demand } = call;
    const model = this.#drawnOn(call);
    if (model === undefined) return;
    const now = load.startedAt;
    const quota = this.#state.quota.of(model);
    const { requests, tokens, usualOutput } = quota;
    const beyond = quota.binds && this.#learnedAt(quota, demand, now) > 0;
    const learnedTokens = tokensOf(tokens.window, demand, usualOutput);
    const allowed = this.#allowance?.of(model, now);
    const allowedTokens = tokensOf(allowed?.tokens, demand, usualOutput);
    allowed?.requests?.take(1, now);
    allowed?.tokens?.take(allowedTokens, now);
    quota.begun += 1;
    quota.changes += 1;
    const marks = { requestsMark: requests.take(1, now), tokensMark: tokens.take(learnedTokens, now) };
    load.held = { quota, allowed, number: quota.begun, ...marks, learnedTokens, allowedTokens, beyond, told: false };
  }

  /** A reply's headers came. @returns the length of the cooldown that figures led to which do not count along, in ms. */
  note(load: Load, headers: Headers, served: boolean): number | undefined {
    const { held } = load;
    if (!held) return undefined;
    const { quota } = held;
    quota.changes += 1;
    const bound = quota.binds;
    // Served although there was no room: the figures mean something else.
    if (served && held.beyond) for (const kind of KINDS) quota[kind].forget();
    let empty = false;
    const now = this.#state.clock.now();
    for (const kind of KINDS) {
      const figures = figuresOf(headers, kind);
      if (!figures) continue;
      held.told = true;
      empty ||= figures.remaining === 0;
      const since = (quota.begun - held.number) * (kind === 'requests' ? 1 : held.learnedTokens);
      const mark = kind === 'requests' ? held.requestsMark : held.tokensMark;
      quota[kind].note(figures, mark, since, now);
      if (!served && figures.remaining === 0) quota[kind].confirm();
    }
    if (quota.binds !== bound) this.#state.touch();
    if (quota.binds || !served) return undefined;
    const { cooldowns, touch } = this.#state;
    const before = cooldowns.figures(load.model);
    if (!empty && quota.usedUp === 0 && !before) return undefined;
    const ms = noteUsedUp(quota, cooldowns, load, headers);
    if (cooldowns.figures(load.model) !== before) touch();
    return ms;
  }

  /** The attempt is over. */
  settle({ held }: Load, went: Went, now = this.#state.clock.now()): void {
    if (held && giveBack(held, went, now)) this.#state.freed();
  }

  /** The share of the limits that is left for `model`, 0 to 1; 1 when nothing is known. */
  share(model: string | undefined, now: number): number {
    return this.shareOf(this.#own(model), now);
  }

  /** The same for a model by the endpoint's own name. */
  shareOf(model: string | undefined, now: number): number {
    const least = this.#slots === Number.POSITIVE_INFINITY ? 1 : Math.max(0, 1 - this.#state.inFlight / this.#slots);
    return model === undefined ? least : Math.min(least, shareOf(this.#look(model, now), now));
  }

  /** What is left of one kind of window; `null` = there is none. @param model by the name there. */
  left(model: string, kind: (typeof KINDS)[number], now = this.#state.clock.now()): WindowFacts | null {
    return scarcest(this.#allowance?.of(model, now)[kind], this.#state.quota.peek(model)?.[kind].window, now);
  }

  /** The models that calls drew on the quota for, by its own names; in a quota group by those of who was there first. */
  get models(): string[] {
    return [...this.#state.quota.models];
  }
}
