/** Resolves one endpoint: shape, credentials, address, inheritance, model map. Called for each entry of `endpoints`. */
import type { OpenAI } from 'openai';
import type { ModelMap } from '../call/model-map.ts';
import { connectAzure } from './azure-endpoint.ts';
import { check } from './check.ts';
import { defaults } from './defaults.ts';
import type { EndpointType } from './endpoint-options.ts';
import { endpointSdkKeys, type OwnOptions, ownKeys, ownOptions } from './endpoint-schema.ts';
import { type Connection, type Env, readEnv } from './inheritance.ts';
import { connectOpenAI, type Fail } from './openai-endpoint.ts';
import { kindOf, type Problems } from './problems.ts';
import { azureKeys, endpointFields, isSendable, type SdkOptions, UNSENDABLE } from './sdk-options.ts';
import type { EndpointSettings } from './settings.ts';
import { split } from './split.ts';
import { unknownInEndpoint } from './unknown-options.ts';

/** What the endpoints of a pool have in common. */
export interface Surroundings {
  /** The SDK's options beside `endpoints`. */
  readonly top: SdkOptions;
  readonly modelMaps: Partial<Record<EndpointType, ModelMap | undefined>>;
  readonly env: Env;
  readonly problems: Problems;
}

/** An endpoint that may still lack its name. */
export type Unnamed = Omit<EndpointSettings, 'name'> & { readonly name: string | undefined };

function isClient(value: unknown): value is OpenAI {
  const client = value as Partial<OpenAI>;
  return (
    typeof client.request === 'function' &&
    typeof client.withOptions === 'function' &&
    typeof client.baseURL === 'string'
  );
}

function resolveBrought(
  own: OwnOptions,
  sdk: SdkOptions,
  fail: Fail,
): (Connection & { type: EndpointType }) | undefined {
  const { client } = own;
  const theirs = Object.keys(sdk).filter((name) => name !== 'timeout');
  const [first, ...more] = [...theirs, ...(own.apiKeyEnv === undefined ? [] : ['apiKeyEnv'])];
  if (first !== undefined) {
    const names = [first, ...more].join(', ');
    return fail('conflicting_options', 'client', `brings its own connection; take out ${names}, or take out client`);
  }
  if (!isClient(client))
    return fail('invalid_value', 'client', 'must be a client of the SDK, such as new OpenAI(…), got an object');
  const azure = 'apiVersion' in client && 'deploymentName' in client;
  return {
    options: {},
    isolated: false,
    baseURL: client.baseURL,
    credential: client,
    type: azure ? 'azure' : 'openai',
  };
}

function keyFromVariable(own: OwnOptions, sdk: SdkOptions, env: Env, fail: Fail): boolean {
  const { apiKeyEnv } = own;
  if (apiKeyEnv === undefined) return true;
  if (sdk.apiKey !== undefined) {
    fail('conflicting_options', 'apiKeyEnv', 'cannot be given together with apiKey; keep one of them');
    return false;
  }
  const key = readEnv(env, apiKeyEnv);
  // Some keys look like the name of a variable: only what cannot be a key is repeated.
  const shown = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(apiKeyEnv) ? `variable ${apiKeyEnv}` : 'variable of this name';
  if (key === undefined)
    fail('missing_env', 'apiKeyEnv', `the environment ${shown} is not set or empty; set it, or give apiKey`);
  else if (!isSendable(key)) fail('invalid_value', 'apiKeyEnv', `the environment ${shown} ${UNSENDABLE}`);
  else sdk.apiKey = key;
  return sdk.apiKey !== undefined;
}

function connect(type: EndpointType, sdk: SdkOptions, around: Surroundings, fail: Fail): Connection | undefined {
  if (type === 'azure') return connectAzure(sdk, around.top, around.env, fail);
  const foreign = azureKeys.filter((name) => sdk[name] !== undefined);
  const [first] = foreign;
  if (first === undefined) return connectOpenAI(sdk, around.top, around.env, fail);
  const instead = first === 'endpoint' ? ', or use baseURL' : '';
  return fail('unknown_option', first, `exists for Azure only; add type: 'azure' to the endpoint${instead}`);
}

/** Keys of local servers are often a word, such as the server's name. */
const NO_SECRET = 15;

const USER_IN_URL =
  "holds a user and a password, which fetch refuses; give apiKey: '' and defaultHeaders: { authorization: 'Basic …' } instead";

/** True for an address with a user or a password before its host. */
function holdsUser(address: string): boolean {
  try {
    const { username, password } = new URL(address);
    return username !== '' || password !== '';
  } catch {
    // No address, which is noted elsewhere.
    return false;
  }
}

/** The endpoint, or `undefined` after its problems were noted under `path`. */
export function resolveEndpoint(input: unknown, path: string, around: Surroundings): Unnamed | undefined {
  const { problems } = around;
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    problems.add('invalid_value', path, `must be an endpoint such as { apiKey: … }, got ${kindOf(input)}`);
    return undefined;
  }
  const before = problems.count;
  const parts = split(input, ownKeys(), endpointSdkKeys);
  const sdk = parts.sdk as SdkOptions;
  const fail: Fail = (code, key, message) => problems.add(code, `${path}.${key}`, message) as undefined;
  unknownInEndpoint(parts.unknown, path, problems);
  const own = check(ownOptions(), parts.own, path, problems);
  if (sdk.maxRetries !== undefined)
    fail('refused_option', 'maxRetries', 'counts for a whole call; put it beside endpoints, not into one');
  check(endpointFields(), sdk, path, problems);
  // The name is in every event, log line and message.
  if (own?.name !== undefined && own.name === sdk.apiKey && own.name.length > NO_SECRET)
    fail('invalid_value', 'name', 'must not be the key itself');
  if (!own || problems.count > before) return undefined;

  if (!own.client && !keyFromVariable(own, sdk, around.env, fail)) return undefined;
  const { timeout } = sdk;
  const brought = own.client ? resolveBrought(own, sdk, fail) : undefined;
  const type = own.type ?? brought?.type ?? 'openai';
  const connection = own.client ? brought : connect(type, sdk, around, fail);
  if (!connection) return undefined;
  if (connection.options.fetch === undefined && holdsUser(connection.baseURL))
    return fail('invalid_url', sdk.endpoint ? 'endpoint' : 'baseURL', USER_IN_URL);
  return {
    name: own.name,
    type,
    client: own.client as OpenAI | undefined,
    options: connection.options as EndpointSettings['options'],
    isolated: connection.isolated,
    baseURL: connection.baseURL,
    credential: connection.credential,
    modelMap: { ...around.modelMaps[type], ...own.modelMap },
    models: own.models,
    operations: own.operations && new Set(own.operations),
    weight: own.weight ?? defaults.weight,
    priority: own.priority,
    tags: own.tags ?? [],
    limits: own.limits,
    quotaGroup: own.quotaGroup,
    timeout,
  };
}
