/** The connections of one `fastFetch`: to origins themselves, or through the proxies that the environment names. */
import type { Dispatcher } from 'undici';
import { ConfigurationError } from '../errors.ts';
import { loadUndici } from './load-undici.ts';
import type { ConnectionSettings } from './transport-options.ts';

const PROXIES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'] as const;
const PROTOCOLS: ReadonlySet<string> = new Set(['http:', 'https:', 'socks:', 'socks5:']);
const isProxy = (text: string) => URL.canParse(text) && PROTOCOLS.has(new URL(text).protocol);

/** @throws ConfigurationError that names the variable, and not what it says: there may be a password in it. */
function checkProxies(): boolean {
  const set = PROXIES.filter((name) => process.env[name]);
  const issues = set
    .filter((name) => !isProxy(process.env[name] as string))
    .map((path) => ({ path, message: 'must be the address of a proxy, such as http://proxy.example:3128' }));
  if (issues.length > 0) {
    const text = issues.map(({ path, message }) => `the environment variable ${path} ${message}`).join('; ');
    throw new ConfigurationError('invalid_value', `The fast transport: ${text}.`, issues);
  }
  return set.length > 0;
}

/** @throws ConfigurationError when undici is not installed, or a proxy is no address. */
export function connectionsOf(settings: ConnectionSettings): Dispatcher {
  const { Agent, EnvHttpProxyAgent, Pool } = loadUndici();
  const { connections, connectTimeout, headersTimeout, bodyTimeout } = settings;
  // HTTP/2 costs more CPU than it saves connections.
  const own = { connections, connect: { timeout: connectTimeout }, headersTimeout, bodyTimeout, allowH2: false };
  if (!checkProxies()) return new Agent(own);
  return new EnvHttpProxyAgent({
    ...own,
    connectTimeout,
    // By CONNECT whatever the address: what the proxy says is never taken for an answer of the endpoint.
    proxyTunnel: true,
    // A tunnel is part of making a connection.
    clientFactory: (origin, options) => new Pool(origin, { ...options, headersTimeout: connectTimeout }),
  });
}
