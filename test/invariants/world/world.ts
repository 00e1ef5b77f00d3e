// A real client over endpoints in memory, on a clock turned by hand, and every call made on it written down.
import type { APIPromise } from 'openai';
import type { BalancerEvent, LoadBalancedOpenAIOptions, Snapshot } from '../../../src/index.ts';
import { LoadBalancedOpenAI } from '../../../src/index.ts';
import { type ManualClock, manualClock } from '../../../src/testing/index.ts';
import { type Asked, type Upstream, upstream } from './upstream.ts';

/** What a call asks for. */
export interface Asking {
  /**
   * `chat` plain, `stream` read event by event, `create` a background response, `object` a read of an unknown file, `raw` the
   * `Response` at its headers, `late` a plain call that nobody awaits until it is collected.
   */
  readonly kind: 'chat' | 'stream' | 'create' | 'object' | 'raw' | 'late';
  readonly model: string;
  /** The call's own; the client's without one. */
  readonly timeout?: number | undefined;
  readonly maxRetries?: number | undefined;
  readonly pin?: string | undefined;
  /** The reader leaves the stream after so many events. */
  readonly leaveAfter?: number | undefined;
}

/** A call made. */
export interface Made {
  readonly asking: Asking;
  readonly number: number;
  readonly startedAt: number;
  readonly abort: AbortController;
  /** Until when the call must have settled; later once it is collected. */
  deadline: number;
  /** Set once the caller got something or an error. */
  settledAt: number | undefined;
  value: unknown;
  error: unknown;
  /** The texts of the events handed out, and since when the reader waits for the next one. */
  readonly texts: string[];
  waitsSince: number | undefined;
  /** The reader is done, well or not. */
  done: boolean;
  aborted: boolean;
  collect: (() => void) | undefined;
}

/** A client and its surroundings. */
export interface World {
  readonly clock: ManualClock;
  readonly client: LoadBalancedOpenAI;
  readonly upstream: Upstream;
  readonly made: readonly Made[];
  readonly events: readonly BalancerEvent[];
  /** What `drain` returned. */
  readonly drains: Promise<void>[];
  /** Makes a call; what can happen at once has happened when it resolves. */
  call(asking: Asking): Promise<Made>;
  /** Adds an endpoint. */
  add(name: string): void;
  snapshot(): Snapshot;
  /** Requests that wait for an answer or for more of their body. */
  pending(phase: 'head' | 'body'): Asked[];
}

/** Options of the client; its endpoints are named. */
export type WorldOptions = Omit<LoadBalancedOpenAIOptions, 'endpoints'>;

const TIMEOUT = 60_000;

const { setImmediate: turn } = globalThis;

/** Lets happen what can happen without time passing. Bodies need several turns of the loop. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise<void>((resolve) => turn(() => resolve()));
}

const endpointOf = (name: string) => ({ name, baseURL: `http://${name}.test/v1`, apiKey: `key-${name}` });

/** Opens a world. @param hear told of every event at once. */
export function openWorld(
  names: readonly string[],
  options: WorldOptions = {},
  hear: (event: BalancerEvent, world: World) => void = () => undefined,
): World {
  const clock = (options.clock as ManualClock | undefined) ?? manualClock();
  const hub = upstream(clock);
  const client = new LoadBalancedOpenAI({
    ...{ timeout: TIMEOUT, logLevel: 'off', fetch: hub.fetch, clock },
    ...options,
    endpoints: names.map(endpointOf),
  });
  const made: Made[] = [];
  const events: BalancerEvent[] = [];
  const world: World = {
    ...{ clock, client, upstream: hub, made, events, drains: [] },
    async call(asking) {
      const { timeout = client.timeout } = asking;
      const one: Made = {
        ...{ asking, number: made.length, startedAt: clock.now(), abort: new AbortController() },
        ...{ deadline: clock.now() + timeout, settledAt: undefined, value: undefined, error: undefined },
        ...{ texts: [], waitsSince: undefined, done: false, aborted: false, collect: undefined },
      };
      made.push(one);
      begin(world, one);
      await settle();
      return one;
    },
    add: (name) => void client.balancer.add(endpointOf(name)),
    snapshot: () => client.balancer.snapshot(),
    pending: (phase) => hub.asked.filter((asked) => asked.phase === phase),
  };
  client.balancer.on('*', (event) => {
    events.push(event);
    hear(event, world);
  });
  return world;
}

/** Sends the call and follows it to its end; never throws. */
function begin(world: World, one: Made): void {
  const { asking, abort, number } = one;
  const { model, timeout, maxRetries, pin, kind } = asking;
  // Of an object that nobody knows every endpoint is asked at once; here one of them stands for its owner.
  const owner = kind === 'object' ? world.snapshot().endpoints.find(({ drained }) => !drained)?.name : undefined;
  const only = pin ?? owner;
  const client = only === undefined ? world.client : world.client.balancer.pin(only);
  const options = {
    headers: { 'x-call': String(number) },
    signal: abort.signal,
    ...(timeout !== undefined && { timeout }),
    ...(maxRetries !== undefined && { maxRetries }),
  };
  const body = { model, messages: [{ role: 'user' as const, content: 'hi' }] };
  const ended = (error: unknown, value: unknown) => {
    one.settledAt ??= world.clock.now();
    one.error = error;
    one.value = value;
    one.done = true;
  };
  const follow = (promise: PromiseLike<unknown>) =>
    promise.then(
      (value) => ended(undefined, value),
      (error: unknown) => ended(error, undefined),
    );
  if (kind === 'stream')
    void readStream(world, one, client.chat.completions.create({ ...body, stream: true }, options));
  else if (kind === 'create') follow(client.responses.create({ model, input: 'hi', background: true }, options));
  else if (kind === 'object') follow(client.files.retrieve('file-unknown', options));
  else {
    const promise = client.chat.completions.create(body, options);
    if (kind === 'chat') follow(promise);
    else if (kind === 'raw') follow(promise.asResponse());
    else {
      // As with the SDK, a promise nobody looks at is an unhandled rejection when it fails; here that is meant.
      const head = (promise as unknown as { responsePromise: Promise<unknown> }).responsePromise;
      let rests = false;
      head.then(
        () => {
          rests = true;
        },
        () => undefined,
      );
      one.collect = () => {
        one.collect = undefined;
        // A reply that waited for its reader has as much time as the whole call had.
        one.deadline = Math.max(one.deadline, world.clock.now() + (rests ? (timeout ?? client.timeout) : 0));
        follow(promise);
      };
    }
  }
}

interface Events extends AsyncIterable<{ choices: { delta: { content?: string | null } }[] }> {}

async function readStream(world: World, one: Made, promise: APIPromise<Events>): Promise<void> {
  const { clock } = world;
  try {
    const stream = await promise;
    one.settledAt = clock.now();
    const iterator = stream[Symbol.asyncIterator]();
    for (let events = 0; events < (one.asking.leaveAfter ?? Number.POSITIVE_INFINITY); events++) {
      one.waitsSince = clock.now();
      const { value, done } = await iterator.next();
      one.waitsSince = undefined;
      if (done) {
        one.done = true;
        one.value = 'end';
        return;
      }
      one.texts.push(value.choices[0]?.delta.content ?? '');
    }
    await iterator.return?.();
    one.value = 'left';
  } catch (error) {
    one.error = error;
    one.settledAt ??= clock.now();
  }
  one.waitsSince = undefined;
  one.done = true;
}
