// What the wire specs share: one server, one way to send, and readers of raw replies.
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type FaultServer, faultServer, type Step } from '../../src/testing/index.ts';
import { type RawReply, type RawRequest, rawRequest } from '../support/raw-client.ts';

export const PLAIN = { model: 'gpt-5', messages: [{ role: 'user', content: 'hi' }] };
export const DONE = 'data: [DONE]\n\n';
/** Asks the server to end the connection after a whole answer. */
export const close = { headers: { connection: 'close' } };

/** A server named `a` for the file, and what sends one request to it after scripting a step. */
export function bench() {
  let server: FaultServer;
  beforeAll(async () => {
    server = await faultServer({ name: 'a' });
  });
  beforeEach(() => server.reset());
  afterAll(() => server.close());
  const send = (step: Step, request: RawRequest = {}) => {
    server.script(step);
    return rawRequest(server.port, { body: PLAIN, ...request });
  };
  return {
    send,
    stream: (step: Step, request: RawRequest = {}) => send(step, { body: { ...PLAIN, stream: true }, ...request }),
    idle: () => server.until((s) => s.inFlight === 0),
    requests: () => server.requests,
  };
}

export const status = ({ head }: RawReply) => Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
export const declared = ({ head }: RawReply) => Number(/content-length: (\d+)/i.exec(head)?.[1]);
export const unchunk = ({ body }: RawReply) => {
  let out = '';
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.slice(at, line), 16);
    if (!size) return { text: out, complete: size === 0 };
    out += body.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
  return { text: out, complete: false };
};
export const contentEvents = (reply: RawReply) => unchunk(reply).text.match(/"content":"a-\d+ "/g)?.length ?? 0;

/** A chat call. */
export const hi = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'hi' }] };
/** A plain SDK client of a server, without retries. */
export const clientOf = (server: { url: string }, options = {}) =>
  new OpenAI({ apiKey: 'key-1', baseURL: server.url, maxRetries: 0, ...options });
