/** Checks a configuration against its schema, and reads of a wrong one what can be read. Part of loading. */
import { check } from '../../config/check.ts';
import { Problems } from '../../config/problems.ts';
import type { ConfigurationError } from '../../errors.ts';
import type { FoundProblems } from './invalid.ts';
import type { NamedGroups } from './references-between.ts';
import { type GatewayConfig, gatewayConfig } from './schema.ts';
import type { Given } from './settings.ts';

/** An object, as far as that can be said of what somebody wrote. */
export const isObject = (value: unknown): value is Given =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

/** What of the parts that name each other can be read: a mistake in one of them shall not hide those between them. */
export function readable(
  value: Given,
): Pick<GatewayConfig, 'clientKeys' | 'adminKeys'> & { groups: NamedGroups; priced: boolean } {
  const { clientKeys, adminKeys } = gatewayConfig.shape;
  const groups = Object.entries(isObject(value.groups) ? value.groups : {}).map(([name, group]) => {
    const { endpoints, fallback } = isObject(group) ? group : {};
    const members = Array.isArray(endpoints) ? endpoints : [];
    const named = members.map((one: unknown) => ({ endpoint: isObject(one) ? one.endpoint : undefined }));
    return [name, { endpoints: named as { endpoint: string }[], fallback: texts(fallback) }] as const;
  });
  return {
    groups: Object.fromEntries(groups),
    clientKeys: clientKeys.safeParse(value.clientKeys).data ?? [],
    adminKeys: adminKeys.safeParse(value.adminKeys).data ?? [],
    priced: isObject(value.prices) && Object.keys(value.prices).length > 0,
  };
}

/** Checks against the schema. @param shown a path as it is to be told. */
export function checkShape(
  value: Given,
  shown: (path: string) => string,
  problems: FoundProblems,
): GatewayConfig | undefined {
  const found = new Problems();
  const config = check(gatewayConfig, value, '', found);
  try {
    found.throwIfAny();
  } catch (error) {
    for (const { path, message } of (error as ConfigurationError).issues) problems.add(shown(path), message);
  }
  return config;
}
