// Builds the SDK client of a resolved endpoint in any SDK version and tells what one call of it puts on the wire.
import type { EndpointOptions } from '../../src/config/endpoint-options.ts';
import type { LoadBalancedOpenAIOptions } from '../../src/config/options.ts';
import { resolveSettings } from '../../src/config/resolve-settings.ts';
import type { EndpointSettings } from '../../src/config/settings.ts';

/** The part of an SDK package that is needed here. */
export interface Sdk {
  OpenAI: new (options: never) => unknown;
  AzureOpenAI: new (options: never) => unknown;
}

/** Environment variables of another vendor's account, every value with "hostile" in it. */
export const hostileEnv = {
  OPENAI_API_KEY: 'sk-hostile-key',
  OPENAI_ADMIN_KEY: 'sk-hostile-admin',
  OPENAI_ORG_ID: 'org-hostile',
  OPENAI_PROJECT_ID: 'proj-hostile',
  OPENAI_WEBHOOK_SECRET: 'whsec-hostile',
  OPENAI_BASE_URL: 'https://hostile.example/v1',
  OPENAI_CUSTOM_HEADERS: 'X-Hostile: hostile\nAuthorization: Bearer hostile',
  AZURE_OPENAI_API_KEY: 'hostile-azure-key',
  AZURE_OPENAI_ENDPOINT: 'https://hostile.azure.example',
};

/** Addresses of the endpoint under test. */
export const URL = 'https://vendor.example/v1';
export const AZURE = { type: 'azure', endpoint: 'https://mine.azure.example/', apiVersion: '2024-10-21' } as const;

/** Top-level options of somebody else. */
export const pool: LoadBalancedOpenAIOptions = {
  apiKey: 'sk-pool-hostile',
  adminAPIKey: 'sk-admin-hostile',
  organization: 'org-pool-hostile',
  project: 'proj-pool-hostile',
  webhookSecret: 'whsec-pool-hostile',
  defaultHeaders: { 'X-Trace': 'pool', 'X-Api-Key': 'hostile', 'OpenAI-Organization': 'hostile' },
  defaultQuery: { tenant: 'a', key: 'hostile' },
};

/** The one endpoint of a pool, resolved with the environment as it is. */
export function resolve(endpoint: EndpointOptions, options: LoadBalancedOpenAIOptions = {}): EndpointSettings {
  return resolveSettings({ ...options, endpoints: [endpoint] }, process.env).endpoints[0] as EndpointSettings;
}

interface Client {
  _options: { defaultHeaders?: unknown };
  webhookSecret: string | null;
  adminAPIKey?: string | null;
  chat: { completions: { create(body: object): Promise<unknown> } };
}

/** What one chat call sends: its address and headers, and the client's other secrets. */
export async function wireOf(sdk: Sdk, settings: EndpointSettings) {
  let url = '';
  let headers = new Headers();
  const fetch = async (input: string | URL | Request, init?: RequestInit) => {
    url = String(input);
    headers = new Headers(init?.headers);
    return Response.json({ choices: [] });
  };
  const Class = settings.type === 'azure' ? sdk.AzureOpenAI : sdk.OpenAI;
  const client = new Class({ ...settings.options, fetch, maxRetries: 0 } as never) as Client;
  // As endpoint/sdk-client.ts does it.
  if (settings.isolated) client._options.defaultHeaders = settings.options.defaultHeaders;
  await client.chat.completions.create({ model: 'gpt-5', messages: [] });
  return { url, headers: Object.fromEntries(headers), secrets: [client.webhookSecret, client.adminAPIKey] };
}
