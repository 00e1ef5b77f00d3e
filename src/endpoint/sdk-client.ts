/**
 * Builds the SDK client of one endpoint, guarded in all it sends, logs and prints. Step 3 sends through such a client.
 * Why its own clocks are switched off: the dispatcher keeps all deadlines on the monotonic clock; the SDK's count by the wall
 * clock and per attempt. `balancer.endpoint(name)` hands out another client with the usual timeouts.
 */
import { AzureOpenAI, type ClientOptions, OpenAI } from 'openai';
import type { AzureClientOptions } from 'openai/azure';
import type { EndpointSettings } from '../config/settings.ts';
import { redactor } from '../observe/redact.ts';
import { scrub } from '../observe/scrub.ts';
import { keepDroppedBodies } from './error-body.ts';
import { guardedFetch, originGuard, wasSent, watchAttempts } from './guarded-fetch.ts';
import { guardedLogger, recentSecrets } from './guarded-logger.ts';
import { secretsOf, secretsOfRequest, shownURL } from './secrets.ts';

/** Hooks of a subclass of `LoadBalancedOpenAI`, run by the endpoint's client once per attempt; travels in the request options. */
export type PrepareRequest = (request: RequestInit, context: { url: string; options: unknown }) => Promise<void>;

/** Key of a `PrepareRequest` hook in request options. */
export const PREPARE = Symbol('load-balanced-openai.prepare');

/** Twenty days: beyond any call, and safe from timer overflow when the wall clock is set back by days. */
const NO_TIMEOUT = 1_728_000_000;

type Fetch = typeof globalThis.fetch;
type Build = (options: ClientOptions) => OpenAI;

/** Runs the hook of an attempt after the client's own, and tells what is secret in the request before the SDK logs it. */
function installPrepare(
  client: OpenAI,
  guard: (url: string) => void,
  note: (secrets: readonly string[]) => void,
): void {
  const hooked = client as unknown as { prepareRequest: PrepareRequest };
  const own = hooked.prepareRequest.bind(client);
  const value: PrepareRequest = async (request, context) => {
    if (wasSent(context.options)) return;
    // Here already, where the caller hears why; what fetch throws the SDK takes for a lost connection and repeats.
    guard(context.url);
    await own(request, context);
    await (context.options as { [PREPARE]?: PrepareRequest })[PREPARE]?.(request, context);
    if (client.logLevel === 'debug' || client.logLevel === 'info') note(secretsOfRequest(context.url, request.headers));
  };
  Object.defineProperty(client, 'prepareRequest', { value, configurable: true, writable: true });
}

/** Undoes what the SDK reads from the environment against an endpoint of another vendor. */
export function isolate(client: OpenAI, own: ClientOptions['defaultHeaders']): void {
  (client as unknown as { _options: ClientOptions })._options.defaultHeaders = own;
}

/** True for an endpoint whose credential comes with a transport of its own. */
export function bringsTransport({ options }: EndpointSettings): boolean {
  return (
    ('x509Transport' in options && options.x509Transport !== undefined) ||
    ('credential' in options && options.credential !== undefined)
  );
}

/** True for an endpoint whose key is a function, or whose brought client's is: asked again, it may give a fresh one. */
export function renewsKey({ credential, client }: EndpointSettings): boolean {
  const brought = (client as unknown as { _options?: ClientOptions } | undefined)?._options;
  return typeof credential === 'function' || typeof brought?.apiKey === 'function';
}

/** SDK options that a clone of the balancing client may change for every endpoint. */
export type ClientOverrides = Partial<ClientOptions>;

/** Keeps a client's key to its origin, out of the log, and apart from what the environment says of another vendor. */
function guarded(settings: EndpointSettings, given: ClientOptions, fetch: Fetch, build: Build): OpenAI {
  const options = { ...given };
  const guard = originGuard(() => client);
  // A certificate identity brings its own transport and refuses every other fetch.
  if (!bringsTransport(settings)) options.fetch = guardedFetch(options.fetch ?? fetch, guard);
  const lately = recentSecrets();
  options.logger = guardedLogger(options.logger ?? console, () => [...secretsOf(settings, client), ...lately.all()]);
  const client = build(options);
  if (settings.isolated) isolate(client, options.defaultHeaders);
  installPrepare(client, guard, lately.add);
  return client;
}

