/**
 * The configuration as a file could hold it, without a secret in it: keys are references to environment variables, those of the file
 * where it has them, else named after whose they are. Pure.
 */
import { oneReference } from '../config/references.ts';
import type { GatewaySettings, Given } from '../config/settings.ts';
import type { StoredKey } from '../store/gateway-store.ts';
import { bareURL, KEY_OPTIONS, VALUE_OPTIONS } from './views.ts';

const isObject = (value: unknown): value is Given =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The name of an environment variable after whose it is: `AZURE_EU_API_KEY`. */
function variable(...parts: readonly string[]): string {
  const name = parts
    .join('_')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return /^[A-Z]/.test(name) ? name : `KEY_${name}`;
}

/** A reference in place of a secret: the file's own, or one named after whose it is. */
function reference(secret: unknown, ...whose: readonly string[]): string {
  return oneReference(secret) ?? `\${${variable(...whose)}}`;
}

/** Options of an endpoint, or those beside the endpoints. */
function withoutSecrets(options: Given, whose: string): Record<string, unknown> {
  const shown: Record<string, unknown> = { ...options };
  for (const name of KEY_OPTIONS)
    if (shown[name] !== undefined && shown[name] !== '') shown[name] = reference(shown[name], whose, name);
  for (const name of VALUE_OPTIONS) {
    const values = shown[name];
    if (isObject(values))
      shown[name] = Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, value === null ? null : reference(value, whose, key)]),
      );
  }
  for (const name of ['baseURL', 'endpoint'])
    if (typeof shown[name] === 'string' && !shown[name].includes('${')) shown[name] = bareURL(shown[name]);
    else if (typeof shown[name] === 'string') shown[name] = withoutDefaults(shown[name]);
  return shown;
}

/** An address with references in it: what they say otherwise may hold a password. */
const withoutDefaults = (text: string) =>
  text.replace(/\$\{([A-Za-z_]\w*):-[^}]*\}/g, '${$1}').replace(/\/\/[^/?#$]*@/, '//');

function keysShown(keys: unknown): unknown {
  if (!Array.isArray(keys)) return keys;
  return keys.map((key) => (isObject(key) ? { ...key, key: reference(key.key, String(key.name), 'key') } : key));
}

/** A key of the store, as a file would name it. */
function storedKey({ name, groups, limits, expiresAt }: StoredKey): object {
  return {
    ...{ name, key: `\${${variable(name, 'key')}}` },
    ...(groups && { groups }),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
  };
}

/** Everything that counts, whoever says it. */
export function exported(settings: GatewaySettings, keys: readonly StoredKey[]): object {
  const { given, endpoints, skipped, groups } = settings;
  const own = withoutSecrets(given, 'openai');
  const shownEndpoints = endpoints.map(({ name, source, given: options, keyFrom }) => {
    const { name: _, ...rest } = options;
    const key = /^[A-Z][A-Z0-9_]*$/.test(keyFrom) ? `\${${keyFrom}}` : reference(undefined, name, 'api_key');
    return { name, ...withoutSecrets({ ...rest, ...(source === 'environment' && { apiKey: key }) }, name) };
  });
  for (const { name, given: options } of skipped) {
    const { name: _, apiKey, ...rest } = options;
    // It has none, and needs none to be read again.
    const none = oneReference(apiKey)?.replace('}', ':-}') ?? apiKey;
    shownEndpoints.push({ name, ...withoutSecrets(rest, name), ...(none !== undefined && { apiKey: none }) });
  }
  const clientKeys = [...((keysShown(own.clientKeys) as object[] | undefined) ?? []), ...keys.map(storedKey)];
  const shownGroups = Object.fromEntries(groups.map((group) => [group.name, group.given]));
  const store =
    isObject(own.store) && typeof own.store.url === 'string'
      ? { ...own.store, url: bareURL(withoutDefaults(own.store.url)) }
      : own.store;
  return {
    ...own,
    ...(shownEndpoints.length > 0 && { endpoints: shownEndpoints }),
    ...(groups.length > 0 && { groups: shownGroups }),
    ...(clientKeys.length > 0 && { clientKeys }),
    ...(own.adminKeys !== undefined && { adminKeys: keysShown(own.adminKeys) }),
    ...(store !== undefined && { store }),
  };
}
