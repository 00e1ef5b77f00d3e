/** Whom the bench asks: an address and a key. Before the first call it is looked at by `GET`, which costs nothing. */
import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';

/** An address to be called, over connections that are kept. */
export interface Target {
  /** Up to and with `/v1`, or what stands for it. */
  readonly baseURL: string;
  /** Whether it is this machine. */
  readonly local: boolean;
  /** Sends one message. @returns its reply, when the head of it is there */
  send(message: Message): Promise<IncomingMessage>;
  /** Ends the connections. */
  close(): void;
}

/** What is sent. */
export interface Message {
  readonly method: 'GET' | 'POST';
  /** Below the base URL. */
  readonly path: string;
  readonly body?: string;
  readonly signal: AbortSignal;
}

const LOCAL = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** The base URL that is meant: without an end that is a path of a call, with `/v1` where there is no path at all. */
export function baseOf(text: string): string | undefined {
  const written = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(written)) return undefined;
  const url = new URL(written);
  if (!['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') return undefined;
  const path = url.pathname.replace(/\/+$/, '').replace(/\/(chat\/completions|models)$/, '');
  return `${url.origin}${path === '' ? '/v1' : path}`;
}

/** Makes ready to call. @param baseURL as `baseOf` gives it */
export function targetAt(baseURL: string, key: string | undefined): Target {
  const url = new URL(baseURL);
  const isPlain = url.protocol === 'http:';
  const send = isPlain ? plainRequest : secureRequest;
  const agent = new (isPlain ? PlainAgent : SecureAgent)({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  return {
    baseURL,
    local: LOCAL.test(url.hostname),
    send: ({ method, path, body, signal }) =>
      new Promise((resolve, reject) => {
        const headers = {
          accept: 'application/json, text/event-stream',
          'user-agent': 'load-balanced-openai bench',
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        };
        const message = send(`${baseURL}${path}`, { method, headers, agent, signal }, resolve);
        message.once('error', reject);
        message.end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** A reply's body as text, up to a megabyte. */
export async function textOf(reply: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of reply.setEncoding('utf8')) if (text.length < 2 ** 20) text += piece;
  return text;
}

/** What was seen: its models, or why calls would be in vain. */
export type Seen =
  | { readonly is: 'there'; readonly models: readonly string[] }
  | { readonly is: 'not'; readonly problem: string };

/** Lists the target's models. Never rejects. */
export async function look(target: Target): Promise<Seen> {
  const not = (problem: string): Seen => ({ is: 'not', problem });
  try {
    const reply = await target.send({ method: 'GET', path: '/models', signal: AbortSignal.timeout(10_000) });
    const text = await textOf(reply);
    const { statusCode = 0 } = reply;
    if (statusCode === 401 || statusCode === 403)
      return not(`${target.baseURL} refuses the key (${statusCode}): give one with --key or OPENAI_API_KEY.`);
    return { is: 'there', models: statusCode === 200 ? modelsOf(text) : [] };
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    const why = code === 'ECONNREFUSED' ? 'nobody listens there' : (code ?? name);
    const hint = target.local ? ' Is the gateway running? Without --url the bench starts one of its own.' : '';
    return not(`${target.baseURL} cannot be reached: ${why}.${hint}`);
  }
}

function modelsOf(text: string): string[] {
  try {
    const { data } = JSON.parse(text) as { data?: readonly { id?: unknown }[] };
    return (data ?? []).map(({ id }) => id).filter((id) => typeof id === 'string');
  } catch {
    return [];
  }
}
