/**
 * The port through which the gateway's calls go out: an attempt becomes one request over the gateway's own connections. What the SDK
 * would do around it is done once for all calls alike; of a reply that is no good one the SDK makes its error, as for every call.
 */
import type { OpenAI } from 'openai';
import type { JsonText } from '../../call/json-text.ts';
import { localize } from '../../call/localize.ts';
import type { Sending } from '../../dispatch/call-story.ts';
import type { Endpoint } from '../../endpoint/endpoint.ts';
import { boundErrorBody } from '../../endpoint/error-body.ts';
import { originGuard, WATCH } from '../../endpoint/guarded-fetch.ts';
import { noteOwnKey } from '../../endpoint/sent-keys.ts';
import { turnstile } from '../../endpoint/turnstile.ts';
import type { RequestOptions } from '../../sdk/call-of.ts';
import { Confidant } from '../../sdk/confidant.ts';
import { nameHostOnly } from '../../sdk/redirect-error.ts';
import { keepRefusal } from '../../sdk/refusals.ts';
import { connectionsTo } from './connections.ts';
import { DirectExchange, RefusedReply } from './direct-exchange.ts';
import type { DirectReply } from './direct-reply.ts';
import { knownPattern, makePattern, type RequestPattern } from './request-patterns.ts';

/** What a caller asks for. */
export interface DirectRequest {
  /** Lower case. */
  readonly method: string;
  /** Below an endpoint's base URL, without a query. */
  readonly path: string;
  readonly query: Record<string, string | string[]> | undefined;
  /** What goes along to whichever endpoint it is, by name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonText;
}

/** One for the process, as its event loop is. */
const pass = turnstile();
const inTurn = () => new Promise<void>((resolve) => pass(resolve));

/** The caller's own headers, and those of the pattern that he does not name. */
function headersOf(own: Readonly<Record<string, string>>, { rows }: RequestPattern): string[] {
  const headers: string[] = [];
  for (const name in own) headers.push(name, own[name] as string);
  for (let at = 0; at < rows.length; at += 2) {
    const name = rows[at] as string;
    if (own[name] === undefined) headers.push(name, rows[at + 1] as string);
  }
  return headers;
}

/** What undici writes: one buffer, or several one after the other, of which it must be told how long they are. */
function bodyOf({ pieces }: JsonText, headers: string[]): Buffer {
  if (pieces.length === 1) return pieces[0] as Buffer;
  headers.push('content-length', String(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)));
  return pieces as unknown as Buffer;
}

/** Lets the SDK make its error of what came in the place of a good reply. @param outcome gives or throws that. */
async function failBySdk(
  { method, path }: DirectRequest,
  client: OpenAI,
  { signal, index }: Sending,
  outcome: () => Response,
): Promise<never> {
  const own: object = { method, path, signal, maxRetries: index, fetchOptions: { [WATCH]: { outcome } } };
  await client.request(own as RequestOptions, 0).asResponse();
  throw new Error('a refused reply was no error');
}

/** Keeps the endpoint's key out of an error. */
export function safeFor(
  request: DirectRequest,
  endpoint: Endpoint,
  client: OpenAI,
  pattern?: RequestPattern,
): (error: unknown) => unknown {
  return (error) => {
    const { method, path, query } = request;
    const confidant = new Confidant(endpoint.settings, client, { method, path, query } as unknown as RequestOptions);
    if (pattern) {
      const headers = new Headers();
      for (let at = 0; at < pattern.rows.length; at += 2)
        headers.append(pattern.rows[at] as string, pattern.rows[at + 1] as string);
      confidant.sent(pattern.url, headers, true);
    }
    return confidant.safe(error);
  };
}

/** What an endpoint wrote when it refused. */
interface Kept {
  readonly response: Response;
  readonly body: Uint8Array;
}

async function refuse(
  request: DirectRequest,
  endpoint: Endpoint,
  client: OpenAI,
  sending: Sending,
  pattern: RequestPattern,
  outcome: () => Response,
  kept: () => Kept | undefined,
): Promise<never> {
  await inTurn();
  const safe = safeFor(request, endpoint, client, pattern);
  try {
    return await failBySdk(request, client, sending, outcome);
  } catch (error) {
    await inTurn();
    nameHostOnly(error, client.baseURL);
    const shown = safe(error);
    const refusal = kept();
    if (refusal) keepRefusal(shown, refusal.response, refusal.body, safe);
    throw shown;
  }
}

function dispatch(
  request: DirectRequest,
  endpoint: Endpoint,
  client: OpenAI,
  sending: Sending,
  body: JsonText,
  pattern: RequestPattern,
): Promise<DirectReply> {
  const { ending, wire } = sending;
  const { origin, path, url } = pattern;
  noteOwnKey(client);
  const refusedBy = (outcome: () => Response, kept: () => Kept | undefined) =>
    refuse(request, endpoint, client, sending, pattern, outcome, kept);
  return new Promise<DirectReply>((resolve, reject) => {
    const came = (reply: DirectReply | RefusedReply) => {
      if (!(reply instanceof RefusedReply)) {
        resolve(reply);
        return;
      }
      wire.answered();
      let refusal: Kept | undefined;
      const { response } = reply;
      const bounded = boundErrorBody(response, wire.clock, (bytes) => {
        refusal = { response, body: bytes };
      });
      const outcome = () => bounded;
      resolve(refusedBy(outcome, () => refusal));
    };
    const failed = (error: unknown) => {
      // Nobody waits for what became of it.
      if (ending.aborted) {
        reject(error);
        return;
      }
      wire.failed(error);
      const outcome = () => {
        throw error;
      };
      resolve(refusedBy(outcome, () => undefined));
    };
    try {
      const method = request.method.toUpperCase() as 'POST';
      const own = sending.headers ? { ...sending.headers, ...request.headers } : request.headers;
      const headers = headersOf(own, pattern);
      const options = { path, method, headers, body: bodyOf(body, headers) };
      connectionsTo(origin).dispatch(options, new DirectExchange(url, ending, came, failed));
    } catch (error) {
      failed(error);
    }
  });
}

/**
 * Sends one attempt.
 * @param request its body names the model to ask by its public name.
 * @throws what an attempt of the SDK's throws.
 */
export function sendDirectly(
  request: DirectRequest,
  endpoint: Endpoint,
  client: OpenAI,
  sending: Sending,
): Promise<DirectReply> {
  const { settings } = endpoint;
  const { options, model } = localize({ body: request.body }, sending.model, settings.modelMap);
  const { method, path, query } = request;
  // Azure's addresses name the model.
  const named = settings.type === 'azure' ? model : undefined;
  const kind = { method, path, query, model: named, index: sending.index };
  const known = knownPattern(client, kind);
  if (known) return dispatch(request, endpoint, client, sending, options.body, known);
  return makePattern(client, kind).then((pattern) => {
    originGuard(() => client)(pattern.url);
    return dispatch(request, endpoint, client, sending, options.body, pattern);
  });
}
