// Talks to a server byte by byte and reports what came back and how the connection ended; used to see what is really on the wire.
import { connect } from 'node:net';

/** What came back on one connection. */
export interface RawReply {
  readonly bytes: Buffer;
  /** The bytes as latin1 text. */
  readonly text: string;
  /** Text before and after the first blank line. */
  readonly head: string;
  readonly body: string;
  /** How it ended: FIN, RST, or still open when nothing more had come for `quietMs`. */
  readonly end: 'fin' | 'reset' | 'open';
  /** Ms since the request for each chunk. */
  readonly times: readonly number[];
}

/** What to send. */
export interface RawRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Sent in place of everything else. */
  readonly bytes?: string;
  /** Nothing for so long (ms) means: the server keeps the connection open and is silent. @default 200 */
  readonly quietMs?: number;
  /** Stop reading after so many bytes. @default 10 MB */
  readonly limit?: number;
}

/** Sends one request over a connection of its own. */
export function rawRequest(port: number, request: RawRequest = {}): Promise<RawReply> {
  const { quietMs = 200, limit = 10_000_000 } = request;
  const chunks: Buffer[] = [];
  const times: number[] = [];
  const from = performance.now();
  return new Promise((resolve, reject) => {
    let size = 0;
    let ended: 'fin' | 'reset' | undefined;
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true }, () =>
      socket.write(request.bytes ?? encode(request)),
    );
    const finish = (end: RawReply['end']) => {
      clearTimeout(quiet);
      socket.destroy();
      const bytes = Buffer.concat(chunks);
      const text = bytes.toString('latin1');
      const blank = text.indexOf('\r\n\r\n');
      const head = blank < 0 ? text : text.slice(0, blank);
      resolve({ bytes, text, head, body: blank < 0 ? '' : text.slice(blank + 4), end, times });
    };
    let quiet = setTimeout(() => finish('open'), quietMs);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      times.push(performance.now() - from);
      size += chunk.length;
      clearTimeout(quiet);
      if (size > limit) return finish('open');
      quiet = setTimeout(() => finish('open'), quietMs);
    });
    socket.on('end', () => {
      ended = 'fin';
      finish('fin');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (ended) return;
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') finish('reset');
      else reject(error);
    });
  });
}

function encode({ method = 'POST', path = '/v1/chat/completions', headers = {}, body }: RawRequest): string {
  const text = body === undefined ? '' : JSON.stringify(body);
  const all = {
    host: '127.0.0.1',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${path} HTTP/1.1`, ...lines, '', text].join('\r\n');
}
