/** Loads a configuration: from a file, from the environment where there is none, or from an object; checked as a whole. */
import { createHash } from 'node:crypto';
import { check } from '../../config/check.ts';
import type { Env } from '../../config/inheritance.ts';
import { kindOf, Problems } from '../../config/problems.ts';
import type { ConfigurationError } from '../../errors.ts';
import { configNames, findConfig, readConfig } from './config-file.ts';
import { readyEndpoints, type WrittenEndpoint } from './endpoints.ts';
import { endpointsFromEnvironment } from './environment.ts';
import { FoundProblems, InvalidConfiguration } from './invalid.ts';
import { callFields, poolFields } from './pool-fields.ts';
import { withReferences } from './references.ts';
import { checkGroups, checkKeys, type NamedGroups } from './references-between.ts';
import { type GatewayConfig, gatewayConfig } from './schema.ts';
import type { ClientKey, GatewaySettings, Group, LibraryOptions } from './settings.ts';
import type { Written } from './written.ts';

/** Where a configuration is looked for. */
export interface Sources {
  /** The file; without it, the one of the folder. */
  readonly file?: string | undefined;
  readonly folder: string;
  readonly env: Env;
}

type Loose = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const picked = (from: Loose, fields: object): LibraryOptions =>
  Object.fromEntries(Object.keys(fields).flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])));

const digestOf = (key: string) => createHash('sha256').update(key).digest('hex');

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];

/** What of the parts that name each other can be read: a mistake in one of them shall not hide those between them. */
function readable(
  value: Loose,
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

function checkShape(value: Loose, problems: FoundProblems): GatewayConfig | undefined {
  const found = new Problems();
  const config = check(gatewayConfig, value, '', found);
  try {
    found.throwIfAny();
  } catch (error) {
    for (const { path, message } of (error as ConfigurationError).issues) problems.add(path, message);
  }
  return config;
}

const KEYS = 'the environment variable OPENAI_API_KEYS (or OPENAI_API_KEY, ANTHROPIC_API_KEYS, ANTHROPIC_API_KEY)';
const NO_ENDPOINTS = `are missing: list them here, or set ${KEYS}`;
const NO_CONFIG = `There is nobody to call: set ${KEYS}, or write a configuration file such as ${configNames[0]}.`;

function writtenEndpoints(
  value: Loose,
  env: Env,
  problems: FoundProblems,
  isFile: boolean,
): { written: WrittenEndpoint[]; byService: boolean } {
  if (Array.isArray(value.endpoints)) {
    const list = value.endpoints.map((options: unknown, index) => ({
      options: isObject(options) ? options : {},
      path: `endpoints[${index}]`,
    }));
    return { written: list, byService: false };
  }
  const found = endpointsFromEnvironment(env, (path, message) => problems.add(path, message));
  if (found.length === 0 && problems.count === 0)
    problems.add(isFile ? 'endpoints' : '', isFile ? NO_ENDPOINTS : NO_CONFIG);
  const written = found.map(({ keyFrom, ...options }) => ({ options: { ...options }, path: options.name, keyFrom }));
  return { written, byService: true };
}

function groupsOf(
  config: GatewayConfig,
  raw: Loose,
  skipped: ReadonlyMap<string, string>,
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
    const written = (raw.groups as Loose)[name] as Loose;
    return { name, members, fallback, options: picked(written, callFields) };
  });
}

const keyOf = ({ name, key, groups, limits = {}, expiresAt }: GatewayConfig['clientKeys'][number]): ClientKey => ({
  name,
  digest: digestOf(key),
  groups,
  limits,
  expiresAt: expiresAt === undefined ? undefined : Date.parse(expiresAt),
});

/**
 * Settings out of a configuration that was read.
 * @param source where it comes from, for people.
 * @param written the file, for places in messages.
 * @throws InvalidConfiguration naming everything that is wrong.
 */
export function settingsOf(given: unknown, env: Env, source: string, written?: Written): GatewaySettings {
  const problems = new FoundProblems(written);
  const file = written ? source : undefined;
  const filled = withReferences(given ?? {}, env, (path, message) => problems.add(path, message));
  if (!isObject(filled)) {
    problems.add('', `must be an object with endpoints, groups and the like, got ${kindOf(filled)}`);
    problems.throwIfAny(file);
  }
  const value = filled as Loose;
  const config = checkShape(value, problems);
  const options = picked(value, poolFields);
  const { written: list, byService } = writtenEndpoints(value, env, problems, written !== undefined);
  const { endpoints, skipped, names } = readyEndpoints(list, options, env, problems);
  const { groups, priced, ...keys } = readable(value);
  checkGroups(groups, names, problems);
  checkKeys(keys, { groups: Object.keys(groups), endpoints, priced }, problems);
  if (endpoints.length === 0 && list.length > 0)
    problems.add('endpoints', 'have no key at all, so nobody could be called; give at least one of them a key');
  problems.throwIfAny(file);
  const checked = config as GatewayConfig;
  const warnings = [...skipped].map(([name, why]) => `Endpoint ${name} is skipped: ${why}.`);
  return {
    source,
    byService,
    endpoints,
    groups: groupsOf(checked, value, skipped, warnings),
    options,
    clientKeys: checked.clientKeys.map(keyOf),
    adminKeys: checked.adminKeys.map(({ name, key }) => ({ name, digest: digestOf(key) })),
    prices: checked.prices,
    limits: checked.limits,
    store: checked.store,
    admin: checked.admin,
    log: checked.log,
    warnings,
  };
}

/**
 * The configuration of a gateway.
 * @throws InvalidConfiguration naming everything that is wrong; UnreadableFile for a file that is none.
 */
export function loadSettings({ file, folder, env }: Sources): GatewaySettings {
  const found = file ?? findConfig(folder);
  if (found === undefined) return settingsOf({}, env, 'environment');
  const written = readConfig(found);
  if (written.problems.length > 0)
    throw new InvalidConfiguration(
      written.problems.map(({ message, place }) => ({ path: '', message, place })),
      found,
    );
  return settingsOf(written.value, env, found, written);
}
