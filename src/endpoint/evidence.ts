/** What speaks for and against an endpoint, as far as this process saw it: what others tell of it is held against that. */

/** What stands behind a breaker's transition. */
export interface Grounds {
  /** How long nothing had succeeded there, in ms. */
  readonly failingFor: number;
  /** Whether calls of this process succeeded elsewhere meanwhile: then it is the endpoint that fails, and not the network here. */
  readonly sure: boolean;
}

/** The evidence on one endpoint. Times in monotonic ms. */
export class Evidence {
  /** When the last call that succeeded there was over. */
  succeededAt = Number.NEGATIVE_INFINITY;
  /** When the first one failed since then. */
  #failingSince: number | undefined;
  /** The last success anywhere in this process. */
  readonly #success: { at: number };

  constructor(success: { at: number } = { at: Number.NEGATIVE_INFINITY }) {
    this.#success = success;
  }

  /** Whether calls fail there since the last success. */
  get fails(): boolean {
    return this.#failingSince !== undefined;
  }

  /** A call failed there. */
  failed(now: number): void {
    this.#failingSince ??= now;
  }

  /** A call succeeded there. */
  succeeded(now: number): void {
    this.succeededAt = now;
    this.#success.at = now;
    this.#failingSince = undefined;
  }

  /** What stands behind a transition now. @param modelFailingSince the same of the model that it is about */
  grounds(now: number, modelFailingSince: number | undefined): Grounds {
    const since = modelFailingSince ?? this.#failingSince ?? now;
    return { failingFor: now - since, sure: this.#success.at >= since };
  }
}
