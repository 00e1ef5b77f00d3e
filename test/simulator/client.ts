// One client of a simulation: the library's own pool and dispatcher, wired as the library wires them, driven as the seam
// drives them. Only the SDK in the middle is left out: what it would send goes to a modelled server.
import { routeOf } from '../../src/affinity/route.ts';
import { unsteered } from '../../src/call/steering.ts';
import type { LoadBalancedOpenAIOptions } from '../../src/config/options.ts';
import { resolveSettings } from '../../src/config/resolve-settings.ts';
import type { Attempt, Reply, Sending } from '../../src/dispatch/call-story.ts';
import { callOf, type RequestOptions } from '../../src/sdk/call-of.ts';
import { type Core, makeCore } from '../../src/sdk/core.ts';
import type { Taker } from './server.ts';
import type { VirtualClock } from './virtual-clock.ts';
import { durationsOf, type Work } from './workload.ts';

/** How a call went. Times in ms. */
export interface Told {
  readonly at: number;
  /** Until the first token of a stream, or the whole of a plain answer; for a failed call, until it failed. */
  readonly ms: number;
  readonly error: unknown;
  readonly attempts: number;
}

/** What a client is made with. */
export interface ClientParts {
  readonly servers: ReadonlyMap<string, Taker>;
  readonly clock: VirtualClock;
  readonly options: LoadBalancedOpenAIOptions;
  /** Whether its calls ask for streams. */
  readonly stream: boolean;
  /** Told of each attempt that is sent. */
  readonly sent: (endpoint: string) => void;
}

interface ModelReply extends Reply {
  /** Set by whoever waits for the end of the body. */
  ended: (() => void) | undefined;
  over: boolean;
}

/** The SDK's own. */
const TIMEOUT = 600_000;
const MAX_RETRIES = 2;
const quiet = { warn: () => undefined, info: () => undefined, debug: () => undefined, debugging: false };

/** One client with its own pool and state. */
export class SimulatedClient {
  readonly core: Core;
  readonly #parts: ClientParts;

  constructor(parts: ClientParts) {
    const { clock, servers } = parts;
    const endpoints = [...servers.keys()].map((name) => ({
      name,
      apiKey: 'key',
      baseURL: `https://${name}.example/v1`,
    }));
    const options = { endpoints, shareState: false, ...parts.options, clock };
    this.#parts = parts;
    this.core = makeCore(resolveSettings(options, {}), options, () => quiet);
  }

  /** Makes a call. @param tell told once, when its answer has begun or it failed. */
  async call(work: Work, tell: (told: Told) => void): Promise<void> {
    const { clock, sent } = this.#parts;
    const { traced } = work;
    const { stream } = traced ?? this.#parts;
    const { settings, dispatcher, pool, affinity } = this.core;
    // Four bytes to a token, as everybody reckons; no prompt begins like another.
    const content = `${work.seed} `.padEnd(4 * work.prompt, 'text ');
    const prefix = traced?.prefix === undefined ? {} : { prompt_cache_key: String(traced.prefix) };
    const model = traced?.model ?? 'gpt-5';
    const body = { model, messages: [{ role: 'user', content }], max_completion_tokens: work.most, stream, ...prefix };
    const options: RequestOptions = { method: 'post', path: '/chat/completions', body, stream };
    const defaults = {
      timeout: TIMEOUT,
      maxRetries: MAX_RETRIES,
      steering: { ...unsteered, ...(traced?.pin && { endpoint: traced.pin }) },
    };
    const call = callOf(options, 'free', defaults, settings, clock);
    const route = routeOf(call, pool, affinity, settings.affinity);
    const send = (endpoint: { name: string }, sending: Sending) => {
      sent(endpoint.name);
      return this.#send(work, endpoint.name, sending);
    };
    const story = dispatcher.open<ModelReply>(call, send, route.only, route.prefer);
    const at = call.startedAt;
    try {
      const head = await dispatcher.head(story);
      const attempt = await dispatcher.body(story, head, async (each) => {
        if (stream) dispatcher.proved(story, each);
      });
      tell({ at, ms: clock.now() - at, error: undefined, attempts: story.attempts.length });
      const { reply } = attempt as Attempt<ModelReply> & { reply: ModelReply };
      const end = () => {
        const { prompt, tokens } = work;
        attempt.report.usage = { prompt_tokens: prompt, completion_tokens: tokens, total_tokens: prompt + tokens };
        dispatcher.settle(story, attempt, { is: 'reply', status: reply.status, headers: reply.headers });
        dispatcher.finish(story, true);
      };
      if (stream) story.commit();
      if (reply.over) end();
      else reply.ended = end;
    } catch (error) {
      tell({ at, ms: clock.now() - at, error, attempts: story.attempts.length });
    }
  }

  /** The port: an attempt becomes a job of a server. A stream's head comes with its first token, a plain reply all at once. */
  #send(work: Work, name: string, { index, signal, wire }: Sending): Promise<ModelReply> {
    const { servers } = this.#parts;
    const { stream } = work.traced ?? this.#parts;
    return new Promise((resolve, reject) => {
      let reply: ModelReply | undefined;
      const head = (headers: Headers) => {
        reply = { status: 200, headers, ended: undefined, over: false };
        wire.answered();
        resolve(reply);
        return reply;
      };
      (servers.get(name) as Taker).take({
        ...durationsOf(work, index),
        ...{ work, index },
        most: work.prompt + work.most,
        used: work.prompt + work.tokens,
        signal,
        begins: (headers) => {
          if (stream) head(headers());
        },
        ends: (headers) => {
          reply ??= head(headers());
          reply.over = true;
          reply.ended?.();
        },
        fails: (error) => {
          wire.answered();
          reject(error);
        },
      });
    });
  }
}
