// Makes calls to a gateway and says how long they took, in a process of its own. Why over undici: it is the cheapest client that
// is one; over bare sockets calls would come faster than any client makes them.
import { Pool } from 'undici';
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

function orderOf({ path, headers, ask }: Aim) {
  const own = { authorization: 'Bearer key', 'content-type': 'application/json' };
  const body = Buffer.from(bodyOf(ask));
  return { path: `${path}/v1/chat/completions`, method: 'POST' as const, headers: { ...own, ...headers }, body };
}

let pool: Pool | undefined;
let order: Parameters<Pool['request']>[0] | undefined;

/** One call, read to its end. */
async function call(): Promise<Buffer> {
  const { statusCode, body } = await (pool as Pool).request(order as NonNullable<typeof order>);
  const bytes = Buffer.from(await body.arrayBuffer());
  if (statusCode !== 200) throw new Error(`HTTP ${statusCode}: ${bytes.toString().slice(0, 200)}`);
  return bytes;
}

answering({
  /** Opens connections and makes a call on each, so that those behind the gateway are open as well; gives what the first was answered. */
  async open(aim: Aim): Promise<string> {
    pool = new Pool(`http://127.0.0.1:${aim.port}`, { connections: aim.atOnce, keepAliveTimeout: 60_000 });
    order = orderOf(aim);
    const [first] = await Promise.all(Array.from({ length: aim.atOnce }, call));
    return String(first);
  },
  async run({ calls, atOnce }: { calls: number; atOnce: number }): Promise<Served> {
    const took: number[] = [];
    let left = calls;
    const line = async () => {
      while (left-- > 0) {
        const at = performance.now();
        await call();
        took.push(performance.now() - at);
      }
    };
    const begun = performance.now();
    await Promise.all(Array.from({ length: atOnce }, line));
    const rate = (calls / (performance.now() - begun)) * 1_000;
    return { rate, p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
  },
  async shut(): Promise<void> {
    await pool?.close();
    pool = undefined;
  },
});
