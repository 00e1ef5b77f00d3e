/**
 * Where conversations with a long prompt were served last: their next turn goes back there, because the prompt is in that
 * endpoint's cache. Step 0 of a call, and soft: whoever cannot go back goes on as if nothing were known.
 */
import type { Call } from '../call/call.ts';
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { fairShareOf } from '../strategy/fair-share.ts';
import { HomeBook } from '../strategy/homes.ts';
import type { Strategy } from '../strategy/strategy.ts';

/** How long a place is remembered after its last turn, in ms: about as long as endpoints keep a prompt that nobody asks for. */
const KEPT = 10 * 60_000;
/** No cache forgets a prompt sooner than this, in ms. */
const FRESH = 60_000;
/** No shorter prompt is cached anywhere, in tokens. */
const CACHEABLE = 1_024;
/** Places remembered; beyond them the one used longest ago is forgotten. */
const LIMIT = 50_000;

interface Place {
  endpoint: Endpoint;
  /** When the last turn was served, in monotonic ms. */
  at: number;
  /** The turn before was served here as well, a moment ago: now the cache must show. */
  again: boolean;
}

/** What of the pool decides where a turn may go. */
export interface TurnPool {
  readonly strategy: Pick<Strategy, 'keepsCaches'>;
  /** The eligible endpoints among which the strategy would pick. */
  tier(call: Call): readonly Endpoint[];
  /** False while an endpoint takes less than its share, after it recovered or joined: how much is the strategy's affair. */
  isWhole(endpoint: Endpoint, call: Call): boolean;
}

/** The conversations of one client and its clones. */
export class Conversations {
  readonly #places = new Map<number, Place>();
  readonly #book = new HomeBook();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Where the call goes first: to its last turn's endpoint, or while that one is out or carries too much, to the prompt's next home. */
  placeOf(call: Call, pool: TurnPool): Endpoint | undefined {
    if (pool.strategy.keepsCaches) return undefined;
    const { conversation } = call.prompt;
    const now = this.#clock.now();
    const place = conversation === undefined ? undefined : this.#places.get(conversation);
    if (conversation === undefined || !place || now - place.at >= KEPT) return undefined;
    const { model } = call;
    const operation = call.operation.name;
    const { endpoint: last } = place;
    const tier = pool.tier(call);
    const share = fairShareOf(tier);
    share.look();
    const index = tier.indexOf(last);
    const mayStay = index >= 0 && pool.isWhole(last, call);
    const fits = (other: number) =>
      other !== index && share.allows(other) && pool.isWhole(tier[other] as Endpoint, call);
    const caches = (endpoint: Endpoint | undefined) => endpoint?.cachesPrompts({ model, operation, now });
    const home = (of: (other: number) => boolean) => tier[this.#book.of(tier).find(conversation, of)];
    // Nothing is lost by leaving an endpoint that caches nothing, where another one does.
    const better = caches(last) === false && home((other) => fits(other) && caches(tier[other]) === true);
    if (better) return better;
    if (mayStay && share.allows(index)) return last;
    // With nobody less busy, going elsewhere would only lose the cache.
    return home(fits) ?? (mayStay ? last : undefined);
  }

  /** A turn was served. */
  served(call: Call, endpoint: Endpoint): void {
    const { conversation } = call.prompt;
    if (conversation === undefined) return;
    const now = this.#clock.now();
    const before = this.#places.get(conversation);
    const again = before !== undefined && before.endpoint === endpoint && now - before.at < FRESH;
    this.#places.delete(conversation);
    this.#places.set(conversation, { endpoint, at: now, again });
    for (const [oldest, { at }] of this.#places) {
      // The oldest come first.
      if (now - at < KEPT && this.#places.size <= LIMIT) break;
      this.#places.delete(oldest);
    }
  }

  /** What the reply said of its prompt. @param tokens of the prompt, and how many of them came from a cache. */
  told(call: Call, endpoint: Endpoint, tokens: { readonly prompt: number; readonly cached: number } | undefined): void {
    const { conversation } = call.prompt;
    if (conversation === undefined || !tokens || tokens.prompt < CACHEABLE) return;
    const place = this.#places.get(conversation);
    const expected = place?.again === true && place.endpoint === endpoint;
    if (tokens.cached > 0 || expected)
      endpoint.state
        .latency(endpoint.healthKey(call.model, call.operation.name))
        ?.promptCache.note(tokens.cached > 0, this.#clock.now());
  }
}
