/**
 * How large a part of the calls of late begins alike. Rare beginnings are best kept on one endpoint; one that most calls share
 * is soon in every endpoint's cache, and would only crowd one of them.
 */

/** Calls after which one weighs about a third. */
const SPAN = 512;
/** As parts of an endpoint's fair share: from so much on it is popular, and below so much no more. */
const [POPULAR, RARE] = [0.8, 0.4];
/** Calls per endpoint that are supposed to have come before the first. */
const BEFORE = 4;
/** Beginnings counted. */
const LIMIT = 2_000;

interface Count {
  /** The latest conversation that began so. Its turns count once, or a single agent would be a crowd. */
  last: number;
  calls: number;
  at: number;
  popular: boolean;
}

/** The beginnings of the calls of one pool. */
export class Popular {
  readonly #counts = new Map<number, Count>();
  #calls = 0;

  /** One more call of a conversation begins so. Is that popular among so many endpoints? */
  has(beginning: number, conversation: number, endpoints: number): boolean {
    let count = this.#counts.get(beginning);
    if (count?.last === conversation) return count.popular;
    const now = ++this.#calls;
    if (!count) {
      count = { last: conversation, calls: 0, at: now, popular: false };
      if (this.#counts.size >= LIMIT) this.#forget(now);
      this.#counts.set(beginning, count);
    }
    count.calls = 1 + count.calls * Math.exp((count.at - now) / SPAN);
    count.at = now;
    count.last = conversation;
    const all = SPAN * (1 - Math.exp(-now / SPAN)) + BEFORE * endpoints;
    count.popular = count.calls * endpoints > all * (count.popular ? RARE : POPULAR);
    return count.popular;
  }

  /** Those that did not come for long say nothing any more; failing that, the oldest. */
  #forget(now: number): void {
    for (const [beginning, { at }] of this.#counts) if (now - at > 8 * SPAN) this.#counts.delete(beginning);
    if (this.#counts.size >= LIMIT) this.#counts.delete(this.#counts.keys().next().value as number);
  }
}
