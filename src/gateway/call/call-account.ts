/** What one call may use and what it used: taken before it is made, corrected when it is over. */
import type { AttemptReport } from '../../call/outcome.ts';
import { noTokens, type Tokens, tokensOf } from '../../call/tokens.ts';
import type { ClientKey } from '../config/settings.ts';
import { Refused } from '../http/api-error.ts';
import { mayCost } from '../http/by-model.ts';
import type { Allowances } from '../keys/allowance.ts';
import type { Running } from '../running/running.ts';
import { costOf, priceOf } from '../usage/spending.ts';

/** Bytes per token, as the pool counts them. */
const BYTES_PER_TOKEN = 4;
const [NEWLINE, RETURN] = [10, 13];

/** What a call used. */
export interface Settled {
  /** `undefined` = nothing, as far as is known. */
  readonly tokens: Tokens | undefined;
  /** Some of it is the gateway's own count. */
  readonly estimated: boolean;
  /** `undefined` = nothing was used, or there is no price. */
  readonly cost: number | undefined;
}

/** The account of one call. */
export class CallAccount {
  readonly #allowances: Allowances;
  readonly #running: Running;
  readonly #key: ClientKey | undefined;
  #input = 0;
  #reserved = 0;
  #events = 0;
  #lastByte = 0;

  /** @throws Refused when the key has nothing left. */
  constructor(allowances: Allowances, running: Running, key: ClientKey | undefined) {
    this.#allowances = allowances;
    this.#running = running;
    this.#key = key;
    if (key) allowances.enter(key);
  }

  /**
   * It is about to be made.
   * @param model as the pool knows it.
   * @param call its method and path, and the length of what goes in.
   * @throws Refused for a key with a budget and a call without a price: what it costs could not be told.
   */
  begin(model: string | undefined, call: { method: string; path: string; bytes: number }): void {
    const { method, path, bytes } = call;
    const key = this.#key;
    this.#input = Math.ceil(bytes / BYTES_PER_TOKEN);
    if (key?.limits.budget && (model === undefined ? mayCost(method, path) : !this.#isPriced(model))) {
      const what = model === undefined ? 'call, which names no model' : 'model';
      const message = `The key '${key.name}' has a budget, and the configuration has no price for this ${what}.`;
      throw new Refused({ status: 403, message, code: 'model_without_price', param: 'model' });
    }
    if (key?.limits.tokensPerMinute === undefined) return;
    this.#reserved = this.#input;
    this.#allowances.reserve(key, this.#reserved);
  }

  #isPriced(model: string): boolean {
    const { prices, groups } = this.#running.settings;
    if (priceOf(prices, [model])) return true;
    const members = groups.find(({ name }) => name === model)?.members ?? [];
    return members.length > 0 && members.every((one) => priceOf(prices, [one.model]));
  }

  /** A piece of an event stream went out. Its events are counted by the blank lines that end them. */
  see(piece: Uint8Array): void {
    for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, at + 1)) {
      const before = at === 0 ? this.#lastByte : piece[at - 1];
      const beforeThat = at === 1 ? this.#lastByte : piece[at - 2];
      if (before === NEWLINE || (before === RETURN && beforeThat === NEWLINE)) this.#events += 1;
    }
    this.#lastByte = piece.at(-1) ?? this.#lastByte;
  }

  /** What was used: as told; of a stream that does not say, or of a call that was left, about as much as went through. */
  #used(attempts: readonly AttemptReport[], left: boolean): Omit<Settled, 'cost'> {
    const told = tokensOf(attempts);
    const last = attempts.at(-1);
    const lastTold = attempts.length === 1 ? told : last && tokensOf([last]);
    const events = this.#events;
    if (lastTold) {
      // Some tell what went in when they begin, and what came out at an end that nobody waited for.
      const missing = left ? Math.max(0, events - lastTold.output) : 0;
      const { input, output, cached } = told as Tokens;
      return { tokens: { input, output: output + missing, cached }, estimated: missing > 0 };
    }
    if (events === 0 && !(left && last?.billed === 'maybe')) return { tokens: told, estimated: false };
    const { input, output, cached } = told ?? noTokens;
    return { tokens: { input: input + this.#input, output: output + events, cached }, estimated: true };
  }

  /** So many events of a stream went out. */
  count(events: number): void {
    this.#events += events;
  }

  /** It is over. @param left its client did not wait for its end. */
  settle(model: string | undefined, attempts: readonly AttemptReport[], left: boolean): Settled {
    const { tokens, estimated } = this.#used(attempts, left);
    const last = attempts.at(-1);
    const price = tokens && priceOf(this.#running.settings.prices, [last?.fallback ?? model, last?.model]);
    const cost = tokens && price && costOf(tokens, price);
    const key = this.#key;
    if (key) {
      const sum = tokens ? tokens.input + tokens.output : 0;
      this.#allowances.settle(key, { tokens: sum, reserved: this.#reserved, cost: cost ?? 0 });
    }
    return { tokens, estimated, cost };
  }
}
