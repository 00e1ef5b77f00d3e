/**
 * The port for sockets: opens one at an endpoint of the pool. Its handshake is an attempt like any other, so that one that fails is
 * judged and the next endpoint asked; an open socket counts as load until it is given back. What a socket is, its caller says.
 */
import { APIConnectionError, APIError, type OpenAI } from 'openai';
import { mapModel } from '../call/model-map.ts';
import type { AttemptReport } from '../call/outcome.ts';
import type { Reply, Send } from '../dispatch/call-story.ts';
import { type GiveBack, lend } from '../dispatch/lend.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { decisionsOf, joined, remember } from './attempts.ts';
import type { RequestOptions } from './call-of.ts';
import type { Caller } from './caller.ts';
import { Confidant } from './confidant.ts';
import { place } from './place.ts';

/** A handshake that was answered with something else than a socket. */
export class HandshakeRefused extends Error {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;

  constructor(status: number, headers: Headers, body: string) {
    super(`The handshake was answered with ${status}.`);
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** Where a handshake goes, with the endpoint's own credentials. */
export interface Handshake {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Whoever opens a socket ends it when this aborts, also one that is open. */
  readonly signal: AbortSignal;
}

/** A socket as its caller wants it. */
export interface SocketRequest<Socket> {
  /** Below an endpoint's base URL. */
  readonly path: string;
  readonly query: Readonly<Record<string, string | string[]>>;
  readonly headers: Headers;
  /** By its public name. */
  readonly model: string | undefined;
  /** An id that leads to the endpoint that made it. */
  readonly id: string | undefined;
  /** The longest time for all handshakes and waits, in ms. */
  readonly within: number;
  readonly signal: AbortSignal;
  /** @throws HandshakeRefused, or what kept it from connecting. */
  open(handshake: Handshake): Promise<Socket>;
}

/** A socket that is open. */
export interface OpenSocket<Socket> {
  readonly socket: Socket;
  /** The attempts behind it, and why it is there: for `attemptsOf` and `decisionsOf`. */
  readonly story: object;
  readonly attempts: () => readonly AttemptReport[];
  /** Gives its place back, once. */
  readonly giveBack: GiveBack;
}

interface SocketReply<Socket> extends Reply {
  readonly socket: Socket;
}

/** What of an SDK client only itself calls. */
interface Builder {
  prepareOptions(options: RequestOptions): Promise<void>;
  prepareRequest(request: RequestInit, context: { url: string; options: RequestOptions }): Promise<void>;
  buildRequest(
    options: RequestOptions,
    facts: { retryCount: number },
  ): Promise<{ req: RequestInit & { headers: Headers }; url: string }>;
}

/** They are a handshake's own. */
const OWN_HEADERS = ['accept', 'connection', 'content-length', 'content-type', 'host', 'upgrade'];
const SOCKETS: Readonly<Record<string, string>> = { 'http:': 'ws:', 'https:': 'wss:' };

/** The address of a socket, as the SDK's own socket classes make it. */
function addressOf(built: string, { settings }: Endpoint, { path, query }: RequestOptions): URL {
  const url = new URL(built);
  url.protocol = SOCKETS[url.protocol] ?? url.protocol;
  if (settings.type !== 'azure') return url;
  // Azure has sockets below its newer address alone, which names no version and knows deployments as models.
  const base = url.pathname.slice(0, -path.length).replace(/\/+$/, '');
  url.pathname = `${base.endsWith('/v1') ? base : `${base}/v1`}${path}`;
  url.search = '';
  for (const [name, value] of Object.entries(query as Record<string, string | string[]>))
    for (const each of [value].flat()) url.searchParams.append(name, each);
  return url;
}

async function handshakeOf(
  client: OpenAI,
  endpoint: Endpoint,
  own: RequestOptions,
): Promise<{ url: URL; headers: Headers }> {
  const builder = client as unknown as Builder;
  await builder.prepareOptions(own);
  const { req, url } = await builder.buildRequest(own, { retryCount: 0 });
  await builder.prepareRequest(req, { url, options: own });
  const headers = new Headers(req.headers);
  for (const name of OWN_HEADERS) headers.delete(name);
  return { url: addressOf(url, endpoint, own), headers };
}

/** What kept a socket from opening, as the SDK would say it. */
function sdkError(error: unknown): unknown {
  if (error instanceof HandshakeRefused) {
    let said: object | undefined;
    try {
      said = JSON.parse(error.body) as object;
    } catch {
      // No JSON: its text is the message.
    }
    return APIError.generate(error.status, said, error.body === '' ? error.message : error.body, error.headers);
  }
  if (!(error instanceof Error) || !('code' in error || 'errors' in error)) return error;
  return new APIConnectionError({ message: error.message, cause: error });
}

function sender<Socket>(request: SocketRequest<Socket>, { clientOf }: Caller): Send<SocketReply<Socket>> {
  return async (endpoint, { model, signal, wire }) => {
    const client = clientOf(endpoint);
    const mapped = model === undefined ? undefined : (mapModel(endpoint.settings.modelMap, model)?.model ?? model);
    const own = {
      method: 'get',
      path: request.path,
      query: { ...request.query, ...(mapped !== undefined && { model: mapped }) },
      headers: new Headers(request.headers),
    } as RequestOptions;
    const confidant = new Confidant(endpoint.settings, client, own);
    try {
      const { url, headers } = await handshakeOf(client, endpoint, own);
      confidant.sent(url.href, headers);
      const socket = await request.open({ url, headers: Object.fromEntries(headers), signal });
      wire.answered();
      return { status: 101, headers: new Headers(), sent: false, socket };
    } catch (error) {
      if (error instanceof HandshakeRefused) wire.answered();
      else wire.failed(error);
      throw confidant.safe(sdkError(error));
    }
  };
}

/**
 * Opens a socket over the pool.
 * @throws what a call throws: the SDK's error of the handshake that counted, NoEndpointAvailableError, AffinityError.
 */
export async function openSocket<Socket>(caller: Caller, request: SocketRequest<Socket>): Promise<OpenSocket<Socket>> {
  const { model, id, signal, within: maxWait } = request;
  const { steering, core } = caller;
  const asked = { steering, model, id, operation: 'realtime', maxWait, signal };
  // Nothing was sent over a socket that did not open.
  const { story, attempt, before } = await place(asked, caller, sender(request, caller), 'free');
  core.dispatcher.headsOnly(story, attempt);
  const giveBack = lend(story, attempt, core.dispatcher, true);
  const { socket } = attempt.reply as SocketReply<Socket>;
  const told = {};
  remember(told, joined(before, { reports: story.reports, decisions: story.decisions }));
  return { socket, story: told, attempts: () => joined(before, story).reports, giveBack };
}

/** Why an open socket is where it is. */
export const whyThere = ({ story }: OpenSocket<unknown>) => decisionsOf(story);
