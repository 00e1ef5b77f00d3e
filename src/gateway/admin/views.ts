/** Groups and endpoints as the admin API shows them: what a file would say, without anything secret. */
import type { EndpointSnapshot } from '../../sdk/snapshot.ts';
import type { GatewayEndpoint, Given, Group, LibraryOptions, SkippedEndpoint } from '../config/settings.ts';

/** Stands for a value that is not shown; sent back, it means the value that is there. */
export const HIDDEN = '•••';

/** Options that hold keys. */
export const KEY_OPTIONS = ['apiKey', 'adminAPIKey'] as const;
/** Options whose values may be secrets, by name. */
export const VALUE_OPTIONS = ['defaultHeaders', 'defaultQuery'] as const;

/** Of shorter keys not even the end is shown. */
const LONG_KEY = 20;
const HINT = 4;

const hidden = (values: unknown): unknown =>
  typeof values === 'object' && values !== null
    ? Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value === null ? null : HIDDEN]))
    : HIDDEN;

/** What a user put into an address that may be a secret. */
export const bareURL = (url: string): string => url.replace(/\/\/[^/?#]*@/, '//').replace(/\?.*$/s, '');

function shownOptions(given: Given): Record<string, unknown> {
  const shown: Record<string, unknown> = { ...given };
  for (const name of KEY_OPTIONS) delete shown[name];
  for (const name of VALUE_OPTIONS) if (shown[name] !== undefined) shown[name] = hidden(shown[name]);
  for (const name of ['baseURL', 'endpoint'])
    if (typeof shown[name] === 'string') shown[name] = bareURL(shown[name] as string);
  return shown;
}

/** The end of a key by which its owner knows it. */
function hintOf({ options }: GatewayEndpoint): { hint?: string } {
  const key = 'apiKey' in options ? options.apiKey : undefined;
  return typeof key === 'string' && key.length >= LONG_KEY ? { hint: key.slice(-HINT) } : {};
}

/** An endpoint. */
export function endpointShown(endpoint: GatewayEndpoint, state: EndpointSnapshot): object {
  const { name, source, type, baseURL, given, keyFrom } = endpoint;
  const own = { source, type, baseURL, key: { from: keyFrom, ...hintOf(endpoint) }, state };
  return { name, ...shownOptions(given), ...own };
}

/** An endpoint that takes no part. */
export function skippedShown({ name, source, type, baseURL, given, keyFrom, why }: SkippedEndpoint): object {
  const own = { source, type, baseURL, key: { from: keyFrom }, skipped: why, state: null };
  return { name, ...shownOptions(given), ...own };
}

const isObject = (value: unknown): value is Given => typeof value === 'object' && value !== null;

/** A group. */
export function groupShown({ name, source, given, fallback, options }: Group, all: LibraryOptions): object {
  const { endpoints: _endpoints, strategy: _strategy, fallback: _fallback, ...rest } = given;
  const members = (Array.isArray(given.endpoints) ? given.endpoints : []).filter(isObject);
  return {
    ...{ name, source, strategy: options.strategy ?? all.strategy ?? 'round-robin', ...rest },
    endpoints: members.map((member) => ({ model: name, ...member })),
    fallback: [...fallback],
  };
}
