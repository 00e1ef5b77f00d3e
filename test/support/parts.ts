// Small parts for unit tests: a call, an endpoint, settings, errors as the SDK throws them. Only what a test cares about is named.
import { APIConnectionError, APIError } from 'openai';
import type { Call } from '../../src/call/call.ts';
import { Demand } from '../../src/call/demand.ts';
import { operationOf } from '../../src/call/operations.ts';
import type { AttemptReport } from '../../src/call/outcome.ts';
import type { OwnedId } from '../../src/call/owned-id.ts';
import type { Clock } from '../../src/clock.ts';
import { defaults } from '../../src/config/defaults.ts';
import type { BreakerSettings, EndpointSettings, PoolSettings } from '../../src/config/settings.ts';
import { Endpoint } from '../../src/endpoint/endpoint.ts';
import { EndpointState } from '../../src/endpoint/endpoint-state.ts';
import { manualClock } from '../../src/testing/index.ts';

/** Of a call that says nothing by which calls could belong together. */
const NO_PROMPT: Call['prompt'] = { prefix: undefined, stem: undefined, conversation: undefined };

/** A call as the seam would describe it: `POST /chat/completions` for gpt-5, two retries, ten minutes. */
export function aCall(
  changes: Partial<Omit<Call, 'ownerIds'>> & { path?: string; ownerIds?: readonly (string | OwnedId)[] } = {},
): Call {
  const { path = '/chat/completions', ownerIds = [], ...rest } = changes;
  const method = rest.method ?? 'post';
  return {
    id: 'call-0',
    operation: operationOf(method, path),
    method,
    model: 'gpt-5',
    stream: false,
    demand: new Demand(undefined),
    replay: 'free',
    hedge: false,
    ownerIds: ownerIds.map((id) => (typeof id === 'string' ? { id, readAt: undefined } : id)),
    prompt: NO_PROMPT,
    pin: undefined,
    tags: [],
    session: undefined,
    importance: 'normal',
    maxRetries: 2,
    maxAttempts: 3,
    startedAt: 0,
    deadline: 600_000,
    clientTimeout: 600_000,
    ownCredentials: false,
    signal: undefined,
    ...rest,
  };
}

/** The breaker's defaults, changed. */
export function breakerSettings(changes: Partial<BreakerSettings> = {}): BreakerSettings {
  return { ...defaults.breaker, ...changes };
}

/** Settings of an endpoint that serves everything as it is. */
export function endpointSettings(changes: Partial<EndpointSettings> = {}): EndpointSettings {
  return {
    name: 'a',
    type: 'openai',
    client: undefined,
    options: {},
    isolated: true,
    baseURL: 'https://a.example/v1',
    credential: 'key-a',
    modelMap: {},
    models: undefined,
    operations: undefined,
    weight: 1,
    priority: undefined,
    tags: [],
    limits: undefined,
    quotaGroup: undefined,
    timeout: undefined,
    ...changes,
  };
}

/** An endpoint with a state of its own. @param touch told when an exclusion begins or ends */
export function anEndpoint(
  clock: Clock = manualClock(),
  changes: Partial<EndpointSettings> & { breaker?: BreakerSettings | false } = {},
  touch: () => void = () => undefined,
): Endpoint {
  const { breaker = breakerSettings(), ...settings } = changes;
  return new Endpoint(endpointSettings(settings), settings.priority ?? 0, new EndpointState(breaker, clock, touch));
}

/** The pool's defaults, changed; the strategy takes the first candidate. */
export function poolSettings(clock: Clock, changes: Partial<PoolSettings> = {}): PoolSettings {
  return {
    strategy: { pick: (candidates) => candidates[0]! },
    maxAttempts: undefined,
    failover: true,
    attemptTimeout: 'auto',
    streamIdleTimeout: defaults.streamIdleTimeout,
    rescue: defaults.rescue,
    hedge: false,
    breaker: breakerSettings(),
    slowStart: defaults.slowStart,
    retryBudget: defaults.retryBudget,
    waitingRoom: defaults.waitingRoom,
    panic: defaults.panic,
    affinity: { home: 'a', spread: false, cache: 'auto', storeTimeout: 50 },
    lists: defaults.lists,
    pinnedModels: false,
    failoverOn: [],
    fallbacks: undefined,
    classify: undefined,
    maxResponseBytes: defaults.maxResponseBytes,
    transport: 'standard',
    store: undefined,
    shareState: false,
    observers: [],
    clock,
    ...changes,
  };
}

/** The SDK's error for a reply with this status. @param body the `error` object of its body */
export function apiError(status: number, body: object = {}, headers: Record<string, string> = {}): APIError {
  return APIError.generate(status, { error: body }, undefined, new Headers(headers));
}

/** The SDK's error for an error object inside a reply of 200, or an SSE error event. */
export function errorInside200(body: object, headers: Record<string, string> = {}): APIError {
  return new APIError(undefined, body, undefined, new Headers(headers));
}

/** The SDK's error for a connection that failed with this system code, as `fetch` of Node nests it. */
export function connectionError(code: string, socket?: { bytesRead: number }): APIConnectionError {
  const system = Object.assign(new Error(code), { code }, socket ? { socket } : {});
  return new APIConnectionError({ cause: new TypeError('fetch failed', { cause: system }) });
}

/** One line of `attemptsOf`. */
export function aReport(changes: Partial<AttemptReport> = {}): AttemptReport {
  return { endpoint: 'a', model: 'gpt-5', verdict: 'ok', status: 200, ms: 12, billed: 'yes', ...changes };
}

/** Runs the garbage collector as often as weak references need. */
export async function collectGarbage(): Promise<void> {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let round = 0; round < 5; round++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
