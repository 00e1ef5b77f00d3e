// What one behaviour works with: as many upstreams as the pool has endpoints, and a client over them. With pool size
// 'sdk' the client is the plain SDK itself on one upstream: the control that says what "exactly like the SDK" means.
import type OpenAI from 'openai';
import type { AzureClientOptions, ClientOptions } from 'openai';
import type { LoadBalancedOpenAIOptions } from '../../../src/index.ts';
import { account } from './account.ts';
import { type Reply, type Script, type Seen, startUpstream, type Upstream } from './upstream.ts';

/** The SDK under test, whichever version and module format. */
export type Sdk = typeof import('openai') & Pick<typeof import('openai/streaming'), 'Stream'>;
/** This library, loaded beside that SDK. */
export type Library = typeof import('../../../src/index.ts');
/** 'sdk' = the plain SDK, 0 = our class without endpoints, else the number of endpoints. */
export type PoolSize = 'sdk' | 0 | 1 | 2 | 3;
/** Our client. */
export type Ours = InstanceType<Library['LoadBalancedOpenAI']>;
type OurOptions = Omit<LoadBalancedOpenAIOptions, 'endpoints'>;
type EndpointOptions = Record<string, unknown>;
type Constructor = new (...args: never[]) => OpenAI;

/** The hands of one behaviour. */
export interface Bench {
  sdk: Sdk;
  library: Library;
  poolSize: PoolSize;
  upstreams: Upstream[];
  /** Every request so far, in order of arrival over all upstreams. */
  seen: Seen[];
  /** The base class under test: the SDK's or ours. */
  Base: typeof OpenAI;
  /** The key of an endpoint, different for each bench. */
  key(upstream: number): string;
  /** A client over all upstreams; `endpoint` adds to the options of one endpoint. */
  client(options?: ClientOptions, endpoint?: (upstream: number) => EndpointOptions): OpenAI;
  /** The same, typed as ours; only where the pool is ours. */
  ours(options?: OurOptions, endpoint?: (upstream: number) => EndpointOptions): Ours;
  /** A client of a given (sub)class over all upstreams. */
  make(Class: Constructor, options?: object, endpoint?: (upstream: number) => EndpointOptions): OpenAI;
  /** The same over Azure resources. */
  azure(
    options?: AzureClientOptions & Record<string, unknown>,
    endpoint?: (upstream: number) => EndpointOptions,
  ): OpenAI;
  /** Puts a script before the healthy account; the first that answers wins. */
  on(script: Script): void;
  /** The first request of all gets this, later ones are answered as usual. */
  failFirst(reply: Reply): void;
  close(): Promise<void>;
}

const stamp = `${process.pid.toString(36)}${Date.now().toString(36)}`;
let benches = 0;

/** Starts the upstreams of one behaviour. */
export async function startBench(sdk: Sdk, library: Library, poolSize: PoolSize): Promise<Bench> {
  const seen: Seen[] = [];
  const scripts: Script[] = [];
  const script: Script = async (request) => {
    seen.push(request);
    for (const say of scripts) {
      const reply = await say(request);
      if (reply) return reply;
    }
    return account(request);
  };
  const count = typeof poolSize === 'number' ? Math.max(1, poolSize) : 1;
  const upstreams = await Promise.all(Array.from({ length: count }, (_, i) => startUpstream(i, script)));
  const number = ++benches;
  const key = (upstream: number) => `sk-test-${stamp}-${number}-e${upstream + 1}`;
  const Base = (poolSize === 'sdk' ? sdk.OpenAI : library.LoadBalancedOpenAI) as typeof OpenAI;

  const make: Bench['make'] = (Class, options = {}, endpoint = () => ({})) => {
    const build = Class as unknown as new (...args: unknown[]) => OpenAI;
    const endpoints = upstreams.map((at, i) => {
      const own = endpoint(i);
      return 'client' in own || 'type' in own ? own : { apiKey: key(i), baseURL: at.url, ...own };
    });
    if (poolSize === 'sdk' || poolSize === 0) return new build({ ...endpoints[0], ...options });
    return new build(
      endpoints.map((one, i) => ({ name: `e${i + 1}`, ...one })),
      options,
    );
  };

  return {
    sdk,
    library,
    poolSize,
    upstreams,
    seen,
    Base,
    key,
    make,
    client: (options, endpoint) => make(Base, options, endpoint),
    ours: (options, endpoint) => make(Base, options, endpoint) as Ours,
    azure(options = {}, endpoint = () => ({})) {
      const own = (i: number) => ({
        endpoint: upstreams[i]?.origin,
        apiVersion: '2024-10-21',
        apiKey: key(i),
        ...endpoint(i),
      });
      if (poolSize === 'sdk') return new sdk.AzureOpenAI({ ...own(0), ...options } as AzureClientOptions);
      return make(Base, options, (i) => ({ type: 'azure', ...own(i) }));
    },
    on: (say) => void scripts.push(say),
    failFirst(reply) {
      let spent = false;
      scripts.push(() => {
        if (spent) return undefined;
        spent = true;
        return reply;
      });
    },
    close: async () => void (await Promise.all(upstreams.map((upstream) => upstream.close()))),
  };
}

/** One thing the SDK does that must stay so. */
export interface Behaviour {
  name: string;
  on: readonly PoolSize[];
  run(bench: Bench): Promise<void>;
}

/** The plain SDK, and ours with and without a pool. */
export const ALL: readonly PoolSize[] = ['sdk', 0, 1, 2, 3];
/** Where exactly one upstream is behind the client. */
export const SINGLE: readonly PoolSize[] = ['sdk', 0, 1];
/** The plain SDK and pools; not our class without endpoints. */
export const SDK_AND_POOLS: readonly PoolSize[] = ['sdk', 1, 2, 3];
/** Our class, in every form. */
export const OURS: readonly PoolSize[] = [0, 1, 2, 3];
/** Pools, also of one. */
export const POOLS: readonly PoolSize[] = [1, 2, 3];
/** Pools with somebody to fail over to. */
export const MANY: readonly PoolSize[] = [2, 3];

/** Names one behaviour. */
export const behaviour = (name: string, on: readonly PoolSize[], run: Behaviour['run']): Behaviour => ({
  name,
  on,
  run,
});

/** The usual question. */
export const ASK = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'Say hello' }] };
/** The usual answer. */
export const ANSWER = 'Hello from the pool';

/** Settles with the error a promise rejects with; fails when it does not reject. */
export async function rejection(promise: PromiseLike<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('expected a rejection');
}

/** Waits for something that must happen soon; a bound, not a delay. */
export async function soon<T>(promise: PromiseLike<T>, what: string, ms = 3_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
