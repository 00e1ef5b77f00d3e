// A server that speaks HTTP/2 over TLS and breaks it as told, with the agent an endpoint needs to speak it too.
import { once } from 'node:events';
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { ownAgent } from './agent.ts';
import { certificate } from './certificate.ts';

/** What one request gets: an answer, a code its stream is reset with, or whatever else is done to it. */
export type H2Step = 'ok' | number | ((stream: ServerHttp2Stream) => void);

/** A running server. */
export interface H2Server extends AsyncDisposable {
  /** Options of the endpoint that reach it. */
  readonly endpoint: { readonly script: readonly []; readonly at: string } & Awaited<ReturnType<typeof ownAgent>>;
  /** Requests so far, and connections. */
  readonly calls: number;
  readonly sessions: number;
  /** What the next requests get, one each; then healthy answers. */
  script(...steps: readonly H2Step[]): void;
}

const ANSWER = {
  id: 'chatcmpl-h2',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-5',
  system_fingerprint: 'h2',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello from h2.' }, finish_reason: 'stop' }],
};
const json = { ':status': 200, 'content-type': 'application/json' };

/** The first bytes of an answer. */
export function begin(stream: ServerHttp2Stream): void {
  stream.respond(json);
  stream.write('{"id":');
}

/** Starts a server. @param steps what the first requests get */
export async function h2Server(...steps: readonly H2Step[]): Promise<H2Server> {
  const own = certificate();
  const agent = await ownAgent({ allowH2: true, connect: { ca: own.cert } });
  const sessions = new Set<ServerHttp2Session>();
  const server = createSecureServer(own);
  const counts = { calls: 0, sessions: 0 };
  let left = [...steps];
  server.on('sessionError', () => undefined);
  server.on('session', (session) => {
    counts.sessions += 1;
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream) => {
    counts.calls += 1;
    const step = left.shift() ?? 'ok';
    stream.on('error', () => undefined);
    stream.resume().once('end', () => {
      if (typeof step === 'number') stream.close(step);
      else if (step !== 'ok') step(stream);
      else {
        stream.respond(json);
        stream.end(JSON.stringify(ANSWER));
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    endpoint: { script: [], at: `https://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, ...agent },
    get calls() {
      return counts.calls;
    },
    get sessions() {
      return counts.sessions;
    },
    script(...next) {
      left = [...next];
    },
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
