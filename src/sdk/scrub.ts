/**
 * Takes an endpoint's credentials out of an error before the caller sees it: servers echo keys, and errors end up in logs.
 * The error stays the same object, with its class, status and code.
 */
import type { ClientOptions, OpenAI } from 'openai';
import { secretHeaders } from '../config/headers.ts';
import type { EndpointSettings } from '../config/settings.ts';

const SHORTEST = 6;
const MASK = '[redacted]';

function formsOf(secret: string): string[] {
  const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')];
  return [...new Set(forms)];
}

/** Everything that could give an endpoint's credentials away. @param client its SDK client, whose key may have been renewed. */
export function secretsOf({ options, baseURL, credential }: EndpointSettings, client: OpenAI | undefined): string[] {
  const found: unknown[] = [credential, options.apiKey, options.adminAPIKey, client?.apiKey, client?.adminAPIKey];
  const brought = (client as unknown as { _options?: ClientOptions } | undefined)?._options;
  for (const { defaultHeaders, defaultQuery } of [options, brought ?? {}]) {
    found.push(...secretHeaders(defaultHeaders), ...secretHeaders(defaultQuery));
  }
  try {
    const { username, password } = new URL(baseURL);
    found.push(password, username);
  } catch {
    // Not every endpoint names an address.
  }
  const texts = found.filter((secret) => typeof secret === 'string' && secret.length >= SHORTEST) as string[];
  return [...new Set(texts.flatMap(formsOf))];
}

type Loose = Record<string, unknown>;

/** Properties of errors that are not listed. */
const HIDDEN = ['message', 'stack', 'cause', 'errors'];

function clean(text: string, secrets: readonly string[]): string {
  let result = text;
  for (const secret of secrets) result = result.replaceAll(secret, MASK);
  return result;
}

function scrubValue(value: unknown, secrets: readonly string[], depth: number): unknown {
  if (typeof value === 'string') return clean(value, secrets);
  if (typeof value !== 'object' || value === null || depth > 6) return value;
  // A response's headers cannot be written; the error gets a clean copy.
  if (value instanceof Headers) {
    const rows = [...value].map(([name, text]): [string, string] => [name, clean(text, secrets)]);
    return rows.some(([name, text]) => value.get(name) !== text) ? new Headers(rows) : value;
  }
  const record = value as Loose;
  const names = value instanceof Error ? [...Object.keys(value), ...HIDDEN] : Object.keys(value);
  for (const name of names) {
    try {
      const before = record[name];
      const safe = scrubValue(before, secrets, depth + 1);
      const enumerable = Object.keys(record).includes(name);
      if (safe !== before)
        Object.defineProperty(record, name, { value: safe, configurable: true, writable: true, enumerable });
    } catch {
      // What cannot be read or written stays; the rest is cleaned all the same.
    }
  }
  return value;
}

/** Replaces every secret in an error: message, stack, body, headers, causes. A value that cannot be written stays. */
export function scrub(error: unknown, secrets: readonly string[]): void {
  if (secrets.length > 0) scrubValue(error, secrets, 0);
}

function hostOf(location: string | null | undefined, base: string): string {
  try {
    return new URL(location ?? '', base).host;
  } catch {
    return 'an address that is none';
  }
}

/** A redirect's error names the host it leads to, and neither the rest of that address nor the page that came with it. @param base the endpoint's URL. */
export function nameHostOnly(error: unknown, base: string): void {
  if (!(error instanceof Error)) return;
  const { status, headers } = error as { status?: number; headers?: Headers };
  if (status === undefined || status < 300 || status >= 400) return;
  const message = `${status} The endpoint redirects to ${hostOf(headers?.get('location'), base)}; nothing was sent there.`;
  const stack = error.stack?.replace(error.message, () => message);
  for (const [name, value] of Object.entries({ message, stack })) {
    Object.defineProperty(error, name, { value, configurable: true, writable: true, enumerable: false });
  }
}
