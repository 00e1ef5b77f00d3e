/**
 * What an endpoint takes over from the options beside the pool and from the environment. Part of resolving an endpoint.
 * The rule: everything without a secret, always; keys, accounts and the SDK's environment variables only where the endpoint
 * names no address of its own. Why: a key that follows a URL written next to it would end up with another vendor.
 */
import { inheritHeaders, inheritQuery, withoutHeader } from './headers.ts';
import type { SdkOptions } from './sdk-options.ts';

/** Environment variables by name. */
export type Env = Readonly<Record<string, string | undefined>>;

/** How an endpoint is reached: what its SDK client is built from, and what tells it from others. */
export interface Connection {
  readonly options: SdkOptions;
  readonly isolated: boolean;
  readonly baseURL: string;
  readonly credential: unknown;
}

/** Sent as the key where the SDK insists on one and the endpoint needs none; its header is removed again. */
export const NO_KEY = 'none';

const PASSED_ON = [
  'timeout',
  'maxRetries',
  'fetch',
  'fetchOptions',
  'dangerouslyAllowBrowser',
  'logLevel',
  'logger',
] as const;

/** Reads a variable as the SDK does: trimmed, and empty is not set. */
export function readEnv(env: Env, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

/** True for a credential that brings its own transport and refuses every other. */
const bringsTransport = (own: SdkOptions) => own.credential != null || own.x509Transport != null;

/** The endpoint's own options with the pool's non-secret ones below them. Never adds a key without a value. */
export function inheritPlain(own: SdkOptions, top: SdkOptions, isolated: boolean): SdkOptions {
  const options: Record<string, unknown> = { ...own };
  for (const name of PASSED_ON) {
    if (top[name] === undefined || own[name] !== undefined) continue;
    if (bringsTransport(own) && (name === 'fetch' || name === 'fetchOptions')) continue;
    options[name] = top[name];
  }
  const headers = inheritHeaders(top.defaultHeaders, own.defaultHeaders, isolated, own.apiKey !== undefined);
  if (headers !== undefined) options.defaultHeaders = headers;
  const query = inheritQuery(top.defaultQuery, own.defaultQuery, isolated);
  if (query !== undefined) options.defaultQuery = query;
  return options as SdkOptions;
}

/** Says "none" for whatever the endpoint does not name, so that the SDK does not look into the environment for it. */
export function closeToEnvironment(options: SdkOptions): void {
  options.adminAPIKey ??= null;
  options.organization ??= null;
  options.project ??= null;
  options.webhookSecret ??= null;
}

/** Satisfies the SDK, which insists on a key, without sending one. */
export function sendNoKey(options: SdkOptions, header: 'authorization' | 'api-key'): void {
  options.apiKey = NO_KEY;
  options.defaultHeaders = withoutHeader(options.defaultHeaders, header);
}
