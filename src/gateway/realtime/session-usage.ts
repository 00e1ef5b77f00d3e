/** What a realtime session used: the sum of what its endpoint says at the end of each response. */

const DONE = '"response.done"';
/** Events begin with their type; sound, which is most of it, is not looked through. */
const LOOKED_AT = 256;

const amount = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0);

/** The usage of one session, as an attempt reports it. */
export class SessionUsage {
  #input = 0;
  #output = 0;
  #cached = 0;
  #told = false;

  /** A message came from the endpoint. */
  see(data: Buffer, binary: boolean): void {
    if (binary || !data.subarray(0, LOOKED_AT).includes(DONE)) return;
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

  /** `undefined` = nobody said. */
  get total(): object | undefined {
    if (!this.#told) return undefined;
    return {
      input_tokens: this.#input,
      output_tokens: this.#output,
      input_tokens_details: { cached_tokens: this.#cached },
    };
  }
}
