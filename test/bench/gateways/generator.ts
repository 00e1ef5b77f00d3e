// Makes calls to a gateway and says how long they took, in a process of its own. Why on bare sockets: what it costs itself is
// taken from who is measured, as all share the machine.
import { connect, type Socket } from 'node:net';
import { answering } from '../child.ts';
import { ASK } from '../contenders.ts';
import { quantile } from '../statistics.ts';

/** What is asked for in a call. */
export type Ask = 'chat' | 'stream' | 'body';

/** Where to, and how. */
export interface Aim {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly ask: Ask;
  readonly atOnce: number;
}

/** What some calls took. */
export interface Served {
  /** Calls per second. */
  readonly rate: number;
  /** Of the calls, ms. */
  readonly p50: number;
  readonly p99: number;
}

const IMAGE = `data:image/png;base64,${Buffer.alloc(15_728_640, 'an image').toString('base64')}`;
const content = [{ type: 'image_url', image_url: { url: IMAGE } }];

/** The body of a call as text. */
function bodyOf(ask: Ask): string {
  if (ask === 'body') return JSON.stringify({ ...ASK, messages: [{ role: 'user', content }] });
  return JSON.stringify(ask === 'stream' ? { ...ASK, stream: true } : ASK);
}

function bytesOf({ port, path, headers, ask }: Aim): Buffer {
  const body = Buffer.from(bodyOf(ask));
  const all: Record<string, string> = {
    host: `127.0.0.1:${port}`,
    authorization: 'Bearer key',
    'content-type': 'application/json',
    accept: 'application/json',
    'content-length': String(body.length),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return Buffer.concat([
    Buffer.from(`POST ${path}/v1/chat/completions HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`),
    body,
  ]);
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST = '\r\n0\r\n\r\n';

/** A connection, and the one call that is under way on it. */
class Line {
  readonly #socket: Socket;
  #head: Buffer = Buffer.alloc(0);
  /** Bytes that are missing; `undefined` = it comes in pieces, until the last one. */
  #missing: number | undefined;
  #inBody = false;
  #tail = '';
  #kept: Buffer[] | undefined;
  #over: ((problem?: Error) => void) | undefined;

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1').setNoDelay(true);
    this.#socket.on('data', (bytes) => this.#take(bytes));
    this.#socket.on('error', (error) => this.#end(error));
    this.#socket.on('close', () => this.#end(new Error('the connection was closed')));
  }

  /** One call. @param keep whether the body is handed back */
  call(bytes: Buffer, keep = false): Promise<string> {
    this.#kept = keep ? [] : undefined;
    return new Promise((resolve, reject) => {
      this.#over = (problem) => (problem ? reject(problem) : resolve(Buffer.concat(this.#kept ?? []).toString()));
      this.#socket.write(bytes);
    });
  }

  shut(): void {
    this.#socket.destroy();
  }

  #end(problem?: Error): void {
    const over = this.#over;
    this.#over = undefined;
    this.#inBody = false;
    over?.(problem);
  }

  #take(bytes: Buffer): void {
    if (this.#inBody) {
      this.#body(bytes);
      return;
    }
    this.#head = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return;
    const text = this.#head.toString('latin1', 0, end);
    const rest = this.#head.subarray(end + HEAD_END.length);
    this.#head = Buffer.alloc(0);
    if (!text.startsWith('HTTP/1.1 200 ')) {
      this.#end(new Error(`${text.split('\r\n', 1)[0]}: ${rest.toString().slice(0, 200)}`));
      this.shut();
      return;
    }
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1];
    this.#missing = length === undefined ? undefined : Number(length);
    this.#inBody = true;
    this.#tail = '';
    this.#body(rest);
  }

  #body(bytes: Buffer): void {
    this.#kept?.push(Buffer.from(bytes));
    if (this.#missing !== undefined) {
      this.#missing -= bytes.length;
      if (this.#missing <= 0) this.#end();
      return;
    }
    this.#tail = (this.#tail + bytes.toString('latin1', Math.max(0, bytes.length - LAST.length))).slice(-LAST.length);
    if (this.#tail === LAST) this.#end();
  }
}

let lines: Line[] = [];
let bytes: Buffer = Buffer.alloc(0);

answering({
  /** Opens connections and makes a call on each, so that those behind the gateway are open as well; gives what the first was answered. */
  async open(aim: Aim): Promise<string> {
    bytes = bytesOf(aim);
    lines = Array.from({ length: aim.atOnce }, () => new Line(aim.port));
    const [first] = await Promise.all(lines.map((line, index) => line.call(bytes, index === 0)));
    return first as string;
  },
  async run({ calls }: { calls: number }): Promise<Served> {
    const took: number[] = [];
    let left = calls;
    const begun = performance.now();
    await Promise.all(
      lines.map(async (line) => {
        while (left-- > 0) {
          const at = performance.now();
          await line.call(bytes);
          took.push(performance.now() - at);
        }
      }),
    );
    const rate = (calls / (performance.now() - begun)) * 1_000;
    return { rate, p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
  },
  shut(): void {
    for (const line of lines) line.shut();
    lines = [];
  },
});
