/**
 * What could give an endpoint's credentials away: everything secret it was configured with, and what its requests really
 * carried. Why the request too: a key function returns another key each time, and one call may bring a key of its own.
 */
import type { ClientOptions, OpenAI } from 'openai';
import { isSecretParameter, secretHeaders, secretParameters } from '../config/headers.ts';
import type { EndpointSettings } from '../config/settings.ts';

type Headers = ClientOptions['defaultHeaders'];

function decoded(text: string): string[] {
  try {
    return [text, decodeURIComponent(text)];
  } catch {
    return [text];
  }
}

/** What is secret in an address: its user and password, and parameters that are keys. */
export function secretsOfURL(address: string): string[] {
  if (!/[?@]/.test(address)) return [];
  try {
    const { username, password, searchParams } = new URL(address);
    const basic = decoded(`${username}:${password}`).map((pair) => Buffer.from(pair).toString('base64'));
    // A user's name is none, unless it stands alone.
    const pair = password ? [...decoded(password), ...basic] : decoded(username);
    const user = username || password ? pair : [];
    return [...user, ...secretParameters(Object.fromEntries(searchParams))];
  } catch {
    return [];
  }
}

/** What one request carries. */
export function secretsOfRequest(url: string, headers: unknown): string[] {
  return [...secretsOfURL(url), ...secretHeaders(headers as Headers)];
}

/** What the SDK puts in a key's place while there is none. */
const PLACEHOLDERS: ReadonlySet<unknown> = new Set(['Missing Key', 'workload-identity-auth']);

/** What an endpoint is configured with. @param client its SDK client, whose key may have been renewed. */
export function secretsOf({ options, baseURL, credential }: EndpointSettings, client: OpenAI | undefined): string[] {
  const brought = (client as unknown as { _options?: ClientOptions } | undefined)?._options;
  const found: unknown[] = [credential, options.apiKey, options.adminAPIKey, options.webhookSecret];
  found.push(client?.apiKey, client?.adminAPIKey, client?.webhookSecret, ...secretsOfURL(baseURL));
  for (const { defaultHeaders, defaultQuery } of [options, brought ?? {}])
    found.push(...secretHeaders(defaultHeaders), ...secretParameters(defaultQuery));
  return [...new Set(found.filter((secret) => typeof secret === 'string' && !PLACEHOLDERS.has(secret)))] as string[];
}

/** A URL as it may be shown: without credentials, and without the values of secret parameters. */
export function shownURL(url: string): string {
  if (!/[?@]/.test(url)) return url;
  try {
    const shown = new URL(url);
    const secret = [...shown.searchParams].filter(([name, value]) => isSecretParameter(name, value));
    if (secret.length === 0 && !shown.username && !shown.password) return url;
    for (const [name] of secret) shown.searchParams.set(name, 'redacted');
    shown.username = '';
    shown.password = '';
    return shown.href;
  } catch {
    return url;
  }
}
