// Yesterday's calls under another strategy: the library's own pool and dispatcher on virtual time, against endpoints that behave
// as the trace shows them. The same trace, strategy and seed give the same calls, to the bit.
import { APIConnectionError } from 'openai';
import type { LoadBalancedOpenAIOptions } from '../../src/config/options.ts';
import { type RecordedCall, recordDecisions } from '../../src/index.ts';
import { seedOf } from './chance.ts';
import { SimulatedClient } from './client.ts';
import { ReplayModel } from './replay-model.ts';
import { apiError, type Job, type Taker } from './server.ts';
import { readTrace, type Trace, type TracedCall } from './trace.ts';
import { VirtualClock } from './virtual-clock.ts';
import type { Work } from './workload.ts';

const MINUTE = 60_000;
/** A refusal comes back so fast, in ms. */
const REFUSED_AFTER = 20;
const NO_HEADERS = new Headers();

/** An endpoint as the trace shows it. */
class ReplayServer implements Taker {
  readonly #name: string;
  readonly #model: ReplayModel;
  readonly #clock: VirtualClock;
  /** When calls were let in, by model, within the last minute. */
  readonly #passed = new Map<string | undefined, number[]>();

  constructor(name: string, model: ReplayModel, clock: VirtualClock) {
    this.#name = name;
    this.#model = model;
    this.#clock = clock;
  }

  take(job: Job): void {
    const call = job.work.traced as TracedCall;
    const wait = this.#refuses(call.model);
    if (wait !== undefined) {
      const headers = { 'retry-after-ms': String(Math.ceil(wait)) };
      this.#later(job, REFUSED_AFTER, () => job.fails(apiError(429, 'Rate limit reached', headers)));
      return;
    }
    const fate = this.#model.fate(call, job.work.seed, this.#name, job.index, this.#clock.now());
    if (fate.is === 'silent') return;
    if (fate.is === 'failed') {
      const { status, after } = fate;
      const error = status === undefined ? new APIConnectionError({}) : apiError(status, 'as recorded');
      this.#later(job, after, () => job.fails(error));
      return;
    }
    this.#later(job, fate.first, () => {
      job.begins(() => NO_HEADERS);
      this.#later(job, fate.rest, () => job.ends(() => NO_HEADERS));
    });
  }

  #later(job: Job, ms: number, run: () => void): void {
    const cancel = this.#clock.after(ms, run);
    job.signal.addEventListener('abort', cancel, { once: true });
  }

  /** Lets one in, or says how long it has to wait. */
  #refuses(model: string | undefined): number | undefined {
    const limit = this.#model.limit(this.#name, model);
    if (limit === undefined) return undefined;
    const now = this.#clock.now();
    const passed = (this.#passed.get(model) ?? []).filter((at) => at > now - MINUTE);
    this.#passed.set(model, passed);
    const [oldest] = passed.slice(-limit);
    if (passed.length >= limit && oldest !== undefined) return oldest + MINUTE - now;
    passed.push(now);
    return undefined;
  }
}

function workOf(call: TracedCall, place: number): Work {
  const { at, input, output } = call;
  return {
    at,
    client: 0,
    prompt: Math.max(1, input),
    tokens: output,
    most: Math.max(1, output),
    seed: place,
    traced: call,
  };
}

/** What came of a replay. */
export interface Replayed {
  /** The calls as `recordDecisions` would have written them. */
  readonly lines: readonly RecordedCall[];
  readonly trace: Trace;
}

/** Replays a trace. @param options of the client, the strategy among them. */
export async function replay(trace: Trace, options: LoadBalancedOpenAIOptions, seed = 1): Promise<Replayed> {
  const clock = new VirtualClock(seedOf(seed, 11));
  const model = new ReplayModel(trace, seed);
  const endpoints = trace.endpoints.map(({ name, weight, priority, models }) => ({
    ...{ name, weight, priority, apiKey: 'key', baseURL: `https://${encodeURIComponent(name)}.example/v1` },
    ...(models && { models: [...models] }),
  }));
  const servers = new Map(endpoints.map(({ name }) => [name, new ReplayServer(name, model, clock)]));
  const texts: string[] = [];
  const recorder = recordDecisions({ write: (text: string) => texts.push(text) });
  const parts = {
    servers,
    clock,
    stream: true,
    sent: () => undefined,
    options: { ...options, endpoints, observers: [recorder] },
  };
  const client = new SimulatedClient(parts);
  const { calls } = trace;
  let begun = 0;
  const arrive = (place: number) => {
    const call = calls[place] as TracedCall;
    begun += 1;
    void client.call(workOf(call, place), () => undefined);
    const next = calls[place + 1];
    if (next) clock.after(Math.max(0, next.at - clock.now()), () => arrive(place + 1));
  };
  clock.after((calls[0] as TracedCall).at, () => arrive(0));
  await clock.run(() => begun === calls.length && texts.length >= calls.length);
  // Ids differ from process to process; nothing else does.
  const lines = texts
    .map((text) => JSON.parse(text) as RecordedCall)
    .map((line, place): RecordedCall => ({ ...line, id: `replayed-${place + 1}` }));
  return { lines, trace: readTrace(lines.map((line) => JSON.stringify(line)).join('\n'), 'replay') };
}
