/**
 * One quota at an upstream: what its replies tell of it, model by model, and the endpoints that draw on it.
 * Why apart from the endpoint's state: two keys of one organisation are two endpoints with one quota.
 */
import type { Cooldowns } from './cooldown.ts';
import { FewNames } from './few-names.ts';
import { LearnedWindow } from './learned-window.ts';

/** What is known of one model's share of the quota. */
export class ModelQuota {
  readonly requests = new LearnedWindow();
  readonly tokens = new LearnedWindow();
  /** Grows whenever something is taken, given back or learned. */
  changes = 0;
  /** Attempts ever begun. */
  begun = 0;
  /** Replies in a row that said a window is used up. */
  usedUp = 0;
  /** Tokens that such calls usually get back; `undefined` before the first. */
  usualOutput: number | undefined;

  /** An attempt was answered with so many tokens. */
  answered(tokens: number): void {
    const before = this.usualOutput;
    this.usualOutput = before === undefined ? tokens : before + (tokens - before) * FORGETS;
  }

  /** True when what replies say keeps calls away. */
  get binds(): boolean {
    return this.requests.trusted || this.tokens.trusted;
  }
}

/** Weight of the newest answer in the usual one. */
const FORGETS = 0.1;
/** Models kept apart; more only arise from made-up names. */
const LIMIT = 200;

/**
 * Looks up or makes a value in a map that forgets once it is full.
 * @param worth of a value: the least goes, and of that what was made first. Made-up names push out made-up names.
 */
export function bounded<Value extends object>(
  map: FewNames<Value>,
  key: string,
  make: () => Value,
  worth: (value: Value) => number,
): Value {
  const found = map.get(key);
  if (found) return found;
  if (map.size >= LIMIT) {
    const [least] = [...map].reduce((least, each) => (worth(each[1]) < worth(least[1]) ? each : least));
    map.delete(least);
  }
  const made = make();
  map.set(key, made);
  return made;
}

/** An endpoint's live state, as its quota sees it. */
export interface QuotaMember {
  quota: Quota;
  readonly cooldowns: Cooldowns;
}

/** A quota. */
export class Quota {
  readonly #models = new FewNames<ModelQuota>();
  /** Held weakly: where keys are rotated, an owner meets new ones for as long as the process lives. */
  #members: readonly WeakRef<QuotaMember>[];

  constructor(first: QuotaMember) {
    this.#members = [new WeakRef(first)];
  }

  /** Who draws on it. */
  get members(): QuotaMember[] {
    return this.#members.flatMap((member) => member.deref() ?? []);
  }

  /** What is known of a model, made at its first use. */
  of(model: string): ModelQuota {
    return bounded(
      this.#models,
      model,
      () => new ModelQuota(),
      ({ begun }) => begun,
    );
  }

  /** What is known of a model, if it was ever asked for. */
  peek(model: string): ModelQuota | undefined {
    return this.#models.get(model);
  }

  /** The models asked for. */
  get models(): Iterable<string> {
    return [...this.#models].map(([model]) => model);
  }

  /** Takes in every endpoint of another quota, which turned out to be this one. It may be of the package's other copy. */
  absorb(other: Quota): void {
    const { members } = other;
    const own = this.#members.filter((member) => member.deref() !== undefined);
    this.#members = [...own, ...members.map((state) => new WeakRef(state))];
    for (const state of members) state.quota = this;
  }

  /** One of them turned out to draw on another. */
  leave(member: QuotaMember): void {
    this.#members = this.#members.filter((each) => each.deref() !== member);
  }
}
