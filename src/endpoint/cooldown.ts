/** Time-boxed exclusions that an upstream asked for, of one endpoint: per endpoint, per model, per operation. */
import type { CooldownOrder } from '../call/outcome.ts';
import type { Clock } from '../clock.ts';

/** One running cooldown. */
export interface Cooldown {
  readonly scope: CooldownOrder['scope'];
  /** What it is about; empty for the endpoint. */
  readonly key: string;
  readonly until: number;
  readonly reason: string;
  readonly pause: boolean;
  /** When it began, in monotonic ms. */
  readonly since: number;
}

/** Without a hint: 1 s doubling to 60 s, as every official client waits at first. */
const UNHINTED = { first: 1_000, longest: 60_000 };
/** More entries than this only arise from made-up model names. */
const LIMIT = 500;
/** Shared by all that never had one: nothing is ever put into it. */
const NONE = new Map<string, never>();
const SCOPES = ['endpoint', 'model', 'operation', 'use'] as const;

/** What a cooldown of this scope is about, in a call for `model` by `operation`. */
export function keyOf(scope: CooldownOrder['scope'], model: string, operation: string): string {
  return { endpoint: '', model, operation, use: `${operation} ${model}`, figures: model }[scope];
}

/** `post chat/completions gpt-5`: an operation is two words. */
const USE = /^(\S+ \S+) (.*)$/s;

/** What a cooldown is about, as far as it is not about all. @param key as `keyOf` made it. */
export function aboutOf(
  scope: CooldownOrder['scope'],
  key: string,
): { readonly operation?: string | undefined; readonly model?: string | undefined } {
  if (scope === 'endpoint') return {};
  if (scope === 'operation') return { operation: key };
  if (scope !== 'use') return { model: key };
  const [, operation, model] = USE.exec(key) ?? [];
  return { operation, model };
}

/** Every cooldown that can keep such a call away. */
function idsOf(model: string, operation: string): string[] {
  return SCOPES.map((scope) => `${scope}:${keyOf(scope, model, operation)}`);
}

/** How much would be forgotten: nothing, the refusal of one model, a pause of one model, what concerns all. */
function weight({ scope, pause, until }: Cooldown, now: number): number {
  if (until <= now) return 0;
  if (scope === 'endpoint' || scope === 'operation') return 3;
  return pause ? 2 : 1;
}

/** The cooldowns of one endpoint. A new order never shortens a running one. */
export class Cooldowns {
  #running: Map<string, Cooldown> = NONE;
  #unhinted: Map<string, number> = NONE;
  readonly #clock: Clock;
  readonly #began: ((cooldown: Cooldown, inRow: number) => void) | undefined;

  /** @param began told of each that starts or is extended here, and how many without a hint there were in a row. */
  constructor(clock: Clock, began?: (cooldown: Cooldown, inRow: number) => void) {
    this.#clock = clock;
    this.#began = began;
  }

  /** Starts or extends a cooldown. @returns how long it now lasts, in ms. */
  start(order: CooldownOrder, key: string): number {
    const id = `${order.scope}:${key}`;
    const now = this.#clock.now();
    if (this.#running === NONE) [this.#running, this.#unhinted] = [new Map(), new Map()];
    const running = this.#running.get(id);
    let { ms } = order;
    if (ms === undefined) {
      // Refusals of calls that were under way together are one refusal: only the next one after the pause doubles it.
      if (running && running.until > now) return running.until - now;
      const before = this.#unhinted.get(id) ?? 0;
      const { first, longest } = order.grows ?? UNHINTED;
      ms = Math.min(first * 2 ** before, longest);
      this.#unhinted.set(id, before + 1);
    }
    const begun = this.#keep(id, order, key, now + ms);
    if (begun) this.#began?.(begun, this.#unhinted.get(id) ?? 0);
    return begun ? ms : (running as Cooldown).until - now;
  }

  /**
   * The same for one that others were asked for.
   * @param inRow how many without a hint they had in a row: the next one here is longer than all of them.
   * @returns whether it ends later than what is known here
   */
  adopt(order: CooldownOrder & { readonly ms: number }, key: string, inRow: number): boolean {
    const id = `${order.scope}:${key}`;
    if (this.#running === NONE) [this.#running, this.#unhinted] = [new Map(), new Map()];
    if (inRow > (this.#unhinted.get(id) ?? 0)) this.#unhinted.set(id, inRow);
    return this.#keep(id, order, key, this.#clock.now() + order.ms) !== undefined;
  }

  /** What ends later counts, with its reason. @returns `undefined` when that is the one before */
  #keep(id: string, { scope, reason, pause }: CooldownOrder, key: string, until: number): Cooldown | undefined {
    const running = this.#running.get(id);
    if (running && running.until >= until) return undefined;
    const cooldown = { scope, key, until, reason, pause, since: this.#clock.now() };
    this.#running.delete(id);
    this.#running.set(id, cooldown);
    if (this.#running.size > LIMIT) this.#forgetOne(id);
    if (this.#unhinted.size > LIMIT) this.#unhinted.delete(this.#unhinted.keys().next().value as string);
    return cooldown;
  }

  /** What weighs least goes, and of that what ends first: made-up names shall not end what others need. */
  #forgetOne(except: string): void {
    const now = this.#clock.now();
    const less = (a: Cooldown, b: Cooldown) => weight(a, now) - weight(b, now) || a.until - b.until;
    const others = [...this.#running].filter(([id]) => id !== except);
    const [least] = others.reduce((found, each) => (less(each[1], found[1]) < 0 ? each : found));
    this.#running.delete(least);
  }

  /** A success: the next cooldown without a hint starts at 1 s again, and a refusal from before `startedAt` is disproved. @returns whether one was. */
  succeeded(model: string, operation: string, startedAt: number): boolean {
    let ended = false;
    for (const id of this.#running.size === 0 ? [] : idsOf(model, operation)) {
      const running = this.#running.get(id);
      if (running?.pause === false && running.since <= startedAt) ended = this.#running.delete(id);
    }
    if (this.#unhinted.size === 0) return ended;
    this.#unhinted.delete(`model:${model}`);
    this.#unhinted.delete('endpoint:');
    return ended;
  }

  /** The running cooldown of a model whose rate-limit headers say that it is used up. */
  figures(model: string): Cooldown | undefined {
    const found = this.#running.size === 0 ? undefined : this.#running.get(`figures:${model}`);
    return found && found.until > this.#clock.now() ? found : undefined;
  }

  /** Ends it: the figures were contradicted. */
  forgetFigures(model: string): void {
    this.#running.delete(`figures:${model}`);
  }

  /** The cooldown that keeps this call away longest, if any; mere figures only where nothing else does. */
  of(model: string, operation: string): Cooldown | undefined {
    if (this.#running.size === 0) return undefined;
    let longest: Cooldown | undefined;
    for (const id of idsOf(model, operation)) {
      const found = this.#running.get(id);
      if (!found) continue;
      if (found.until <= this.#clock.now()) this.#running.delete(id);
      else if (!longest || found.until > longest.until) longest = found;
    }
    return longest ?? this.figures(model);
  }

  /** Every running cooldown. */
  list(): Cooldown[] {
    const now = this.#clock.now();
    for (const [id, cooldown] of this.#running) if (cooldown.until <= now) this.#running.delete(id);
    return [...this.#running.values()];
  }
}
