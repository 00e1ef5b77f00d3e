/** Turns the SDK's request options into a `Call`: what is asked for, how long it may take, what may be done twice. */
import type { OpenAI } from 'openai';
import { idsInCall } from '../affinity/stateful-ids.ts';
import type { Call, Replay } from '../call/call.ts';
import { contentOf } from '../call/content.ts';
import { Demand } from '../call/demand.ts';
import { JsonText } from '../call/json-text.ts';
import { modelOf } from '../call/localize.ts';
import { operationOf } from '../call/operations.ts';
import { Prompt } from '../call/prompt.ts';
import type { Steering } from '../call/steering.ts';
import type { Clock } from '../clock.ts';
import { namesAuthentication } from '../config/headers.ts';
import type { PoolSettings } from '../config/settings.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { foreignOriginError } from '../errors.ts';
import type { Pool } from '../pool/pool.ts';
import { storeOf } from './upload-chains.ts';

/** The SDK's options of one request. */
export type RequestOptions = Awaited<Parameters<OpenAI['request']>[0]>;

/** Metadata key under which a page remembers the endpoint its list came from. */
export const PAGE_ENDPOINT = 'loadBalancedOpenAIEndpoint';

/** What of the client decides about a call. */
export interface CallDefaults {
  readonly timeout: number;
  readonly maxRetries: number;
  readonly steering: Steering;
  /** Set for one endpoint's part of a list: when the whole ends, in monotonic ms. */
  readonly part?: { readonly deadline: number } | undefined;
}

/** May the model act by itself while it answers? Then a second attempt beside the first would act twice as a rule. */
function actsByItself(tools: unknown): boolean {
  return Array.isArray(tools) && tools.some((tool: { type?: unknown } | null) => tool?.type === 'mcp');
}

let calls = 0;

const ABSOLUTE = /^[a-z][a-z0-9+.-]*:|^\/\//i;

/** The origin an absolute URL given as path leads to; `undefined` for a path below the base URL. */
export function foreignOrigin(path: string): string | undefined {
  if (!ABSOLUTE.test(path)) return undefined;
  try {
    return new URL(path, 'https://localhost').origin;
  } catch {
    return 'an unknown host';
  }
}

/** The endpoint an absolute URL leads to. @throws when it leads to none. */
export function hostOf(path: string, pool: Pick<Pool, 'endpoints'>): Endpoint | undefined {
  const origin = foreignOrigin(path);
  if (origin === undefined) return undefined;
  const host = pool.endpoints.find(({ settings, drained }) => !drained && foreignOrigin(settings.baseURL) === origin);
  if (!host) throw foreignOriginError(origin);
  return host;
}

function positive(value: unknown, otherwise: number): number {
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : otherwise;
}

/** Describes the call that `options` ask for. @param replay what its body allows. */
export function callOf(
  options: RequestOptions,
  replay: 'free' | 'once',
  defaults: CallDefaults,
  settings: PoolSettings,
  clock: Clock,
): Call {
  const { signal } = options;
  const body = contentOf(options.body);
  const operation = operationOf(options.method, options.path);
  const record = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const maxRetries = Math.floor(Math.max(0, options.maxRetries ?? defaults.maxRetries));
  const startedAt = clock.now();
  const creates = operation.creates || (operation.name === 'responses' && record.background === true);
  const kind: Replay = replay === 'once' ? 'once' : creates ? 'create' : 'free';
  const { endpoint: pin, tags, session, importance = 'normal', hedge = settings.hedge } = defaults.steering;
  const page = options.__metadata?.[PAGE_ENDPOINT];
  const model = modelOf(options);
  const ids = idsInCall({ operation, model, body, query: options.query });
  const store = operation.name === 'files' ? storeOf(options.__metadata) : undefined;
  calls += 1;
  return {
    id: `call-${calls}`,
    operation,
    method: options.method,
    model,
    stream: options.stream === true || record.stream === true,
    demand: new Demand(body, options.body instanceof JsonText ? options.body.unseen : 0),
    replay: kind,
    hedge: hedge && !actsByItself(record.tools) && hedge,
    ownerIds: store ? [...ids, store] : ids,
    // A session keeps its own place.
    prompt: new Prompt(operation, body, options.headers, settings.affinity.cache !== false && session === undefined),
    pin: typeof page === 'string' ? page : pin,
    part: defaults.part !== undefined,
    tags,
    session,
    importance,
    maxRetries,
    maxAttempts: settings.maxAttempts ?? Math.max(3, maxRetries + 1),
    startedAt,
    deadline: Math.min(
      startedAt + positive(options.timeout, defaults.timeout),
      defaults.part?.deadline ?? Number.POSITIVE_INFINITY,
    ),
    clientTimeout: defaults.timeout,
    ownCredentials: options.headers !== undefined && namesAuthentication(options.headers),
    signal: signal ?? undefined,
  };
}
