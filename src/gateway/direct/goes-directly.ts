/** Whether a pool's calls can go out directly: all of its endpoints are asked as the SDK asks them, over plain connections, with a fixed key. */
import type { ClientOptions, OpenAI } from 'openai';
import type { Endpoint } from '../../endpoint/endpoint.ts';
import { bringsTransport } from '../../endpoint/sdk-client.ts';
import type { Core } from '../../sdk/core.ts';
import { isStandard } from '../../sdk/standard.ts';
import { anthropicFetch } from '../config/anthropic-fetch.ts';
import { canConnect } from './connections.ts';

/** As it is before anybody puts another one in its place, who wants to see what goes out. */
const nativeFetch = globalThis.fetch;

const PROXIES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'];
/** Set where the standard fetch goes through proxies; the fast transport does so wherever one is named. */
const isToProxy = process.env.NODE_USE_ENV_PROXY === '1' || process.execArgv.includes('--use-env-proxy');
const namesProxy = () => PROXIES.some((name) => process.env[name]);

/** True where calls of a pool go through the proxies that the environment names. */
export const followsProxies = ({ settings }: Core): boolean =>
  (settings.transport === 'fast' || isToProxy) && namesProxy();

const optionsOf = (client: OpenAI) => (client as unknown as { readonly _options: ClientOptions })._options;

function isPlain({ settings }: Endpoint, client: OpenAI): boolean {
  const { credential, options } = settings;
  const own = optionsOf(client);
  if (settings.client || bringsTransport(settings)) return false;
  if (typeof credential !== 'string' && credential !== null) return false;
  const fetch = (options as ClientOptions).fetch;
  if (fetch !== undefined && fetch !== anthropicFetch) return false;
  if (own.fetchOptions || client.fetchOptions || own.provider || own.workloadIdentity) return false;
  return isStandard(client, settings.type);
}

/** What was found of a pool in its present state. */
const found = new WeakMap<Core, { readonly changes: number; readonly plain: boolean }>();

/** True for a pool whose calls can go out directly. @param clientOf the SDK client of an endpoint. */
export function goesDirectly(core: Core, clientOf: (endpoint: Endpoint) => OpenAI): boolean {
  const { pool } = core;
  const known = found.get(core);
  if (known?.changes === pool.changes) return known.plain;
  const isFast = core.settings.transport === 'fast';
  const isOurs = (isFast || core.fetch === nativeFetch) && !followsProxies(core);
  const plain = canConnect && isOurs && pool.endpoints.every((endpoint) => isPlain(endpoint, clientOf(endpoint)));
  found.set(core, { changes: pool.changes, plain });
  return plain;
}
