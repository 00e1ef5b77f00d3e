/**
 * Builds the SDK client of one endpoint and guards its `fetch`. Step 3 sends through such a client.
 * Why its own clocks are switched off: the dispatcher keeps all deadlines on the monotonic clock; the SDK's count by the wall
 * clock and per attempt. `balancer.endpoint(name)` hands out another client with the usual timeouts.
 */
import { AzureOpenAI, type ClientOptions, OpenAI, OpenAIError } from 'openai';
import type { AzureClientOptions } from 'openai/azure';
import type { EndpointSettings } from '../config/settings.ts';
import { boundErrorBody, keepDroppedBodies } from './error-body.ts';

/** Told by the guarded fetch what happened to one attempt; travels in the attempt's `fetchOptions`. */
export interface FetchWatch {
  /** The response's headers came. */
  answered(): void;
  /** The request failed before a response; the error as fetch threw it. */
  failed(error: unknown): void;
}

/** Hooks of a subclass of `LoadBalancedOpenAI`, run by the endpoint's client once per attempt; travels in the request options. */
export type PrepareRequest = (request: RequestInit, context: { url: string; options: unknown }) => Promise<void>;

/** Key of the `FetchWatch` in `fetchOptions`. Why a symbol: it passes through the SDK's spreads and means nothing to fetch. */
export const WATCH = Symbol('load-balanced-openai.watch');
/** Key of a `PrepareRequest` hook in request options. */
export const PREPARE = Symbol('load-balanced-openai.prepare');

/** Twenty days: beyond any call, and safe from timer overflow when the wall clock is set back by days. */
const NO_TIMEOUT = 1_728_000_000;

type Fetch = typeof globalThis.fetch;

function guardedFetch(fetch: Fetch, client: () => OpenAI): Fetch {
  let [base, own] = ['', ''];
  return async (input, init) => {
    const url = typeof input === 'string' ? input : input instanceof URL ? input.href : input.url;
    const { baseURL } = client();
    if (baseURL !== base) {
      base = baseURL;
      own = new URL(base).origin;
    }
    if (!url.startsWith(`${own}/`) && new URL(url).origin !== own) {
      throw new OpenAIError(`Refused to send a request of this endpoint to another origin (${new URL(url).origin}).`);
    }
    const watch = (init as { [WATCH]?: FetchWatch } | undefined)?.[WATCH];
    let response: Response;
    try {
      // Nothing is ever sent to where a reply points.
      response = await fetch(input, { ...init, redirect: 'manual' });
    } catch (error) {
      watch?.failed(error);
      throw error;
    }
    watch?.answered();
    return response.ok ? response : boundErrorBody(response);
  };
}

/** A logger that throws must not reach a call, also not from the SDK's own lines. */
function guardedLogger(logger: NonNullable<ClientOptions['logger']>): NonNullable<ClientOptions['logger']> {
  const guard =
    (level: 'error' | 'warn' | 'info' | 'debug') =>
    (message: string, ...rest: unknown[]) => {
      try {
        logger[level](message, ...rest);
      } catch {
        // The user's own code; there is nobody left to tell.
      }
    };
  return { error: guard('error'), warn: guard('warn'), info: guard('info'), debug: guard('debug') };
}

function installPrepare(client: OpenAI): void {
  const hooked = client as unknown as { prepareRequest: PrepareRequest };
  const own = hooked.prepareRequest.bind(client);
  const value: PrepareRequest = async (request, context) => {
    await own(request, context);
    await (context.options as { [PREPARE]?: PrepareRequest })[PREPARE]?.(request, context);
  };
  Object.defineProperty(client, 'prepareRequest', { value, configurable: true, writable: true });
}

/** Undoes what the SDK reads from the environment against an endpoint of another vendor. */
export function isolate(client: OpenAI, own: ClientOptions['defaultHeaders']): void {
  (client as unknown as { _options: ClientOptions })._options.defaultHeaders = own;
}

function construct(settings: EndpointSettings, options: ClientOptions): OpenAI {
  const client = settings.type === 'azure' ? new AzureOpenAI(options as AzureClientOptions) : new OpenAI(options);
  if (settings.isolated) isolate(client, options.defaultHeaders);
  return client;
}

/** True for an endpoint whose credential comes with a transport of its own. */
export function bringsTransport({ options }: EndpointSettings): boolean {
  return (
    ('x509Transport' in options && options.x509Transport !== undefined) ||
    ('credential' in options && options.credential !== undefined)
  );
}

/** SDK options that a clone of the balancing client may change for every endpoint. */
export type ClientOverrides = Partial<ClientOptions>;

/** The client through which attempts on an endpoint are sent; a brought client as it is. */
export function attemptClient(settings: EndpointSettings, overrides: ClientOverrides, fetch: Fetch): OpenAI {
  if (settings.client) return settings.client;
  const options = { ...settings.options, ...overrides, maxRetries: 0, timeout: NO_TIMEOUT } as ClientOptions;
  // A certificate identity brings its own transport and refuses every other fetch.
  if (!bringsTransport(settings)) options.fetch = guardedFetch(options.fetch ?? fetch, () => client);
  if (options.logger) options.logger = guardedLogger(options.logger);
  const client = construct(settings, options);
  installPrepare(client);
  keepDroppedBodies(client);
  return client;
}

/** The client for direct use, with the SDK's own retries and timeouts, as careful with its key. @param timeout ms. */
export function directClient(
  settings: EndpointSettings,
  overrides: ClientOverrides,
  timeout: number,
  maxRetries: number,
): OpenAI {
  if (settings.client) return settings.client;
  const options = { ...settings.options, timeout, maxRetries, ...overrides } as ClientOptions;
  if (!bringsTransport(settings)) options.fetch = guardedFetch(options.fetch ?? globalThis.fetch, () => client);
  const client = construct(settings, options);
  return client;
}
