/**
 * What a call will take of a rate limit, as far as can be told before it is sent. Read by whoever reserves room for it.
 * Why lazy: only endpoints that count tokens ask, and a long prompt takes time to measure.
 */

/** UTF-8 bytes per token: right for English within a tenth, too many for code, too few for nothing in use. */
const BYTES_PER_TOKEN = 4;
/** An image, a recording or a file inside of a prompt is billed by its content; its text form says nothing. */
const ATTACHMENT = 1_000;
/** From this length on, in characters, a text without a gap is data. */
const LONG = 1_000;
const ENCODED = /^(data:|[\w+/=-]{500})/;
/** More values than this are not looked at, so that a body which holds itself ends as well. */
const MANY = 50_000;

/** Uploads are instances of classes: forms, files, buffers, streams. Their content is no prompt. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function bytesOf(body: unknown): number {
  let [bytes, left] = [0, MANY];
  const rest: unknown[] = [body];
  while (rest.length > 0 && left > 0) {
    const value = rest.pop();
    left -= 1;
    if (typeof value === 'string')
      bytes += value.length > LONG && ENCODED.test(value) ? ATTACHMENT * BYTES_PER_TOKEN : Buffer.byteLength(value);
    else if (typeof value !== 'object' || value === null) continue;
    else if (Array.isArray(value)) {
      // Embeddings take tokens as numbers.
      if (typeof value[0] === 'number') bytes += value.length * BYTES_PER_TOKEN;
      else for (let index = 0; index < value.length && index < left; index++) rest.push(value[index]);
    } else if (isPlain(value)) {
      for (const name in value) {
        bytes += name.length;
        rest.push((value as Record<string, unknown>)[name]);
      }
    }
  }
  return bytes;
}

const LIMITS = ['max_completion_tokens', 'max_tokens', 'max_output_tokens'] as const;

/** What a call will take of a rate limit. */
export class Demand {
  readonly #body: unknown;
  /** Bytes of texts that it does not show. */
  readonly #unseen: number;
  #prompt: number | undefined;

  /** @param body the request's body, not looked at before somebody asks. @param unseen bytes of texts that it does not show. */
  constructor(body: unknown, unseen = 0) {
    this.#body = body;
    this.#unseen = unseen;
  }

  /** Tokens that go in: UTF-8 bytes / 4, attachments at a flat rate. */
  get prompt(): number {
    if (this.#prompt === undefined) {
      try {
        this.#prompt = Math.ceil((bytesOf(this.#body) + this.#unseen) / BYTES_PER_TOKEN);
      } catch {
        // A getter that throws does so again where the body is written, and there the caller hears of it.
        this.#prompt = 0;
      }
    }
    return this.#prompt;
  }

  /** The most tokens that may come back; `undefined` when the call sets no bound. */
  get most(): number | undefined {
    if (typeof this.#body !== 'object' || this.#body === null) return undefined;
    const body = this.#body as Record<string, unknown>;
    const bound = LIMITS.map((name) => body[name]).find((value) => typeof value === 'number' && value > 0);
    const answers = typeof body.n === 'number' && body.n > 1 ? body.n : 1;
    return typeof bound === 'number' ? bound * answers : undefined;
  }
}
