/**
 * One of the two runs: a client, the calls it makes and what came of them. Everything the summary says is counted here.
 */
import { OpenAI } from 'openai';
import { explain, LoadBalancedOpenAI, type Snapshot } from '../../index.ts';
import type { DemoCall } from './calls.ts';
import type { Stage } from './stage.ts';

/** What came of a run so far. */
export interface Tally {
  /** Calls that are over, lost ones included. */
  done: number;
  lost: number;
  /** Requests tried on the way. */
  attempts: number;
  /** Times a call moved on to another endpoint. */
  failovers: number;
  /** How often each kind of loss happened. */
  readonly losses: Map<string, number>;
  /** How long the run took, in ms, once it is over. */
  ms: number | undefined;
}

/** One run. */
export interface Side {
  readonly name: string;
  /** The endpoints it uses, in words. */
  readonly on: string;
  readonly tally: Tally;
  readonly client: OpenAI;
  /** The state of its pool; the plain SDK has none. */
  snapshot(): Snapshot | undefined;
  /** Frees the client. */
  close(): Promise<void>;
}

/** Something worth telling that happened in a pool. */
export type Tell = (news: string) => void;

const emptyTally = (): Tally => ({
  ...{ done: 0, lost: 0, attempts: 0, failovers: 0 },
  ...{ losses: new Map(), ms: undefined },
});

// Both clients are silent: their lines would tear the table, which shows the same things. All else is left at its default.
const QUIET = { logLevel: 'off' } as const;

/** The official SDK on one endpoint. */
export function plainSide({ plain, plainOn }: Stage): Side {
  const tally = emptyTally();
  // The SDK does not say how often it tried; each try is one fetch.
  const counted: typeof fetch = (...args) => {
    tally.attempts += 1;
    return fetch(...args);
  };
  const client = new OpenAI({ ...plain, ...QUIET, fetch: counted });
  return { name: 'plain OpenAI', on: plainOn, tally, client, snapshot: () => undefined, close: async () => undefined };
}

/** This library on all endpoints. */
export function pooledSide({ endpoints }: Stage, tell: Tell): Side {
  const tally = emptyTally();
  const client = new LoadBalancedOpenAI(endpoints, QUIET);
  /** When each endpoint's cooldown is over; calls under way start it again and again. */
  const cooling = new Map<string, number>();
  const about = (model: string | undefined) => (model === undefined ? '' : ` for ${model}`);
  client.balancer
    .on('attempt-start', () => {
      tally.attempts += 1;
    })
    .on('failover-start', () => {
      tally.failovers += 1;
    })
    .on('endpoint-ejected', ({ endpoint, model, reason }) => tell(`${endpoint} ejected${about(model)}: ${reason}`))
    .on('endpoint-restored', ({ endpoint, model }) => tell(`${endpoint} is back${about(model)}`))
    .on('endpoint-cooldown', ({ at, endpoint, ms, reason }) => {
      if (at >= (cooling.get(endpoint) ?? 0))
        tell(`${endpoint} cools down for ${(ms / 1_000).toFixed(1)} s: ${reason}`);
      cooling.set(endpoint, at + ms);
    });
  const { balancer } = client;
  const on = balancer
    .snapshot()
    .endpoints.map(({ name }) => name)
    .join(', ');
  return {
    ...{ name: 'LoadBalancedOpenAI', on, tally, client },
    snapshot: () => balancer.snapshot(),
    close: () => client.close(),
  };
}

function lossOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { status } = error as { status?: unknown };
  const what = error.constructor === Error ? error.message : error.constructor.name;
  const story = explain(error);
  return `${typeof status === 'number' ? `${status} ` : ''}${what}${story === '' ? '' : ` (${story})`}`;
}

/** Makes the calls, so many at a time, until all are over or the signal says stop. Never rejects. */
export async function run(
  { client, tally }: Side,
  calls: readonly DemoCall[],
  concurrency: number,
  signal: AbortSignal,
  progress: () => void,
): Promise<void> {
  const began = performance.now();
  const queue = calls.values();
  const worker = async () => {
    for (const call of queue) {
      if (signal.aborted) return;
      try {
        await call.make(client, signal);
      } catch (error) {
        if (signal.aborted) return;
        const loss = lossOf(error);
        tally.lost += 1;
        tally.losses.set(loss, (tally.losses.get(loss) ?? 0) + 1);
      }
      tally.done += 1;
      progress();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  tally.ms = performance.now() - began;
}
