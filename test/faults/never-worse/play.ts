// Plays one fault to a plain `new OpenAI()` and to pools with default options, and writes down what each caller got.
import { once } from 'node:events';
import OpenAI from 'openai';
import { LoadBalancedOpenAI } from '../../../src/index.ts';
import { type FaultServer, type FaultServerOptions, faultServer, type Step } from '../../../src/testing/index.ts';
import { timed } from '../../support/lag.ts';
import { CALLS, type Got, type Kind } from './calls.ts';

/** What one caller got, and how long it took. */
export type Result = {
  /** Ms it took, and how much of that may be this process's own lag. */
  readonly ms: number;
  readonly lag: number;
} & (
  | { readonly is: 'answer' | 'nonsense'; readonly got: Got }
  | { readonly is: 'error'; readonly error: unknown }
  /** Not over within the patience of the test. */
  | { readonly is: 'hangs' }
);

/** A result, and the requests each server counted. */
export type Played = Result & { readonly requests: readonly number[] };

/** A fault on the wire: a step of the script, or an endpoint that is down (for 300 ms, if not for good). */
export type Fault = Step | 'down';

/** What is played. */
export interface Play {
  readonly kind: Kind;
  readonly fault: Fault;
  /** How many requests meet it; then the endpoint is healthy. */
  readonly times: number;
  /** The option `timeout`, for faults that only time ends. */
  readonly timeout?: number | undefined;
  /** Healthy calls before it, so that connections are open and times are known. */
  readonly before?: number | undefined;
  readonly server?: Omit<FaultServerOptions, 'script' | 'name'> | undefined;
}

/** Who is compared: the plain client, and pools of that endpoint alone, with a second one alike, with a healthy one. */
export const PARTIES = ['plain', 'alone', 'alike', 'healthy'] as const;
export type Party = (typeof PARTIES)[number];

/** Longer (ms) than a plain client takes for anything that ends, counted in steps: a process held up is given more time. */
const PATIENCE = 4_000;
const STEP = 50;
const DOWN = 300;
/** The same for all, so that every right answer reads the same. */
const NAME = 'server';
const WHOLE: ReadonlySet<string> = new Set([
  `Hello from ${NAME}.`,
  Array.from({ length: 10 }, (_, i) => `${NAME}-${i} `).join(''),
  'an embedding',
  'a file',
]);

let keys = 0;
/** Below what the system gives to those who ask for any port: one that is down must not come up as somebody else's server. */
let port = 20_000 + (process.pid % 1_000) * 10;

/** A server on a port of its own choice, or on one that nobody else gets while it is down. */
async function started(options: FaultServerOptions, goesDown: boolean): Promise<FaultServer> {
  if (!goesDown) return faultServer(options);
  for (;;) {
    port += 1;
    try {
      return await faultServer({ ...options, port });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

interface Upstream {
  readonly server: FaultServer;
  readonly endpoint: { baseURL: string; apiKey: string };
}

async function upstream(play: Play, times: number): Promise<Upstream> {
  const { fault, before = 0 } = play;
  const step: Step = fault === 'down' ? 'ok' : fault;
  const warm: Step[] = Array.from({ length: before }, () => 'ok');
  const script =
    times === Number.POSITIVE_INFINITY ? [...warm, { repeat: [step] }] : [...warm, ...Array<Step>(times).fill(step)];
  keys += 1;
  const server = await started({ ...play.server, name: NAME, script }, fault === 'down');
  return { server, endpoint: { baseURL: server.url, apiKey: `key-${keys}` } };
}

/** How often each endpoint of a party shows the fault: never more in all than the plain client has to bear, unless it is for good. */
function timesOf(party: Party, times: number): number[] {
  if (party === 'healthy') return [times, 0];
  if (party === 'alike') return times === Number.POSITIVE_INFINITY ? [times, times] : [1, 1];
  return [times];
}

function resultOf(got: Got): Pick<Extract<Result, { got: Got }>, 'is' | 'got'> {
  return { is: got.text !== undefined && WHOLE.has(got.text) ? 'answer' : 'nonsense', got };
}

async function watched(client: OpenAI, kind: Kind): Promise<Result> {
  const patience = new AbortController();
  let steps = 0;
  const timer = setInterval(() => {
    steps += 1;
    if (steps * STEP >= PATIENCE) patience.abort();
  }, STEP);
  // Not every SDK hears an abort while it waits between two attempts.
  const enough = once(patience.signal, 'abort').then(() => undefined);
  const { value, error, ms, lag } = await timed(() =>
    Promise.race([CALLS[kind](client, { signal: patience.signal }), enough]),
  );
  clearInterval(timer);
  if (patience.signal.aborted) return { is: 'hangs', ms, lag };
  return value ? { ...resultOf(value), ms, lag } : { is: 'error', error, ms, lag };
}

/** Plays the fault to one party. */
export async function play(what: Play, party: Party): Promise<Played> {
  const upstreams = await Promise.all(timesOf(party, what.times).map((times) => upstream(what, times)));
  const servers = upstreams.map(({ server }) => server);
  const endpoints = upstreams.map(({ endpoint }) => endpoint);
  const options = { ...(what.timeout === undefined ? {} : { timeout: what.timeout }), logLevel: 'off' as const };
  const client =
    party === 'plain' ? new OpenAI({ ...endpoints[0], ...options }) : new LoadBalancedOpenAI(endpoints, options);
  const [first] = servers as [FaultServer];
  let back: NodeJS.Timeout | undefined;
  try {
    for (let call = 0; call < (what.before ?? 0) * servers.length; call++)
      await client.chat.completions.create({ model: 'gpt-5', messages: [] });
    if (what.fault === 'down') {
      const down = party === 'healthy' ? [first] : servers;
      await Promise.all(down.map((server) => server.refuse()));
      if (what.times !== Number.POSITIVE_INFINITY) back = setTimeout(() => down.map((server) => server.accept()), DOWN);
    }
    const result = await watched(client, what.kind);
    return { ...result, requests: servers.map(({ calls }) => calls) };
  } finally {
    clearTimeout(back);
    await Promise.all(servers.map((server) => server.close()));
    if (client instanceof LoadBalancedOpenAI) await client.close();
  }
}
