/**
 * Joins what a file (or the environment) says with what the store holds. Why the file wins: it is reviewed and kept elsewhere, and
 * nobody wants it to mean something else because of a click. What of the store points to something that is gone is left out with a
 * warning, or a gateway could not be started to mend it.
 */

import type { WrittenEndpoint } from './endpoints.ts';
import type { Given } from './settings.ts';
import type { StoredConfig } from './stored-config.ts';

/** What the store adds to a configuration. */
export interface FromStore {
  readonly config: StoredConfig;
  /** A group that is changed now: what is wrong in it is told, and nothing left out. */
  readonly strictGroup?: string | undefined;
  /** Why an endpoint of the store may not be where it is; `undefined` = it may. */
  readonly addressProblem?: ((given: Given, allowInsecure: boolean) => string | undefined) | undefined;
}

/** Both together. */
export interface Joined {
  readonly endpoints: readonly WrittenEndpoint[];
  readonly names: readonly string[];
  /** Groups of the store that count. */
  readonly groups: Readonly<Record<string, Given>>;
  readonly drained: readonly string[];
  readonly warnings: readonly string[];
}

const isObject = (value: unknown): value is Given => typeof value === 'object' && value !== null;

/** Where an endpoint of the store stands in messages. */
export const storedEndpointPath = (name: string): string => `endpoints["${name}"]`;

/** A list of a group of the store without what is gone. */
function kept(
  group: string,
  list: unknown,
  known: ReadonlySet<string>,
  warnings: string[],
  nameOf: (one: unknown) => unknown,
) {
  if (!Array.isArray(list)) return list;
  return list.filter((one: unknown) => {
    const name = String(nameOf(one));
    if (!known.has(name)) warnings.push(`Group ${group} of the store names ${name}, which is gone; left out.`);
    return known.has(name);
  });
}

/** Groups of the store that count, without what is gone. Members first: who has none left is gone for the others. */
function groupsOf(
  { config, strictGroup }: FromStore,
  ownGroups: readonly string[],
  endpoints: ReadonlySet<string>,
  warnings: string[],
): Record<string, Given> {
  const groups: Record<string, Given> = Object.create(null);
  for (const [name, group] of Object.entries(config.groups)) {
    if (ownGroups.includes(name)) {
      warnings.push(`Group ${name} of the store is not used: the file names it as well.`);
      continue;
    }
    const member = (one: unknown) => (isObject(one) ? one.endpoint : undefined);
    const isStrict = name === strictGroup;
    const members = isStrict ? group.endpoints : kept(name, group.endpoints, endpoints, warnings, member);
    if (isStrict || !Array.isArray(members) || members.length > 0) groups[name] = { ...group, endpoints: members };
    else warnings.push(`Group ${name} of the store is not used: nothing is left of it.`);
  }
  const known = new Set([...ownGroups, ...Object.keys(groups)]);
  for (const [name, group] of Object.entries(groups))
    if (name !== strictGroup && group.fallback !== undefined)
      groups[name] = { ...group, fallback: kept(name, group.fallback, known, warnings, (one) => one) };
  return groups;
}

/**
 * Joins them.
 * @param own the endpoints of the file or the environment. @param names theirs. @param ownGroups the names of the file's groups.
 */
export function joinStore(
  own: readonly WrittenEndpoint[],
  names: readonly string[],
  ownGroups: readonly string[],
  allowInsecure: boolean,
  stored: FromStore,
): Joined {
  const { config, addressProblem } = stored;
  const warnings: string[] = [];
  const taken = new Set(names);
  const added = Object.entries(config.endpoints).flatMap(([name, options]): WrittenEndpoint[] => {
    const problem = taken.has(name) ? 'the file names it as well' : addressProblem?.(options, allowInsecure);
    if (problem !== undefined) warnings.push(`Endpoint ${name} of the store is not used: ${problem}.`);
    if (problem !== undefined) return [];
    const given = { ...options, name };
    return [{ options: given, given, path: storedEndpointPath(name), source: 'store', keyFrom: 'store' }];
  });
  const endpoints = [...own, ...added];
  const all = [...names, ...added.map(({ given }) => String(given.name))];
  const groups = groupsOf(stored, ownGroups, new Set(all), warnings);
  return { endpoints, names: all, groups, drained: config.drained.filter((name) => all.includes(name)), warnings };
}
