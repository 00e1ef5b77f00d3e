/** What a realtime session used: the sum of what its endpoint says at the end of each response, and of one without an end its pieces. */

const DONE = '"response.done"';
/** A piece of a response, such as `response.output_audio.delta`. */
const PIECE = /"response\.[\w.]+\.delta"/;
/** Events begin with their type; sound, which is most of it, is not looked through. */
const LOOKED_AT = 256;

const amount = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0);

/** The usage of one session, as an attempt reports it. */
export class SessionUsage {
  #input = 0;
  #output = 0;
  #cached = 0;
  #told = false;
  /** Of the response that is not over. */
  #pieces = 0;

  /** A message came from the endpoint. */
  see(data: Buffer, binary: boolean): void {
    if (binary) return;
    const start = data.toString('latin1', 0, LOOKED_AT);
    if (!start.includes(DONE)) {
      if (PIECE.test(start)) this.#pieces += 1;
      return;
    }
    this.#pieces = 0;
    try {
      const { type, response } = JSON.parse(data.toString()) as { type?: unknown; response?: { usage?: unknown } };
      if (type !== 'response.done' || typeof response?.usage !== 'object' || response.usage === null) return;
      const usage = response.usage as Record<string, unknown>;
      const details = usage.input_token_details as { cached_tokens?: unknown } | undefined;
      this.#told = true;
      this.#input += amount(usage.input_tokens);
      this.#output += amount(usage.output_tokens);
      this.#cached += amount(details?.cached_tokens);
    } catch {
      // What is no JSON says nothing of usage.
    }
  }

  /** A response was left before its end: each of its pieces counts as a token. */
  get estimated(): boolean {
    return this.#pieces > 0;
  }

  /** `undefined` = nobody said, and nothing came. */
  get total(): object | undefined {
    if (!this.#told && !this.estimated) return undefined;
    return {
      input_tokens: this.#input,
      output_tokens: this.#output + this.#pieces,
      input_tokens_details: { cached_tokens: this.#cached },
    };
  }
}
