// Clients of the kind that proxies are: each keeps one connection and makes plain calls over it, one after the other, with a pause
// between them; no retries. What becomes of every call is told.
import { Agent, request } from 'node:http';

/** What became of a call: its status, or the code of what broke it. */
export interface LineResult {
  readonly outcome: string;
  readonly text: string;
  /** Whether the connection had carried a call before. */
  readonly reused: boolean;
}

/** One client. */
export class HttpLine {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** One call. Never rejects. */
  call(model: string): Promise<LineResult> {
    return new Promise((resolve) => {
      const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] });
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const call = request(`${this.#url}/v1/chat/completions`, { method: 'POST', agent: this.#agent, headers });
      let text = '';
      const broken = ({ code, message }: NodeJS.ErrnoException) =>
        resolve({ outcome: code ?? message, text, reused: call.reusedSocket });
      call.once('error', broken);
      call.once('response', (reply) => {
        reply.setEncoding('utf8');
        reply.on('data', (piece: string) => {
          text += piece;
        });
        reply.once('error', broken);
        reply.once('end', () => resolve({ outcome: String(reply.statusCode), text, reused: call.reusedSocket }));
      });
      call.end(body);
    });
  }

  /** Lets the connection go. */
  close(): void {
    this.#agent.destroy();
  }
}
