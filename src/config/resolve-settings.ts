/** The door of `config/`: turns what a user wrote into complete settings, or throws one error that lists all problems. */
import { strategyNamed } from '../strategy/named.ts';
import { check } from './check.ts';
import { defaults } from './defaults.ts';
import { resolveEndpoint, type Surroundings } from './endpoint.ts';
import type { EndpointOptions } from './endpoint-options.ts';
import { endpointsOfEnvironment, saysWhere } from './environment.ts';
import type { Env } from './inheritance.ts';
import { nameAll } from './names.ts';
import type { LoadBalancedOpenAIOptions } from './options.ts';
import { kindOf, Problems } from './problems.ts';
import { poolKeys, poolOptions } from './schema.ts';
import { clientFields, clientKeys, type SdkOptions } from './sdk-options.ts';
import type { EndpointSettings, LimitSettings, Settings } from './settings.ts';
import { type Parts, split, without } from './split.ts';
import { nearest } from './suggest.ts';
import { unknownBesidePool } from './unknown-options.ts';

const theirs: ReadonlySet<string> = new Set(clientKeys);

/** A client without a pool ignores what it does not know, as the SDK does; a list that was meant to be the pool it may not. */
function noticeLostList(parts: Parts, input: object, problems: Problems): void {
  for (const name of parts.unknown) {
    const value = (input as Record<string, unknown>)[name];
    if (Array.isArray(value) && nearest(name, ['endpoints']))
      problems.add('unknown_option', name, 'unknown option; did you mean endpoints?');
  }
}

function homeOf(wanted: string | undefined, endpoints: readonly EndpointSettings[], problems: Problems): string {
  const names = endpoints.map(({ name }) => name);
  if (wanted === undefined || names.length === 0) return names[0] ?? '';
  if (!names.includes(wanted)) {
    const near = nearest(wanted, names);
    const known = names.slice(0, 20).join(', ');
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    problems.add('unknown_endpoint', 'affinity.home', `names no endpoint of the pool${hint}; known are ${known}`);
  }
  return wanted;
}

/** Endpoints with one quota cannot have different ones. */
function compareLimits(endpoints: readonly EndpointSettings[], label: string, problems: Problems): void {
  const first = new Map<string, { name: string; limits: LimitSettings }>();
  for (const [index, { name, quotaGroup, limits }] of endpoints.entries()) {
    if (quotaGroup === undefined || !limits) continue;
    const other = first.get(quotaGroup);
    if (!other) first.set(quotaGroup, { name, limits });
    else if ((['requestsPerMinute', 'tokensPerMinute'] as const).some((key) => limits[key] !== other.limits[key])) {
      const fix = `give both the same ones per minute, or ${other.name} alone`;
      problems.add(
        'conflicting_options',
        `${label}[${index}].limits`,
        `differ from those of ${other.name} in the same quotaGroup; ${fix}`,
      );
    }
  }
}

/** The fast transport keeps its own connections, and carries only what is sent through it. */
function compareTransports(
  top: SdkOptions,
  endpoints: readonly EndpointSettings[],
  label: string,
  problems: Problems,
): void {
  if (top.fetch !== undefined) {
    const fix = 'leave one of them out, or give fetch to the endpoints that need it';
    problems.add('conflicting_options', 'transport', `'fast' and a fetch for all endpoints exclude each other; ${fix}`);
  }
  for (const [index, { options }] of endpoints.entries()) {
    if (
      options.fetch !== undefined ||
      (options.fetchOptions as { dispatcher?: unknown } | undefined)?.dispatcher === undefined
    )
      continue;
    const fix = 'leave one of them out, or give the endpoint a fetch of its own';
    problems.add(
      'conflicting_options',
      `${label}[${index}].fetchOptions`,
      `names a dispatcher, which transport: 'fast' would not use; ${fix}`,
    );
  }
}

function resolveEndpoints(list: readonly unknown[], around: Surroundings, label: string): EndpointSettings[] {
  const { problems } = around;
  const paths = list.map((_, index) => `${label}[${index}]`);
  const resolved = list.map((input, index) => resolveEndpoint(input, paths[index] as string, around));
  const endpoints = nameAll(resolved, paths, [], problems);
  if (endpoints.length > 0 && endpoints.length === list.length && endpoints.every(({ weight }) => weight === 0)) {
    problems.add(
      'zero_weights',
      label,
      'every weight is 0, so no endpoint would get a call; give at least one a weight above 0',
    );
  }
  if (endpoints.length === list.length) compareLimits(endpoints, label, problems);
  return endpoints;
}

/**
 * Complete settings for a client.
 * @param env environment variables, normally `process.env`.
 * @throws ConfigurationError naming every wrong option.
 */
export function resolveSettings(input: LoadBalancedOpenAIOptions, env: Env): Settings {
  const problems = new Problems();
  const parts = split(input, poolKeys(), theirs);
  const top = parts.sdk as SdkOptions;
  const { endpoints: listed, ...own } = parts.own;
  let list: readonly unknown[] = [];
  if (Array.isArray(listed)) {
    list = listed;
    if (list.length === 0)
      problems.add('no_endpoints', 'endpoints', 'is empty; list at least one endpoint, such as { apiKey: … }');
  } else if (listed !== undefined) {
    problems.add('invalid_value', 'endpoints', `must be an array of endpoints, got ${kindOf(listed)}`);
  } else if (!saysWhere(top, parts.unknown)) {
    list = endpointsOfEnvironment(env, problems);
  }
  const pool = check(poolOptions(), own, '', problems);
  if (list.length > 0) {
    unknownBesidePool(parts.unknown, problems);
    check(clientFields(), top, '', problems);
  } else noticeLostList(parts, input, problems);
  const around: Surroundings = { top, modelMaps: pool?.modelMaps ?? {}, env, problems };
  const endpoints = resolveEndpoints(list, around, listed === undefined ? 'environment' : 'endpoints');
  // With an endpoint missing for its own problems, its name cannot be looked up.
  const complete = endpoints.length === list.length;
  const home = complete ? homeOf(pool?.affinity.home, endpoints, problems) : '';
  if (pool?.transport === 'fast')
    compareTransports(top, endpoints, listed === undefined ? 'environment' : 'endpoints', problems);
  problems.throwIfAny();
  const { modelMaps: _, affinity, ...rest } = pool as NonNullable<typeof pool>;
  return {
    ...rest,
    // Made anew, to draw its chances from this client's clock.
    strategy: strategyNamed(own.strategy ?? defaults.strategy, rest.clock.random),
    maxAttempts: rest.maxAttempts,
    classify: rest.classify,
    fallbacks: rest.fallbacks,
    store: rest.store,
    affinity: { ...affinity, home },
    endpoints,
    client: without(input, poolKeys()),
  };
}

/**
 * One more endpoint for a running pool.
 * @param options what the pool's client was built from.
 * @param taken the names in use.
 * @throws ConfigurationError naming every wrong option.
 */
export function resolveAddedEndpoint(
  endpoint: EndpointOptions,
  options: LoadBalancedOpenAIOptions,
  taken: Iterable<string>,
  env: Env,
): EndpointSettings {
  const problems = new Problems();
  const parts = split(options, poolKeys(), theirs);
  const modelMaps = options.modelMaps ?? {};
  const around: Surroundings = { top: parts.sdk as SdkOptions, modelMaps, env, problems };
  const resolved = resolveEndpoint(endpoint, 'endpoint', around);
  const [named] = nameAll([resolved], ['endpoint'], taken, problems);
  problems.throwIfAny();
  return named as EndpointSettings;
}
