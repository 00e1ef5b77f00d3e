/**
 * What the balancing client itself tells the SDK's constructor: the address and key of its first endpoint, a real pair.
 * Why: websockets, tracers and libraries that rebuild a client read `baseURL` and `apiKey` off it; no call is sent with them.
 */
import type { ClientOptions } from 'openai';
import type { AzureClientOptions } from 'openai/azure';
import type { EndpointSettings, Settings } from '../config/settings.ts';
import { sharedFastFetch } from '../transport/shared-fast-fetch.ts';

function addressOf(endpoint: EndpointSettings): ClientOptions {
  const { client } = endpoint;
  if (client) {
    const { _options } = client as unknown as { _options: ClientOptions };
    const { apiKey, baseURL, adminAPIKey, organization, project } = client;
    const { provider, workloadIdentity } = _options;
    if (provider) return { provider };
    if (workloadIdentity) return { workloadIdentity, baseURL, organization, project };
    return { apiKey: _options.apiKey ?? apiKey ?? '', baseURL, adminAPIKey, organization, project };
  }
  if (endpoint.type === 'openai') return endpoint.options as ClientOptions;
  const {
    endpoint: _host,
    deployment: _deployment,
    apiVersion: _version,
    azureADTokenProvider,
    apiKey,
    ...rest
  } = endpoint.options as AzureClientOptions;
  return { ...rest, apiKey: azureADTokenProvider ?? apiKey ?? '', baseURL: endpoint.baseURL };
}

/** The options for `super()`. Without a pool they are the caller's own. */
export function outerOptions(settings: Settings): ClientOptions {
  const [first] = settings.endpoints;
  // Without a pool the SDK itself sends.
  if (!first) return settings.transport === 'fast' ? { ...settings.client, fetch: sharedFastFetch() } : settings.client;
  const { timeout, maxRetries, webhookSecret, logger, logLevel, dangerouslyAllowBrowser } = settings.client;
  const { webhookSecret: own, timeout: _timeout, ...address } = addressOf(first);
  const shared = {
    timeout,
    maxRetries,
    logger,
    logLevel,
    dangerouslyAllowBrowser,
    webhookSecret: webhookSecret ?? own ?? undefined,
  };
  const given = Object.entries(shared).filter(([, value]) => value !== undefined);
  return { ...address, ...Object.fromEntries(given) };
}
