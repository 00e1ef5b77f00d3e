/**
 * The pool that the environment describes, read only when the code names no credential, address or endpoint.
 * `OPENAI_API_KEYS` (else `OPENAI_API_KEY`) × `SERVICE_ENDPOINTS.openai`: every key on every URL, URL by URL and on each the
 * keys as listed, so that with strategy `priority` the first URL is used up before the second. Without URLs one endpoint per
 * key, wherever the SDK goes. `OPENAI_API_KEY` alone is no pool.
 */
import { authenticates } from './headers.ts';
import { type Env, readEnv } from './inheritance.ts';
import { jsonErrorAt } from './json-error.ts';
import { kindOf, type Problems, pathOf } from './problems.ts';
import { azureKeys, isSendable, type SdkOptions, UNSENDABLE, urlProblem } from './sdk-options.ts';
import { didYouMean } from './suggest.ts';

/** An endpoint found in the environment. */
export interface FoundEndpoint {
  readonly apiKey: string;
  readonly baseURL?: string;
}

/** Options that say where and as whom to call: with one of them the environment describes no pool. */
const CONNECTING = [
  'apiKey',
  'adminAPIKey',
  'baseURL',
  'provider',
  'workloadIdentity',
  'x509Transport',
  'credential',
] as const;

/** Do the options name a credential or an address, so that the environment form does not apply? */
export function saysWhere(sdk: SdkOptions, unknown: readonly string[]): boolean {
  return (
    CONNECTING.some((name) => sdk[name] !== undefined) ||
    unknown.some((name) => (azureKeys as readonly string[]).includes(name)) ||
    authenticates(sdk.defaultHeaders)
  );
}

const VARIABLE = 'SERVICE_ENDPOINTS';
const EXAMPLE = `expected for example ${VARIABLE}='{"openai":["https://api.openai.com/v1"]}'`;
/** Services that may be listed; the second one is the gateway's affair. */
const SERVICES = ['openai', 'anthropic'];

function parse(text: string, problems: Problems): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const at = jsonErrorAt(text);
    const where = at >= text.length ? 'ends too early' : `is no JSON at position ${at}`;
    problems.add('invalid_service_endpoints', VARIABLE, `the environment variable ${where}; ${EXAMPLE}`);
    return undefined;
  }
}

function readURLs(env: Env, problems: Problems): string[] {
  const text = readEnv(env, VARIABLE);
  const services = text === undefined ? undefined : parse(text, problems);
  if (services === undefined) return [];
  const wrong = (path: string, message: string) => problems.add('invalid_service_endpoints', path, message);
  if (typeof services !== 'object' || services === null || Array.isArray(services)) {
    wrong(VARIABLE, `the environment variable must hold an object, got ${kindOf(services)}; ${EXAMPLE}`);
    return [];
  }
  const urls: string[] = [];
  for (const [service, list] of Object.entries(services)) {
    const path = pathOf(VARIABLE, [service]);
    if (!SERVICES.includes(service)) {
      const known = SERVICES.map((name) => `'${name}'`).join(' and ');
      wrong(VARIABLE, `names an unknown service${didYouMean(service, SERVICES)}; known are ${known}; ${EXAMPLE}`);
    } else if (!Array.isArray(list)) {
      wrong(path, `must be an array of URLs, got ${kindOf(list)}; ${EXAMPLE}`);
    } else if (service === 'openai') {
      for (const [index, url] of list.entries()) {
        const isText = typeof url === 'string' && url !== '';
        const message = isText ? urlProblem(url) : `must be a URL, got ${kindOf(url)}`;
        if (message) wrong(pathOf(path, [index]), `${message}; ${EXAMPLE}`);
        else urls.push(url as string);
      }
    }
  }
  return urls;
}

/** The endpoints the environment describes; none when it describes no pool. */
export function endpointsOfEnvironment(env: Env, problems: Problems): FoundEndpoint[] {
  const listed = (env.OPENAI_API_KEYS ?? '').split(',').map((key) => key.trim());
  for (const [index, key] of listed.entries()) {
    const message = isSendable(key) ? 'holds a semicolon' : UNSENDABLE;
    if (!isSendable(key) || key.includes(';'))
      problems.add('invalid_value', pathOf('OPENAI_API_KEYS', [index]), `${message}; separate keys by commas`);
  }
  let keys = listed.filter((key) => key !== '' && isSendable(key));
  const urls = readURLs(env, problems);
  if (keys.length === 0) {
    const single = readEnv(env, 'OPENAI_API_KEY');
    if (urls.length === 0 || single === undefined) return [];
    keys = [single];
  }
  if (urls.length === 0) return keys.map((apiKey) => ({ apiKey }));
  return urls.flatMap((baseURL) => keys.map((apiKey) => ({ apiKey, baseURL })));
}
