/** Reads what a user hands to `prometheus()`. A message names what is wrong and what to write instead. */
import { ConfigurationError } from '../index.ts';
import type { MetricRegistry } from './board.ts';
import type { MeteredClient } from './client-metrics.ts';

/** How metrics are shown. */
export interface PrometheusOptions {
  /** A registry of `prom-client`, where they stand beside the application's own. */
  readonly register?: MetricRegistry;
  /** The label `pool` of a single client. @default 'default' */
  readonly pool?: string;
  /**
   * How many models are told apart, or which; all others are `other`. A model counts as one once a call for it went well, so that
   * made-up names are none. @default 50
   */
  readonly models?: number | readonly string[];
}

/** What was read. */
export interface Read {
  readonly pools: readonly (readonly [name: string, client: MeteredClient])[];
  readonly register: MetricRegistry | undefined;
  readonly models: number | readonly string[];
}

const MOST_MODELS = 50;
const KNOWN: readonly (keyof PrometheusOptions)[] = ['register', 'pool', 'models'];

const wrong = (message: string, code = 'invalid_value') => new ConfigurationError(code, `prometheus(): ${message}`);
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const kindOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value);

function isClient(value: unknown): value is MeteredClient {
  if (!isObject(value) || !isObject(value.balancer)) return false;
  const { on, off, snapshot } = value.balancer;
  return [on, off, snapshot].every((each) => typeof each === 'function');
}

function isRegistry(value: unknown): value is MetricRegistry {
  if (!isObject(value)) return false;
  const { registerMetric, getSingleMetric, removeSingleMetric } = value;
  return [registerMetric, getSingleMetric, removeSingleMetric].every((each) => typeof each === 'function');
}

function readPools(clients: unknown, pool: unknown): Read['pools'] {
  if (pool !== undefined && (typeof pool !== 'string' || pool === ''))
    throw wrong(`pool: must be a name, got ${pool === '' ? 'an empty one' : kindOf(pool)}.`);
  if (isClient(clients)) return [[pool ?? 'default', clients]];
  if (!isObject(clients) || Array.isArray(clients))
    throw wrong(
      `the first argument must be a LoadBalancedOpenAI, or several as { name: client }, got ${kindOf(clients)}.`,
    );
  if (pool !== undefined)
    throw wrong('pool: names a single client; several have the names of their fields.', 'conflicting_options');
  const entries = Object.entries(clients);
  if (entries.length === 0 || entries.some(([, client]) => !isClient(client)))
    throw wrong(
      'the first argument must be a LoadBalancedOpenAI, or several as { name: client }, got an object without a balancer. A plain OpenAI has no pool to tell of.',
    );
  return entries as [string, MeteredClient][];
}

function readRegister(register: unknown): MetricRegistry | undefined {
  if (register === undefined || isRegistry(register)) return register;
  const inner = isObject(register) && isRegistry(register.register);
  throw wrong(
    `register: must be a registry of prom-client, got ${kindOf(register)}${inner ? ' that holds one: write { register: promClient.register }' : '; it has registerMetric, getSingleMetric and removeSingleMetric'}.`,
  );
}

function readModels(models: unknown): Read['models'] {
  if (models === undefined) return MOST_MODELS;
  if (Array.isArray(models) && models.every((model) => typeof model === 'string')) return models;
  if (typeof models === 'number' && Number.isInteger(models) && models >= 0) return models;
  throw wrong(`models: must be a number of models or a list of their names, got ${kindOf(models)}.`);
}

/** Checks it all. @throws ConfigurationError */
export function readOptions(clients: unknown, options: unknown): Read {
  if (!isObject(options)) throw wrong(`the second argument must be options, got ${kindOf(options)}.`);
  if (isRegistry(options)) throw wrong('the second argument is a registry: write { register }.');
  const unknown = Object.keys(options).find((key) => !(KNOWN as readonly string[]).includes(key));
  if (unknown !== undefined)
    throw wrong(`unknown option '${unknown}'; known are ${KNOWN.join(', ')}.`, 'unknown_option');
  return {
    pools: readPools(clients, options.pool),
    register: readRegister(options.register),
    models: readModels(options.models),
  };
}