/**
 * The client that the resources of `client` send through: beneath a tracer's Proxy, which hands methods itself as `this`, so
 * that the SDK cannot reach its own private members and no method of the client works.
 */
export function beneath<Client extends OpenAI>(client: Client): Client {
  const inner = (client.models as unknown as { _client?: Client } | undefined)?._client;
  return inner?.models === client.models ? inner : client;
}

const construct = (settings: EndpointSettings) => (options: ClientOptions) =>
  settings.type === 'azure' ? new AzureOpenAI(options as AzureClientOptions) : new OpenAI(options);

/** Lets go of the resources of a client that only sends: four fifths of what it holds, times the endpoints of a pool. */
function withoutResources<Client extends OpenAI>(client: Client): Client {
  const members = client as unknown as Record<string, unknown>;
  for (const name of Object.keys(members)) {
    const { _client } = (members[name] ?? {}) as { _client?: unknown };
    if (_client === client) members[name] = undefined;
  }
  return client;
}

/** The client through which attempts on an endpoint are sent, without `chat` and the like; a brought one itself. */
export function attemptClient(settings: EndpointSettings, overrides: ClientOverrides, fetch: Fetch): OpenAI {
  if (settings.client) return watchAttempts(beneath(settings.client));
  const options = { ...settings.options, ...overrides, maxRetries: 0, timeout: NO_TIMEOUT } as ClientOptions;
  const client = withoutResources(beneath(guarded(settings, options, fetch, construct(settings))));
  keepDroppedBodies(client);
  return client;
}

/** Puts a member onto one client; not listed, so that it looks like the SDK's. */
function own(client: OpenAI, name: PropertyKey, value: unknown): void {
  Object.defineProperty(client, name, { value, configurable: true, writable: true });
}

/** Makes a client for direct use print without its key, and its clones as careful as itself. @param given what it was built with. */
function concealed(settings: EndpointSettings, client: OpenAI, given: ClientOptions, fetch: Fetch): OpenAI {
  const { withOptions } = client;
  const make = (client as unknown as { makeStatusError(...facts: unknown[]): unknown }).makeStatusError.bind(client);
  own(client, 'makeStatusError', (...facts: unknown[]) => scrub(make(...facts), redactor(secretsOf(settings, client))));
  const shown = () => ({ endpoint: settings.name, baseURL: shownURL(client.baseURL) });
  own(client, 'toJSON', shown);
  own(
    client,
    Symbol.for('nodejs.util.inspect.custom'),
    () => `${client.constructor.name} { endpoint: ${settings.name}, baseURL: ${shown().baseURL} }`,
  );
  own(client, 'withOptions', (changes: Partial<ClientOptions>) => {
    const next = { ...given, ...changes } as AzureClientOptions;
    const { logger, fetch: transport, defaultHeaders, apiVersion, deployment } = next;
    // Version 6 of the SDK forgets what only Azure has.
    const azure = settings.type === 'azure' ? { apiVersion, deployment } : {};
    const options = { ...changes, logger, fetch: transport, defaultHeaders, ...azure };
    const clone = guarded(settings, options, fetch, (safe) => withOptions.call(client, safe));
    return concealed(settings, clone, next as ClientOptions, fetch);
  });
  return client;
}

/** The client for direct use, with the SDK's own retries and timeouts, as careful with its key. @param timeout ms. */
export function directClient(
  settings: EndpointSettings,
  overrides: ClientOverrides,
  timeout: number,
  maxRetries: number,
  fetch: Fetch = globalThis.fetch,
): OpenAI {
  if (settings.client) return settings.client;
  const options = { ...settings.options, timeout, maxRetries, ...overrides } as ClientOptions;
  return concealed(settings, guarded(settings, options, fetch, construct(settings)), options, fetch);
}
