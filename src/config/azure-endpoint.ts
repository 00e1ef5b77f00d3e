/**
 * Address and credentials of an endpoint of type `azure`. Part of resolving an endpoint; see `inheritance.ts` for the rule.
 * Always apart from the variables and keys for OpenAI: `OPENAI_BASE_URL`, `OPENAI_ORG_ID` or `OPENAI_CUSTOM_HEADERS` mean
 * another vendor here, although the SDK's `AzureOpenAI` would read them.
 */
import { authenticates } from './headers.ts';
import { type Connection, closeToEnvironment, type Env, inheritPlain, readEnv, sendNoKey } from './inheritance.ts';
import type { Fail } from './openai-endpoint.ts';
import type { SdkOptions } from './sdk-options.ts';

const MISSING_OWN =
  'is missing: the endpoint names its own address, and keys of the pool or the environment never follow there; ' +
  "give it apiKey, apiKeyEnv (such as 'AZURE_OPENAI_API_KEY') or azureADTokenProvider, or apiKey: '' if it needs none";
const MISSING =
  'is missing: give the endpoint apiKey, apiKeyEnv or azureADTokenProvider, or set the environment variable AZURE_OPENAI_API_KEY';

/** Resolves one endpoint. `own` holds no `undefined` values. */
export function connectAzure(own: SdkOptions, top: SdkOptions, env: Env, fail: Fail): Connection | undefined {
  for (const name of ['provider', 'credential', 'x509Transport', 'dataResidency'] as const) {
    if (own[name] != null) return fail('refused_option', name, "does not exist for type 'azure'; leave it out");
  }
  if (own.baseURL && own.endpoint) {
    return fail('conflicting_options', 'endpoint', 'cannot be given together with baseURL; keep one of them');
  }
  if (own.apiKey && own.azureADTokenProvider) {
    return fail('conflicting_options', 'azureADTokenProvider', 'cannot be given together with a key; keep one of them');
  }
  const { endpoint: ownEndpoint, baseURL: ownURL, ...rest } = own;
  const resource = ownEndpoint || readEnv(env, 'AZURE_OPENAI_ENDPOINT');
  const baseURL = ownURL || (resource && `${resource.replace(/\/+$/, '')}/openai`);
  if (!baseURL) {
    const fix = 'give the endpoint endpoint or baseURL, or set the environment variable AZURE_OPENAI_ENDPOINT';
    return fail('missing_option', 'endpoint', `is missing: ${fix}`);
  }
  const apiVersion = own.apiVersion ?? readEnv(env, 'OPENAI_API_VERSION');
  if (!apiVersion) {
    const fix =
      "give the endpoint apiVersion, such as '2024-10-21', or set the environment variable OPENAI_API_VERSION";
    return fail('missing_option', 'apiVersion', `is missing: ${fix}`);
  }
  const named = Boolean(ownURL || ownEndpoint);
  const options: SdkOptions = { ...inheritPlain(rest, top, true), baseURL, apiVersion };
  closeToEnvironment(options);
  if (own.azureADTokenProvider) {
    // Empty and not left out: the SDK would read AZURE_OPENAI_API_KEY and refuse to have both.
    options.apiKey = '';
    return { options, isolated: true, baseURL, credential: own.azureADTokenProvider };
  }
  const fromEnv = named ? undefined : readEnv(env, 'AZURE_OPENAI_API_KEY');
  const key = own.apiKey === undefined ? fromEnv : own.apiKey;
  if (key) options.apiKey = key;
  else if (key === '' || authenticates(options.defaultHeaders)) sendNoKey(options, 'api-key');
  else return fail('missing_key', 'apiKey', named ? MISSING_OWN : MISSING);
  return { options, isolated: true, baseURL, credential: key || null };
}
