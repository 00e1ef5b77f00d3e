/**
 * Knows what is secret in one attempt, as it was really sent, and takes it out of the attempt's errors.
 * Why per attempt: key functions return another key each time, and a call may carry a key of its own.
 */
import type { OpenAI } from 'openai';
import { secretHeaders, secretParameters } from '../config/headers.ts';
import type { EndpointSettings } from '../config/settings.ts';
import { secretsOf, secretsOfRequest } from '../endpoint/secrets.ts';
import { keysSent, noteKeys, noteOwnKey } from '../endpoint/sent-keys.ts';
import { redactor } from '../observe/redact.ts';
import { scrub } from '../observe/scrub.ts';
import type { RequestOptions } from './call-of.ts';

/** Messages that repeat what they complain of: a key that is no text, or one that no header can carry. Anchored, since a server may write a message too. */
const TELLING = [
  /^Expected 'apiKey' function argument to return a string but it returned ([\s\S]+)/,
  /^Headers\.[a-z]+: "([\s\S]+)" is an invalid header value\.?$/,
];

function toldBy(error: unknown): string[] {
  const { message } = (error ?? {}) as { message?: unknown };
  if (typeof message !== 'string') return [];
  return TELLING.flatMap((pattern) => pattern.exec(message)?.[1] ?? []);
}

/** Who keeps one attempt's secrets. */
export class Confidant {
  readonly #settings: EndpointSettings;
  readonly #client: OpenAI;
  readonly #options: RequestOptions;
  #url: string | undefined;
  #headers: unknown;

  /** @param options of the attempt's request. */
  constructor(settings: EndpointSettings, client: OpenAI, options: RequestOptions) {
    this.#settings = settings;
    this.#client = client;
    this.#options = options;
  }

  /** The request goes out, with these headers. @param usual no key but the client's own can be in them. */
  sent(url: string, headers: unknown, usual = false): void {
    this.#url = url;
    this.#headers = headers;
    if (usual) noteOwnKey(this.#client);
    else noteKeys(this.#client, headers);
  }

  /** The error without any secret; the same object if it is an error. */
  safe(error: unknown): unknown {
    const { headers, query } = this.#options;
    const carried = this.#url === undefined ? [] : secretsOfRequest(this.#url, this.#headers);
    const own = [...secretHeaders(headers), ...secretParameters(query as Record<string, string> | undefined)];
    const known = [...secretsOf(this.#settings, this.#client), ...keysSent(this.#client)];
    return scrub(error, redactor([...known, ...carried, ...own, ...toldBy(error)]));
  }
}
