/** What one balancing client keeps beside what it shares with its clones: its pin, its options, the SDK clients it sends through. */
import type { ClientOptions, OpenAI } from 'openai';
import { type Steering, unsteered } from '../call/steering.ts';
import type { EndpointOptions } from '../config/endpoint-options.ts';
import { inheritHeaders, inheritQuery, ownHeaders } from '../config/headers.ts';
import type { LoadBalancedOpenAIOptions } from '../config/options.ts';
import { checkOverrides } from '../config/overrides.ts';
import { poolKeys } from '../config/schema.ts';
import type { Settings } from '../config/settings.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { attemptClient, type ClientOverrides, directClient, isolate } from '../endpoint/sdk-client.ts';
import { ConfigurationError } from '../errors.ts';
import { type Caller, callers } from './caller.ts';
import { type Core, makeCore } from './core.ts';
import { loggerOf } from './logger-of.ts';
import { observed } from './observed-pool.ts';

/** Key of a client's state. Why a property and no `#private`: it must be found through foreign proxies as well. */
export const CLIENT_STATE: unique symbol = Symbol.for('load-balanced-openai.client') as never;
/** Key under which the SDK's `withOptions` hands the pool on to the clone it constructs. */
export const LINK = Symbol.for('load-balanced-openai.link');

/** What a clone gets from the client it was made from; handed on in a function, so that it prints nowhere. */
export interface Link {
  readonly core: Core;
  readonly overrides: ClientOverrides;
  readonly steering: Steering;
}

/** State of one client. Functions only: whoever prints the client with all it hides must not find other endpoints' keys. */
export interface ClientState {
  core(): Core;
  pooled(): boolean;
  caller(client: OpenAI): Caller;
  direct(name: string): OpenAI;
  /** What steers the calls of this client. */
  steering(): Steering;
  /** The link of a client that is like this one, but steered so. */
  steeredBy(steering: Steering): Link;
  /** What `withOptions` shall pass to the SDK's own. @throws ConfigurationError for what a clone cannot change. */
  cloneOptions(options: Partial<LoadBalancedOpenAIOptions>): Partial<ClientOptions>;
  /** The options of a client with a pool of its own, when `options` ask for one. */
  freshOptions(options: Partial<LoadBalancedOpenAIOptions>): LoadBalancedOpenAIOptions | undefined;
}

/** The link in a constructor's options, if the SDK's `withOptions` made them. */
export function linkOf(input: object): Link | undefined {
  return (input as { [LINK]?: () => Link })[LINK]?.();
}

/** The options that make a clone out of a constructor's call. */
export function linked(link: Link): Partial<ClientOptions> {
  return { [LINK]: () => link } as Partial<ClientOptions>;
}

/** Sets an own property that copies of the client do not take along, and that foreign proxies may wrap. */
export function carry(client: object, key: PropertyKey, value: unknown): void {
  Object.defineProperty(client, key, { value, configurable: true, writable: true, enumerable: false });
}

const OWN_FIELDS = ['baseURL', 'apiKey', 'adminAPIKey', 'organization', 'project'] as const;
type Fields = Pick<OpenAI, (typeof OWN_FIELDS)[number]>;

function fieldsOf(client: OpenAI): Fields {
  const { baseURL, apiKey, adminAPIKey, organization, project } = client;
  return { baseURL, apiKey, adminAPIKey, organization, project };
}

/** Fields changed on a client with one endpoint are meant for that endpoint, as on a plain SDK client. */
function follow(client: OpenAI, outer: OpenAI, initial: Fields, single: boolean): void {
  if (client.logLevel !== outer.logLevel) client.logLevel = outer.logLevel;
  if (!single) return;
  for (const field of OWN_FIELDS) {
    if (outer[field] !== initial[field] && client[field] !== outer[field])
      Object.assign(client, { [field]: outer[field] });
  }
}

const ACCOUNT = ['organization', 'project', 'adminAPIKey'] as const;

/** The overrides of a clone as one endpoint gets them: another vendor's gets neither accounts nor auth headers. */
function overridesFor(endpoint: Endpoint, overrides: ClientOverrides, core: Core): ClientOverrides {
  const { isolated, options } = endpoint.settings;
  const { defaultHeaders, defaultQuery } = core.settings.client;
  const several = core.pool.endpoints.length > 1;
  const closed = isolated && several;
  const result = { ...overrides };
  if (closed) for (const field of ACCOUNT) delete result[field];
  // As in the SDK, new default headers replace the client's; what an endpoint has of its own stays.
  if (overrides.defaultHeaders) {
    const own = ownHeaders(options.defaultHeaders, defaultHeaders);
    result.defaultHeaders = inheritHeaders(overrides.defaultHeaders, own, closed, several);
  }
  if (overrides.defaultQuery) {
    const inherited = Object.entries(defaultQuery ?? {});
    const own = Object.entries(options.defaultQuery ?? {}).filter(
      ([name, value]) => !inherited.some(([key, old]) => key === name && old === value),
    );
    result.defaultQuery = inheritQuery(overrides.defaultQuery, Object.fromEntries(own), closed);
  }
  return result;
}

