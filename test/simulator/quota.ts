// A rate limit as the vendors enforce it: two buckets that fill evenly, one of requests and one of tokens, and headers that tell.

/** What an endpoint takes in a minute. */
export interface Limits {
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
}

const MINUTE = 60_000;

/** One bucket; holds a minute's worth. */
class Bucket {
  readonly #size: number;
  #level: number;
  #at = 0;

  constructor(size: number) {
    this.#size = size;
    this.#level = size;
  }

  level(now: number): number {
    this.#level = Math.min(this.#size, this.#level + ((now - this.#at) * this.#size) / MINUTE);
    this.#at = now;
    return this.#level;
  }

  /** A negative amount gives back. */
  take(amount: number, now: number): void {
    this.#level = this.level(now) - amount;
  }

  share(now: number): number {
    return Math.max(0, this.level(now)) / this.#size;
  }

  /** Ms until so much is there. */
  untilThere(amount: number, now: number): number {
    return (Math.max(0, amount - this.level(now)) * MINUTE) / this.#size;
  }

  headers(kind: 'requests' | 'tokens', now: number): Record<string, string> {
    const left = Math.max(0, Math.floor(this.level(now)));
    return {
      [`x-ratelimit-limit-${kind}`]: String(this.#size),
      [`x-ratelimit-remaining-${kind}`]: String(left),
      [`x-ratelimit-reset-${kind}`]: `${Math.ceil(this.untilThere(this.#size, now) - 1e-6)}ms`,
    };
  }
}

/** The quota of one endpoint. */
export class Quota {
  readonly #requests: Bucket;
  readonly #tokens: Bucket;

  constructor({ requestsPerMinute, tokensPerMinute }: Limits) {
    this.#requests = new Bucket(requestsPerMinute);
    this.#tokens = new Bucket(tokensPerMinute);
  }

  /** Takes a request in that may take so many tokens. @returns the ms until there is room, if there is none. */
  admit(most: number, now: number): number | undefined {
    const wait = Math.max(this.#requests.untilThere(1, now), this.#tokens.untilThere(most, now));
    if (wait > 1e-6) return wait;
    this.#requests.take(1, now);
    this.#tokens.take(most, now);
    return undefined;
  }

  /** Gives back what a request did not take after all. */
  giveBack(tokens: number, now: number): void {
    this.#tokens.take(-tokens, now);
  }

  /** What is left of the scarcer bucket, 0 to 1. */
  share(now: number): number {
    return Math.min(this.#requests.share(now), this.#tokens.share(now));
  }

  /** What a reply tells of it. */
  headers(now: number): Record<string, string> {
    return { ...this.#requests.headers('requests', now), ...this.#tokens.headers('tokens', now) };
  }
}
