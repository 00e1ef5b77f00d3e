/**
 * Knows what is secret in one attempt, as it was really sent, and takes it out of the attempt's errors.
 * Why per attempt: key functions return another key each time, and a call may carry a key of its own.
 */
import type { OpenAI } from 'openai';
import { secretHeaders, secretParameters } from '../config/headers.ts';
import type { EndpointSettings } from '../config/settings.ts';
import { type FetchWatch, WATCH } from '../endpoint/guarded-fetch.ts';
import { secretsOf, secretsOfRequest } from '../endpoint/secrets.ts';
import { keysSent, noteKeys } from '../endpoint/sent-keys.ts';
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
export interface Confidant {
  /** The `fetchOptions` of the attempt, through which the request is seen as it goes out. @param wire told what happens to it. */
  listening(fetchOptions: object, wire: FetchWatch): object;
  /** The error without any secret; the same object if it is an error. */
  safe(error: unknown): unknown;
}

/** @param options of the attempt's request. */
export function confidant(settings: EndpointSettings, client: OpenAI, options: RequestOptions): Confidant {
  let sent: { readonly url: string; readonly headers: unknown } | undefined;
  return {
    listening(fetchOptions, wire) {
      const watch: FetchWatch = {
        ...wire,
        sent(url, headers) {
          wire.sent?.(url, headers);
          sent = { url, headers };
          noteKeys(client, headers);
        },
      };
      return { ...fetchOptions, [WATCH]: watch };
    },
    safe(error) {
      const { headers, query } = options;
      const carried = sent ? secretsOfRequest(sent.url, sent.headers) : [];
      const own = [...secretHeaders(headers), ...secretParameters(query as Record<string, string> | undefined)];
      const told = toldBy(error);
      return scrub(error, redactor([...secretsOf(settings, client), ...keysSent(client), ...carried, ...own, ...told]));
    },
  };
}
