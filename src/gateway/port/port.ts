/**
 * The one door from the gateway to the pool: an HTTP exchange goes in, a reply comes out. Behind it stands the port for calls as
 * bytes, which `balancer.fetch` uses as well; whatever replaces that replaces this file.
 */
import type { Decision } from '../../call/decision.ts';
import type { JsonText } from '../../call/json-text.ts';
import type { AttemptReport } from '../../call/outcome.ts';
import { joined, unsteered } from '../../call/steering.ts';
import type { Endpoint } from '../../endpoint/endpoint.ts';
import type { LoadBalancedOpenAI } from '../../load-balanced-openai.ts';
import { decisionsOf, reportsOf } from '../../sdk/attempts.ts';
import type { Caller } from '../../sdk/caller.ts';
import { CLIENT_STATE, type ClientState } from '../../sdk/client-state.ts';
import { type RawRequest, rawCall, refused } from '../../sdk/raw-call.ts';
import type { DirectCall } from '../direct/direct-call.ts';
import { roomHeaders } from '../pools/pool-room.ts';
import { AskedUsage } from '../usage/asked-usage.ts';
import { hideUsage } from '../usage/hide-usage.ts';
import { tellsKey } from './tells-key.ts';

/** One exchange. */
export interface Exchange extends RawRequest {
  readonly signal: AbortSignal;
  /** The only endpoint that may be asked, by the pool's own name for it. */
  readonly endpoint?: string | undefined;
  /** The model as the pool knows it. */
  readonly asked: string | undefined;
  /** Who is asked first, by the pool's own name for it. */
  readonly prefer?: string | undefined;
}

/** What came back, of whatever status. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  /** What is left of the pool's rate limits for the call's model, as headers; empty where that is not known. */
  readonly room: Readonly<Record<string, string>>;
  /** Does a text tell a key of the endpoint that answered? */
  readonly tells: (text: string) => boolean;
  /** Nobody else could have answered. */
  readonly alone: boolean;
  /** The attempts behind it; their usage is complete once the body was read. */
  readonly attempts: () => readonly AttemptReport[];
  /** Why it went where it went. */
  readonly decisions: () => readonly Decision[];
}

/** Of a call that was not made. */
export const nothing: Pick<Reply, 'attempts' | 'decisions'> = { attempts: () => [], decisions: () => [] };

const isEvents = ({ headers }: Response) => /^text\/event-stream/i.test(headers.get('content-type') ?? '');

/** The length of what is changed is not known. */
function unmeasured(given: Headers): Headers {
  const headers = new Headers(given);
  headers.delete('content-length');
  return headers;
}

/** Each attempt asks for what it uses, as far as its endpoint lets itself be asked. */
function sendingWith(usage: AskedUsage): Pick<Caller, 'sends'> {
  return {
    sends: (endpoint, options, send) => {
      const given = options.body as JsonText;
      // A model asked in another's place has its name in the body.
      return usage.send(endpoint, given, (body) => send({ ...options, body }));
    },
  };
}

/**
 * Makes one exchange over a pool.
 * @throws what a call of the client throws, when no endpoint replied.
 */
export async function exchange(
  client: LoadBalancedOpenAI,
  { endpoint, asked, prefer, ...request }: Exchange,
): Promise<Reply> {
  const state = (client as unknown as { readonly [CLIENT_STATE]: ClientState })[CLIENT_STATE];
  const caller = state.caller(client);
  const steering = endpoint === undefined ? caller.steering : joined(caller.steering, { ...unsteered, endpoint });
  const usage = AskedUsage.of(request.method, request.path, request.body);
  const response = await rawCall(
    {
      ...caller,
      steering,
      ...(prefer !== undefined && { prefers: prefer }),
      ...(usage && sendingWith(usage)),
    },
    request,
  );
  const { endpoints } = caller.core.pool;
  const body = response.body as ReadableStream<Uint8Array> | null;
  const hides = usage !== undefined && body !== null && isEvents(response);
  return {
    status: response.status,
    headers: hides ? unmeasured(response.headers) : response.headers,
    body: hides ? hideUsage(body) : body,
    ...poolFacts(endpoints, reportsOf(response).at(-1)?.endpoint, asked),
    attempts: () => reportsOf(response),
    decisions: () => decisionsOf(response),
  };
}

/** The error reply behind an error that a direct call ended with; `undefined` = no endpoint replied. @param asked the model as the pool knows it. */
export function refusedReply(error: unknown, direct: DirectCall, asked: string | undefined): Reply | undefined {
  const response = refused(error);
  if (!response) return undefined;
  const { endpoints, attempts } = direct;
  return {
    status: response.status,
    headers: response.headers,
    body: response.body as ReadableStream<Uint8Array> | null,
    ...poolFacts(endpoints, attempts.at(-1)?.endpoint, asked),
    attempts: () => attempts,
    decisions: () => direct.decisions,
  };
}

/** What the headers of a reply say of the pool behind it. @param name of who served. */
export function poolFacts(
  endpoints: readonly Endpoint[],
  name: string | undefined,
  asked: string | undefined,
): Pick<Reply, 'room' | 'tells' | 'alone'> {
  const served = endpoints.find((each) => each.name === name);
  return {
    room: roomHeaders(endpoints, asked),
    tells: (text) => served !== undefined && tellsKey(served, text),
    alone: endpoints.length === 1,
  };
}

/** The attempts behind an error that `exchange` threw. */
export function attemptsBehind(error: unknown): readonly AttemptReport[] {
  return reportsOf(error);
}

/** Why the call behind an error that `exchange` threw went where it went. */
export function decisionsBehind(error: unknown): readonly Decision[] {
  return decisionsOf(error);
}
