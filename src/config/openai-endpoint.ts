/** Address and credentials of an endpoint of type `openai`. Part of resolving an endpoint; see `inheritance.ts` for the rule. */
import { authenticates } from './headers.ts';
import { type Connection, closeToEnvironment, type Env, inheritPlain, readEnv, sendNoKey } from './inheritance.ts';
import type { ProblemCode } from './problems.ts';
import type { SdkOptions } from './sdk-options.ts';

/** Where the SDK goes when nothing else is said. */
export const OFFICIAL_URL = 'https://api.openai.com/v1';

/** Notes a problem of this endpoint and gives up on it. */
export type Fail = (code: ProblemCode, key: string, message: string) => undefined;

/** Credentials that exclude a key: the SDK refuses both together. */
const EXCLUSIVE = ['workloadIdentity', 'credential', 'provider'] as const;

const exclusiveOf = (options: SdkOptions) => EXCLUSIVE.map((name) => options[name]).find((value) => value != null);

function takeSecrets(options: SdkOptions, top: SdkOptions, env: Env): void {
  for (const name of ['organization', 'project', 'webhookSecret'] as const) {
    if (options[name] === undefined && top[name] !== undefined) options[name] = top[name];
  }
  if (exclusiveOf(options) != null) {
    options.apiKey ??= null;
    return;
  }
  const ownKey = options.apiKey !== undefined || options.adminAPIKey != null;
  if (!ownKey && top.apiKey === undefined && exclusiveOf(top) != null) {
    for (const name of [...EXCLUSIVE, 'x509Transport'] as const) {
      if (top[name] !== undefined) Object.assign(options, { [name]: top[name] });
    }
    options.apiKey ??= null;
    return;
  }
  if (options.adminAPIKey === undefined && top.adminAPIKey !== undefined) options.adminAPIKey = top.adminAPIKey;
  if (options.apiKey === undefined) {
    const key = top.apiKey === undefined ? readEnv(env, 'OPENAI_API_KEY') : top.apiKey;
    if (key !== undefined) options.apiKey = key;
  }
}

function takeAddress(options: SdkOptions, top: SdkOptions): void {
  if (options.provider != null || options.credential != null || options.x509Transport != null) return;
  const region = options.dataResidency ?? top.dataResidency;
  // One or the other: the SDK refuses both, even an address that is undefined.
  if (region != null) options.dataResidency = region;
  else if (top.baseURL !== undefined) options.baseURL = top.baseURL;
}

/** What the SDK would refuse to see together, in its own time: in the middle of a call. */
function conflict(own: SdkOptions, fail: Fail): boolean {
  const exclusive = EXCLUSIVE.filter((name) => own[name] != null);
  const [first, second] = exclusive;
  const other = second ?? (own.apiKey ? 'apiKey' : undefined);
  if (first !== undefined && other !== undefined)
    fail('conflicting_options', first, `cannot be given together with ${other}`);
  else if (own.provider != null && own.baseURL)
    fail('conflicting_options', 'provider', 'cannot be given together with baseURL');
  else if (own.dataResidency != null && own.baseURL !== undefined)
    fail('conflicting_options', 'dataResidency', 'cannot be given together with baseURL');
  else return false;
  return true;
}

function addressOf(options: SdkOptions, env: Env): string {
  if (options.provider != null || options.credential != null || options.x509Transport != null) {
    return options.baseURL ?? '';
  }
  if (options.dataResidency != null) {
    return options.dataResidency === 'global'
      ? OFFICIAL_URL
      : `https://${String(options.dataResidency)}.api.openai.com/v1`;
  }
  const url = options.baseURL === undefined ? readEnv(env, 'OPENAI_BASE_URL') : options.baseURL;
  return url || OFFICIAL_URL;
}

const MISSING_OWN =
  'is missing: the endpoint names its own address, and keys of the pool or the environment never follow there; ' +
  "give it apiKey or apiKeyEnv, or apiKey: '' if it needs none";
const MISSING = 'is missing: give the endpoint apiKey or apiKeyEnv, or set the environment variable OPENAI_API_KEY';

/** Resolves one endpoint. `own` holds no `undefined` values. */
export function connectOpenAI(own: SdkOptions, top: SdkOptions, env: Env, fail: Fail): Connection | undefined {
  if (conflict(own, fail)) return undefined;
  const named =
    own.baseURL !== undefined || own.provider != null || (own.dataResidency != null && top.baseURL !== undefined);
  const options = inheritPlain(own, top, named);
  if (named) closeToEnvironment(options);
  else {
    takeSecrets(options, top, env);
    takeAddress(options, top);
  }
  const admin =
    options.adminAPIKey ?? (named || options.adminAPIKey === null ? undefined : readEnv(env, 'OPENAI_ADMIN_KEY'));
  const other = exclusiveOf(options) ?? admin;
  if (options.apiKey === '' || (options.apiKey == null && other == null && authenticates(options.defaultHeaders))) {
    if (other == null) sendNoKey(options, 'authorization');
    else options.apiKey = null;
  } else if (options.apiKey == null && other == null) {
    return fail('missing_key', 'apiKey', named ? MISSING_OWN : MISSING);
  } else if (named) options.apiKey ??= null;
  const credential = exclusiveOf(options) ?? options.apiKey ?? admin ?? null;
  return { options, isolated: named, baseURL: addressOf(options, env), credential };
}
