// The same work done twice: over a pool of three endpoints that fail in the middle of it, and by the plain SDK on an
// account where nothing fails. Whatever comes out must be equal.
import assert from 'node:assert/strict';
import { LoadBalancedOpenAI, type PoolOptions } from 'load-balanced-openai';
import { type FaultServer, faultServer, type Step } from 'load-balanced-openai/testing';
import OpenAI from 'openai';
import { startGateway } from './gateway.ts';

/** How a library gets at the API: by a client, or by the parts it makes its own client of. */
export interface Access {
  readonly client: OpenAI;
  readonly fetch: typeof globalThis.fetch;
  readonly baseURL: string;
  readonly apiKey: string;
}

/** A step that is a fault: the pool meets it, and the plain SDK does not. */
export interface Fault {
  readonly fault: Step;
  /** The endpoint goes down with it and refuses connections from then on. */
  readonly dies?: boolean;
}

/** Marks a step as a fault. */
export const fault = (step: Step): Fault => ({ fault: step });

/** The endpoint is killed while it works on the call; it stays down, and calls that are refused there leave no trace. */
export const killed: Fault = { fault: 'black-hole', dies: true };

/** A stream that breaks before its first content. */
export const cutEarly = { stream: 3, cutAfter: 0 } as const;

/** A rate limit that outlasts the test. */
export const limited = { status: 429, retryAfter: 60 } as const;

/** What is compared. */
export interface Comparison<Value> {
  /** What the account answers, call by call, whichever endpoint is asked; then plain answers. */
  readonly script: readonly (Step | Fault)[];
  /** Does the work; returns what the library made of it, as plain data. */
  work(access: Access): Promise<Value>;
  /** Who was asked, in order: `'a'`, or `'a failed'` for a fault. */
  readonly journey: readonly string[];
  /** Models the account has, if the usual ones are not enough. */
  readonly models?: readonly string[];
  /** Options of the pool; its strategy is `'priority'`. */
  readonly options?: PoolOptions;
  /** The library fails with the plain SDK as well, with an error that says so; the pool's must be the same. */
  readonly failsWithRaw?: RegExp;
  /** The library fails with the plain SDK, with an error that says so; with the pool it works. */
  readonly failsWithRawOnly?: RegExp;
  /** The SDK and the library, where it matters how they were loaded. */
  readonly modules?: Modules;
}

/** The two classes that are held against each other. */
export interface Modules {
  readonly OpenAI: typeof OpenAI;
  readonly LoadBalancedOpenAI: typeof LoadBalancedOpenAI;
}

type Outcome<Value> = { value: Value } | { error: string };

const isFault = (step: Step | Fault): step is Fault => typeof step === 'object' && 'fault' in step;

/**
 * Does the work both ways and holds one against the other. Resolves to what came out.
 * The servers' names, which are in whatever they answer, are as long as each other and are left out of what is compared.
 */
export async function sameAsRaw<Value>(comparison: Comparison<Value>): Promise<Value> {
  const { script, work, journey, options, failsWithRaw, failsWithRawOnly } = comparison;
  const { modules = { OpenAI, LoadBalancedOpenAI } } = comparison;
  const start = (name: string, next: () => Step | undefined) =>
    faultServer({
      name: `account-${name}`,
      script: next,
      ...(comparison.models && { models: [...comparison.models] }),
    });

  const answers = script.filter((step): step is Step => !isFault(step));
  const healthy = await start('r', () => answers.shift());
  const raw = new modules.OpenAI({ baseURL: healthy.url, apiKey: 'sk-raw', maxRetries: 0 });
  const expected = await outcome(() =>
    work({ client: raw, fetch: globalThis.fetch, baseURL: healthy.url, apiKey: 'sk-raw' }),
  );
  await healthy.close();
  const failsSo = failsWithRaw ?? failsWithRawOnly;
  if (failsSo) assert.match('error' in expected ? expected.error : 'the plain SDK did it', failsSo);
  else assert.ok('value' in expected, `the plain SDK fails: ${JSON.stringify(expected)}`);

  const asked: string[] = [];
  const steps = [...script];
  const names = ['a', 'b', 'c'];
  const servers: FaultServer[] = await Promise.all(
    names.map((name, i) =>
      start(name, () => {
        const step = steps.shift() ?? 'ok';
        asked.push(isFault(step) ? `${name} failed` : name);
        if (!isFault(step)) return step;
        if (step.dies) void servers[i]?.refuse();
        return step.fault;
      }),
    ),
  );
  const endpoints = servers.map((server, i) => ({ name: names[i]!, baseURL: server.url, apiKey: `sk-${names[i]}` }));
  const way = await (process.env.VIA === 'gateway' ? byGateway : byLibrary)(modules, endpoints, options);
  const got = await outcome(() => work({ ...way.access, apiKey: 'sk-not-used' }));
  await way.close();
  for (const server of servers) await server.close();

  if (failsWithRawOnly) assert.ok('value' in got, `the pool fails, too: ${JSON.stringify(got)}`);
  else assert.deepEqual(got, expected);
  assert.deepEqual(asked, journey);
  assert.equal(JSON.stringify(got).match(/sk-\w+/), null, 'a key came out');
  for (const [i, server] of servers.entries()) onlyOwnKey(server, `sk-${names[i]}`);
  return 'value' in got ? got.value : (undefined as Value);
}

/** How the pool is reached. */
interface Way {
  readonly access: Omit<Access, 'apiKey'>;
  close(): Promise<void>;
}

type Endpoints = readonly { name: string; baseURL: string; apiKey: string }[];

async function byLibrary(modules: Modules, endpoints: Endpoints, options: PoolOptions = {}): Promise<Way> {
  const client = new modules.LoadBalancedOpenAI(endpoints, { strategy: 'priority', ...options });
  const { fetch } = client.balancer;
  return { access: { client, fetch, baseURL: client.baseURL }, close: () => client.close() };
}

async function byGateway(modules: Modules, endpoints: Endpoints, options: PoolOptions = {}): Promise<Way> {
  const { baseURL, stop } = await startGateway({ endpoints, strategy: 'priority', ...options });
  const client = new modules.OpenAI({ baseURL, apiKey: 'sk-not-used' });
  return { access: { client, fetch: globalThis.fetch, baseURL }, close: stop };
}

async function outcome<Value>(work: () => Promise<Value>): Promise<Outcome<Value>> {
  try {
    return { value: anonymous(await work()) };
  } catch (error) {
    return { error: String(error) };
  }
}

/** As plain data, without the names of servers and the numbers in their ids: how many one has made depends on its calls. */
function anonymous<Value>(value: Value): Value {
  if (value === undefined) return value;
  const text = JSON.stringify(value).replaceAll(/account-[abcr]/g, 'account');
  return JSON.parse(text.replaceAll(/(account[-_])\d+/g, '$1N'));
}

function onlyOwnKey({ requests }: FaultServer, key: string): void {
  for (const request of requests)
    assert.deepEqual(JSON.stringify(request.headers).match(/sk-\w+/g), [key], `keys at ${request.path}`);
}
