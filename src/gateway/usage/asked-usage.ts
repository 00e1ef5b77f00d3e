/**
 * Streams that do not say what they used are asked to, for the gateway's own account: `stream_options.include_usage` goes up with a
 * call whose client left it out. Why at each attempt: an endpoint that refuses it is asked without, and never again with it.
 */
import { JsonText } from '../../call/json-text.ts';
import type { Endpoint } from '../../endpoint/endpoint.ts';
import { memberIn } from './members.ts';

/** Paths below `/v1` whose streams tell their usage only when asked. */
const PATHS = new Set(['/chat/completions', '/completions']);
const OPTIONS = 'stream_options';
const ASKED = { include_usage: true } as const;

/** What endpoints are known to do with it, for as long as their state lives. */
const takes = new WeakMap<object, boolean>();

/** The same body, asking; every other byte stays. `undefined` when it asks itself, or cannot. */
function asking(body: JsonText): JsonText | undefined {
  const options = body.outline[OPTIONS];
  if (options === undefined) return body.withMember(OPTIONS, ASKED);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) return undefined;
  if ((options as { include_usage?: unknown }).include_usage === true) return undefined;
  const { text, value } = body;
  const place = memberIn(text, OPTIONS);
  if (!place) return undefined;
  const asked = { ...options, include_usage: true };
  const changed = text.slice(0, place.value) + JSON.stringify(asked) + text.slice(place.end);
  return new JsonText(changed, { ...value, [OPTIONS]: asked });
}

/** The endpoint took the call for a wrong one. */
function isRefusal(error: unknown, knows: boolean): boolean {
  const { status, message } = (error ?? {}) as { status?: unknown; message?: unknown };
  if (status !== 400 && status !== 422) return false;
  // Who has taken it before would say so.
  return !knows || /stream_options|include_usage/.test(String(message));
}

/** One call that is asked for what it used. */
export class AskedUsage {
  /** By the body they were made of: endpoints that call the model the same get the same bytes. */
  readonly #made = new WeakMap<JsonText, JsonText>();

  /** `undefined` for a call that tells it anyway, or whose client wants to know himself. @param path below `/v1`. */
  static of(method: string, path: string, body: unknown): AskedUsage | undefined {
    if (method !== 'post' || !PATHS.has(path) || !(body instanceof JsonText) || body.outline.stream !== true)
      return undefined;
    const asked = new AskedUsage();
    return asked.#asking(body) && asked;
  }

  #asking(body: JsonText): JsonText | undefined {
    const known = this.#made.get(body) ?? asking(body);
    if (known) this.#made.set(body, known);
    return known;
  }

  /**
   * Sends one attempt.
   * @param plain the body that the client means.
   * @param send rejects as the SDK does.
   */
  async send<Sent>(endpoint: Endpoint, plain: JsonText, send: (body: JsonText) => Promise<Sent>): Promise<Sent> {
    const { state } = endpoint;
    const known = takes.get(state);
    const asks = known === false ? undefined : this.#asking(plain);
    if (!asks) return send(plain);
    try {
      const sent = await send(asks);
      if (known === undefined) takes.set(state, true);
      return sent;
    } catch (error) {
      if (!isRefusal(error, known === true)) throw error;
      const sent = await send(plain);
      // It was this and nothing else.
      takes.set(state, false);
      return sent;
    }
  }
}
