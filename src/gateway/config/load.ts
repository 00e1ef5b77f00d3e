/** Loads a configuration: from a file, from the environment where there is none, or from an object; checked as a whole. */
import type { Env } from '../../config/inheritance.ts';
import { kindOf, pathOf } from '../../config/problems.ts';
import { checkShape, isObject, readable } from './check-shape.ts';
import { configNames, findConfig, readConfig } from './config-file.ts';
import { namesOf, readyEndpoints, type WrittenEndpoint } from './endpoints.ts';
import { endpointsFromEnvironment } from './environment.ts';
import { FoundProblems, InvalidConfiguration } from './invalid.ts';
import { adminKeyOf, clientKeyOf, withoutOwnKeys } from './own-keys.ts';
import { callFields, poolFields } from './pool-fields.ts';
import { withReferences } from './references.ts';
import { checkGroups, checkKeys } from './references-between.ts';
import type { GatewayConfig } from './schema.ts';
import type { GatewaySettings, Given, Group, LibraryOptions } from './settings.ts';
import { unsafeEnvironment } from './unsafe-environment.ts';
import { type FromStore, joinStore } from './with-store.ts';
import type { Written } from './written.ts';

const NOTHING_STORED: FromStore = { config: { endpoints: {}, groups: {}, drained: [] } };

/** Where a configuration is looked for. */
export interface Sources {
  /** The file; without it, the one of the folder. */
  readonly file?: string | undefined;
  readonly folder: string;
  readonly env: Env;
}

const picked = (from: Given, fields: object): LibraryOptions =>
  Object.fromEntries(Object.keys(fields).flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));

const KEYS = 'the environment variable OPENAI_API_KEYS (or OPENAI_API_KEY, ANTHROPIC_API_KEYS, ANTHROPIC_API_KEY)';
const NO_ENDPOINTS = `are missing: list them here, or set ${KEYS}`;
const NO_CONFIG = `There is nobody to call: set ${KEYS}, or write a configuration file such as ${configNames[0]}.`;

/** What comes to a configuration from elsewhere than its file. */
export interface Besides {
  readonly stored?: FromStore | undefined;
  /** It may name nobody to call: endpoints can be added while it runs. */
  readonly mayBeEmpty?: boolean | undefined;
}

const listOf = (value: unknown): unknown[] | undefined =>
  isObject(value) && Array.isArray(value.endpoints) ? value.endpoints : undefined;

/** The endpoints of the file, or of the environment. @param given the same, references not filled in. */
function ownEndpoints(value: Given, given: unknown, env: Env, problems: FoundProblems): WrittenEndpoint[] {
  const object = (one: unknown) => (isObject(one) ? one : {});
  const raw = listOf(given) ?? [];
  const list = listOf(value)?.map(
    (one, index): WrittenEndpoint => ({
      ...{ options: object(one), given: object(raw[index]), path: `endpoints[${index}]`, source: 'file' },
    }),
  );
  if (list) return list;
  const found = endpointsFromEnvironment(env, (path, message) => problems.add(path, message));
  return found.map(({ keyFrom, apiKey, ...rest }) => ({
    ...{ options: { ...rest, apiKey }, given: rest, path: rest.name, source: 'environment', keyFrom },
  }));
}

function groupsOf(
  config: GatewayConfig,
  written: Readonly<Record<string, Given>>,
  isStored: (name: string) => boolean,
  skipped: ReadonlySet<string>,
  warnings: string[],
): Group[] {
  return Object.entries(config.groups).map(([name, { endpoints, fallback }]) => {
    const members = endpoints
      .filter(({ endpoint }) => !skipped.has(endpoint))
      .map(({ model = name, ...rest }) => ({ ...rest, model }));
    if (members.length === 0)
      warnings.push(
        `Group ${name} has no endpoint with a key${fallback.length > 0 ? '; its fallbacks are asked' : ''}.`,
      );
    const given = written[name] as Given;
    const source = isStored(name) ? 'store' : 'file';
    return { name, source, given, members, fallback, options: picked(given, callFields) };
  });
}

/**
 * Settings out of a configuration that was read.
 * @param source where it comes from, for people.
 * @param written the file, for places in messages.
 * @throws InvalidConfiguration naming everything that is wrong.
 */
