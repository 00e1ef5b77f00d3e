// A client of the bench, in a process of its own: makes calls when told, and says what they cost this process. One process may
// hold several clients, which then share what the engine has learned of the code.
import { answering } from './child.ts';
import { type Client, type ContenderName, contenders } from './contenders.ts';
import { CHUNKS, COMPLETION, CONTENT } from './replies.ts';

/** What the process is started with. */
export interface ClientSpec {
  readonly names: readonly ContenderName[];
  /** Base URLs; none: a `fetch` that answers by itself takes the place of the network. */
  readonly urls: readonly string[];
}

/** What one turn cost, for each call. */
export interface Turn {
  /** CPU of the process, µs. */
  readonly cpu: number;
  /** Calls per second. */
  readonly rate: number;
}

/** One turn. */
export interface TurnOrder {
  readonly of: ContenderName;
  readonly what: 'chat' | 'stream';
  readonly calls: number;
  /** How many are under way at the same time. */
  readonly atOnce: number;
}

const { names, urls } = JSON.parse(process.argv[2] as string) as ClientSpec;

const answered = { status: 200, headers: { 'content-type': 'application/json', 'x-request-id': 'req_1' } };
const stub = async () => new Response(COMPLETION, answered);
const surroundings =
  urls.length > 0 ? { urls } : { urls: [1, 2, 3].map((port) => `http://127.0.0.1:${port}/v1`), fetch: stub };

const clients = new Map<string, Client>();
for (const name of names) clients.set(name, await contenders[name].make(surroundings));

const clientOf = (name: string) => clients.get(name) as Client;

/** Each call is looked at: who does not give what was sent is not measured. */
async function once(client: Client, what: 'chat' | 'stream'): Promise<void> {
  const got = what === 'chat' ? await client.chat() : await client.stream?.();
  if (got !== (what === 'chat' ? CONTENT : CHUNKS)) throw new Error(`${what}: got ${JSON.stringify(got)}`);
}

const pending: Promise<unknown>[] = [];

answering({
  async run({ of, what, calls, atOnce }: TurnOrder): Promise<Turn> {
    const client = clientOf(of);
    let left = calls;
    const line = async () => {
      while (left-- > 0) await once(client, what);
    };
    const [begun, at] = [process.cpuUsage(), performance.now()];
    await Promise.all(Array.from({ length: atOnce }, line));
    const [{ user, system }, ms] = [process.cpuUsage(begun), performance.now() - at];
    return { cpu: (user + system) / calls, rate: (calls / ms) * 1_000 };
  },
  /** Starts calls that the mock holds. */
  hold({ of, calls }: { of: ContenderName; calls: number }): void {
    for (let i = 0; i < calls; i++) pending.push(clientOf(of).chat());
  },
  /** Bytes in use, after collecting. */
  async heap(): Promise<number> {
    for (let i = 0; i < 4; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      (globalThis as { gc?: () => void }).gc?.();
    }
    return process.memoryUsage().heapUsed;
  },
  async finish(): Promise<void> {
    await Promise.all(pending.splice(0));
  },
});