const CONNECTION = ['apiKey', 'baseURL'] as const;
/** Decided by the client itself at each call; the endpoints' clients need not differ for them. */
const OUTER_ONLY = new Set<PropertyKey>(['timeout', 'maxRetries', 'webhookSecret', 'logLevel', LINK]);

/** Builds the state of a client. @param link set for a clone. */
export function clientState(
  client: OpenAI,
  settings: Settings,
  input: LoadBalancedOpenAIOptions,
  link: Link | undefined,
): ClientState {
  const core = link?.core ?? observed(makeCore(settings, input, () => loggerOf(client)));
  const overrides = link?.overrides ?? {};
  const steering = link?.steering ?? unsteered;
  const { pool } = core;
  const pooled = pool.endpoints.length > 0;
  const first = settings.endpoints[0];
  if (first?.isolated) isolate(client, first.options.defaultHeaders);
  const initial = fieldsOf(client);
  const clients = new Map<Endpoint, OpenAI>();
  let { changes } = pool;
  const clientOf = (endpoint: Endpoint): OpenAI => {
    let found = clients.get(endpoint);
    if (!found) {
      // Where keys are rotated, this is when one goes and another comes.
      if (changes !== pool.changes) for (const other of clients.keys()) if (other.retired) clients.delete(other);
      changes = pool.changes;
      found = attemptClient(endpoint.settings, overridesFor(endpoint, overrides, core), core.fetch);
      clients.set(endpoint, found);
    }
    if (!endpoint.settings.client) follow(found, client, initial, pool.endpoints.length === 1);
    return found;
  };
  const state: ClientState = {
    core: () => core,
    pooled: () => pooled,
    caller: callers({ client, core, steering, clientOf, overrides }),
    direct(name) {
      const endpoint = pool.named(name) as Endpoint;
      const own = overridesFor(endpoint, overrides, core);
      const fetch = core.settings.transport === 'fast' ? core.fetch : globalThis.fetch;
      return directClient(endpoint.settings, own, client.timeout, client.maxRetries, fetch);
    },
    steering: () => steering,
    steeredBy: (wanted) => ({ core, overrides, steering: wanted }),
    freshOptions(options) {
      if (options.endpoints) return { ...core.input, ...options };
      if (!CONNECTION.some((key) => options[key] !== undefined)) return undefined;
      if (pool.endpoints.length > 1) {
        throw new ConfigurationError(
          'refused_option',
          'withOptions({ apiKey | baseURL }) has no meaning for several endpoints; use client.balancer.endpoint(name).withOptions(…) for one of them.',
        );
      }
      const [only = {}] = core.input.endpoints ?? [];
      if ('client' in only && only.client) {
        throw new ConfigurationError(
          'refused_option',
          'withOptions({ apiKey | baseURL }) cannot change a client you brought; build that client with them.',
        );
      }
      const { timeout, maxRetries } = client;
      const kept = { ...core.input, ...overrides, timeout, maxRetries, ...options };
      return { ...kept, endpoints: [{ ...withoutRivals(only, options), ...pick(options) } as EndpointOptions] };
    },
    cloneOptions(options) {
      const pools = Object.keys(options).filter((key) => poolKeys().has(key) && options[key as never] !== undefined);
      if (pools.length > 0) {
        throw new ConfigurationError(
          'refused_option',
          `withOptions cannot change ${pools.join(', ')}: the clone shares its pool. Construct a client with them instead.`,
        );
      }
      checkOverrides(options);
      const changed = Object.fromEntries(Object.entries(options).filter(([key]) => !OUTER_ONLY.has(key)));
      const next: Link = linkOf(options) ?? { core, overrides: { ...overrides, ...changed }, steering };
      return { ...options, ...linked(next) };
    },
  };
  return state;
}

/** What an endpoint was told instead of the option that now replaces it. */
function withoutRivals(endpoint: object, options: Partial<LoadBalancedOpenAIOptions>): object {
  const rivals = new Set<string>();
  if (options.apiKey !== undefined) for (const name of ['apiKeyEnv', 'azureADTokenProvider']) rivals.add(name);
  if (options.baseURL !== undefined) rivals.add('endpoint');
  return Object.fromEntries(Object.entries(endpoint).filter(([name]) => !rivals.has(name)));
}

function pick(options: Partial<LoadBalancedOpenAIOptions>): Partial<ClientOptions> {
  return Object.fromEntries(CONNECTION.filter((key) => options[key] !== undefined).map((key) => [key, options[key]]));
}