export function settingsOf(
  given: unknown,
  env: Env,
  source: string,
  written?: Written,
  { stored = NOTHING_STORED, mayBeEmpty = false }: Besides = {},
): GatewaySettings {
  const problems = new FoundProblems(written);
  const file = written ? source : undefined;
  const filled = withReferences(given ?? {}, env, (path, message) => problems.add(path, message));
  if (!isObject(filled)) {
    problems.add('', `must be an object with endpoints, groups and the like, got ${kindOf(filled)}`);
    problems.throwIfAny(file);
  }
  const value = filled as Given;
  const own = ownEndpoints(value, given, env, problems);
  const ownGroups = isObject(value.groups) ? (value.groups as Record<string, Given>) : {};
  const allowInsecure = isObject(value.admin) && value.admin.allowInsecure === true;
  const joined = joinStore(own, namesOf(own), Object.keys(ownGroups), allowInsecure, stored);
  const { endpoints: list, names, drained } = joined;
  const fromStore = list.slice(own.length);
  for (const { path } of fromStore) problems.leaveOut(path);
  for (const name of Object.keys(joined.groups)) problems.leaveOut(pathOf('groups', [name]));
  if (list.length === 0 && !mayBeEmpty && problems.count === 0)
    problems.add(written ? 'endpoints' : '', written ? NO_ENDPOINTS : NO_CONFIG);
  const isListed = listOf(value) !== undefined;
  const merged: Given = {
    ...value,
    ...((isListed || fromStore.length > 0) && {
      endpoints: [...(listOf(value) ?? []), ...fromStore.map(({ options }) => options)],
    }),
    ...(Object.keys(joined.groups).length > 0 && { groups: { ...ownGroups, ...joined.groups } }),
  };
  const before = isListed ? own.length : 0;
  const shown = (path: string) =>
    path.replace(/^endpoints\[(\d+)\]/, (whole, index) => fromStore[Number(index) - before]?.path ?? whole);
  const config = checkShape(merged, shown, problems);
  const options = picked(value, poolFields);
  const { endpoints, skipped } = readyEndpoints(list, names, options, env, problems);
  const { groups, priced, ...keys } = readable(merged);
  checkGroups(groups, names, problems);
  checkKeys(keys, { groups: Object.keys(groups), endpoints, priced }, problems);
  if (endpoints.length === 0 && list.length > 0 && !mayBeEmpty)
    problems.add('endpoints', 'have no key at all, so nobody could be called; give at least one of them a key');
  problems.throwIfAny(file);
  const checked = config as GatewayConfig;
  const skips = skipped.map(({ name, why }) => `Endpoint ${name} is skipped: ${why}.`);
  const warnings = [...unsafeEnvironment(env), ...joined.warnings, ...skips];
  const without = new Set(skipped.map(({ name }) => name));
  const isStored = (name: string) => Object.hasOwn(joined.groups, name);
  return {
    source,
    byService: !isListed && (own.length > 0 || list.length === 0),
    endpoints,
    skipped,
    groups: groupsOf(checked, merged.groups as Record<string, Given>, isStored, without, warnings),
    drained,
    given: isObject(given) ? withoutOwnKeys(given) : {},
    options,
    clientKeys: checked.clientKeys.map(clientKeyOf),
    adminKeys: checked.adminKeys.map(adminKeyOf),
    prices: checked.prices,
    limits: checked.limits,
    store: checked.store,
    admin: checked.admin,
    log: checked.log,
    warnings,
  };
}

/** A configuration as it was found, not checked yet. */
export interface Found {
  /** The file, or `environment`. */
  readonly source: string;
  readonly value: unknown;
  readonly written?: Written | undefined;
}

/** Reads the file, if there is one. @throws InvalidConfiguration, UnreadableFile for a file that is none. */
export function findSettings({ file, folder }: Omit<Sources, 'env'>): Found {
  const found = file ?? findConfig(folder);
  if (found === undefined) return { source: 'environment', value: {} };
  const written = readConfig(found);
  if (written.problems.length > 0)
    throw new InvalidConfiguration(
      written.problems.map(({ message, place }) => ({ path: '', message, place })),
      found,
    );
  return { source: found, value: written.value, written };
}

/**
 * The configuration of a gateway.
 * @throws InvalidConfiguration naming everything that is wrong; UnreadableFile for a file that is none.
 */
export function loadSettings({ env, ...place }: Sources): GatewaySettings {
  const { source, value, written } = findSettings(place);
  return settingsOf(value, env, source, written);
}
