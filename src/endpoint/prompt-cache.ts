/**
 * Whether an endpoint caches the prompts of a model, as far as its replies tell. Beside others that do, one that never does is
 * no home for a prompt. Silence tells nothing: many servers cache and do not say so.
 */

/** So many repeated prompts in a row of which nothing was cached mean that nothing is. */
const ENOUGH = 8;
/** After this time it is found out anew, in ms: caches are switched on and off. */
const BELIEVED = 10 * 60_000;

/** The prompt cache of one model on one endpoint, as far as it shows. */
export class PromptCache {
  #missed = 0;
  #hit = false;
  #at = Number.NEGATIVE_INFINITY;

  /** A reply to a prompt that must be in the cache, if there is one, said whether it was. @param now monotonic ms */
  note(cached: boolean, now: number): void {
    const fresh = now - this.#at < BELIEVED;
    this.#missed = cached ? 0 : 1 + (fresh ? this.#missed : 0);
    this.#hit = cached || (fresh && this.#hit && this.#missed < ENOUGH);
    this.#at = now;
  }

  /** Whether there is one; `undefined` = nothing is known. @param at asked for the time only when that matters */
  works(at: { readonly now: number }): boolean | undefined {
    if (!this.#hit && this.#missed < ENOUGH) return undefined;
    return at.now - this.#at < BELIEVED ? this.#hit : undefined;
  }
}
