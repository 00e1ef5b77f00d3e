// A user's strict project, compiled against the installed package and never run: the client goes wherever an `OpenAI` goes,
// replies keep their types, and options that do not exist do not compile.
import LoadBalancedOpenAI, {
  type AffinityError,
  attemptsOf,
  type ClosedError,
  ConfigurationError,
  decisionsOf,
  explain,
  type LoadBalancerError,
  memoryStore,
  LoadBalancedOpenAI as Named,
  NoEndpointAvailableError,
  type ProcessStoreOptions,
  priority,
  processStore,
  random,
  roundRobin,
  type SharedStore,
  type Strategy,
} from 'load-balanced-openai';
import { type OpenTelemetryObserver, type OpenTelemetryOptions, openTelemetry } from 'load-balanced-openai/otel';
import { type PrometheusMetrics, prometheus } from 'load-balanced-openai/prometheus';
import { type RedisClient, type RedisStore, redisStore } from 'load-balanced-openai/redis';
import * as testing from 'load-balanced-openai/testing';
import { fastFetch } from 'load-balanced-openai/transport';
import OpenAI, { AzureOpenAI, type ClientOptions, type OpenAIError } from 'openai';

const sdkOptions: ClientOptions = { apiKey: 'x', maxRetries: 1, timeout: 1_000, defaultHeaders: { a: 'b' } };

/** Code written for the SDK. */
async function code(client: OpenAI): Promise<string> {
  const reply = await client.chat.completions.create({ model: 'gpt-5', messages: [{ role: 'user', content: 'Hi' }] });
  const content: string | null | undefined = reply.choices[0]?.message.content;
  let text = '';
  const stream = await client.chat.completions.create({ model: 'gpt-5', messages: [], stream: true });
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  const { data, response, request_id } = await client.responses.create({ model: 'gpt-5', input: 'Hi' }).withResponse();
  for await (const model of client.models.list()) text += model.id;
  return `${content} ${text} ${data.output_text} ${response.status} ${request_id}`;
}

/** A strategy of one's own. */
const first: Strategy = {
  name: 'first',
  pick(candidates, call) {
    const [candidate] = candidates;
    if (candidate === undefined) throw new Error(`nobody for ${call.operation} of ${call.model}`);
    const weighed: number = candidate.weight + candidate.inFlight;
    return weighed > 0 && candidate.tags.includes('x') ? candidate : candidate;
  },
};

/** A subclass, as users of the SDK write them. */
class Mine extends LoadBalancedOpenAI {
  shout(): string {
    return this.baseURL.toUpperCase();
  }
}

/** Every way in, and every public name. */
export async function consumer(): Promise<void> {
  const client: OpenAI = new LoadBalancedOpenAI();
  const plain = new Named(sdkOptions);
  const pool = new LoadBalancedOpenAI(
    [
      { apiKey: 'x' },
      {
        ...sdkOptions,
        name: 'router',
        baseURL: 'https://router.example/v1',
        modelMap: { 'gpt-*': 'openai/gpt-$1' },
        models: ['gpt-*'],
      },
      {
        type: 'azure',
        endpoint: 'https://a.example',
        apiVersion: '2024-10-21',
        apiKey: 'x',
        modelMap: { 'gpt-5': 'prod' },
        weight: 2,
      },
      { client: new OpenAI({ apiKey: 'x' }), priority: 1, tags: ['x'] },
      { client: new AzureOpenAI({ apiKey: 'x', endpoint: 'https://a.example', apiVersion: '2024-10-21' }) },
    ],
    {
      strategy: priority(roundRobin()),
      breaker: { resetTimeout: 1_000, consecutiveFailures: 3 },
      retryBudget: false,
      timeout: 60_000,
    },
  );
  const named = new LoadBalancedOpenAI({
    endpoints: [{ apiKey: 'x' }],
    strategy: { priority: 'random' },
    failover: false,
  });
  const own = new LoadBalancedOpenAI([{ apiKey: 'x' }], { strategy: first, breaker: false });
  const mine: OpenAI = new Mine([{ apiKey: 'x' }], { strategy: random() });
  await Promise.all(
    [client, plain, pool, named, own, mine, pool.withOptions({ timeout: 5 }), pool.balancer.pin('router')].map(code),
  );
  const router: OpenAI = pool.balancer.endpoint('router');
  const reply = await router.chat.completions.create({ model: 'gpt-5', messages: [] });
  for (const { endpoint, model, verdict, status, ms, billed } of attemptsOf(reply))
    console.log(endpoint, model, verdict, status, ms, billed);
  const line: string = explain(reply);
  const added: string = pool.balancer.add({ apiKey: 'y' });
  await pool.balancer.drain(added);
  pool.balancer.on('endpoint-ejected', ({ at, endpoint }) => console.log(at, endpoint, line));
  pool.balancer
    .snapshot()
    .endpoints.map(({ name, breaker, excluded, inFlight }) => [name, breaker, excluded, inFlight]);
  const { client: sdk, model, release } = await pool.balancer.take({ model: 'gpt-5', tags: ['x'] });
  const [concrete, deployment]: [OpenAI, string] = [sdk, model];
  release();
  const over = new OpenAI({ apiKey: concrete.apiKey, fetch: pool.balancer.fetch });
  const steered = pool.balancer.with({ session: deployment, importance: 'low', hedge: false });
  const said: Promise<string> = steered.balancer.run({ tags: ['x'] }, () => code(over));
  pool.balancer.on('list-partial', ({ endpoint, reason }) => console.log(endpoint, reason));
  const facts = new Map<string, string>();
  const store: SharedStore = { ...memoryStore(), get: (key) => facts.get(key) };
  const account = new LoadBalancedOpenAI([{ apiKey: 'x' }], { store, lists: { strict: true }, pinnedModels: true });
  const fast = new LoadBalancedOpenAI([{ apiKey: 'x' }], { transport: 'fast' });
  const carried = new OpenAI({ apiKey: 'x', fetch: fastFetch({ connections: 2 }) });
  await Promise.all([said, ...[account, fast, carried].map(code)]);
  const metrics: PrometheusMetrics = prometheus({ pool, account }, { models: ['gpt-5'] });
  console.log(metrics.text('openmetrics'));
  const among: ProcessStoreOptions = { name: 'consumer' };
  const told: OpenTelemetryOptions = { propagate: false, maxValues: 10 };
  const observer: OpenTelemetryObserver = openTelemetry(told);
  const seen = new LoadBalancedOpenAI([{ apiKey: 'x' }], { store: processStore(among), observers: [observer] });
  for (const { picked, reason } of decisionsOf(await seen.models.list())) console.log(picked, reason);
  await pool.close();

  // @ts-expect-error an option that does not exist
  new LoadBalancedOpenAI([{ apiKey: 'x' }], { stratgy: 'random' });
  // @ts-expect-error an endpoint option that does not exist
  new LoadBalancedOpenAI([{ apiKey: 'x', wieght: 2 }]);
  // @ts-expect-error a strategy that does not exist
  new LoadBalancedOpenAI([{ apiKey: 'x' }], { strategy: 'fastest' });
  // @ts-expect-error a model must be text, as in the SDK
  await pool.chat.completions.create({ model: 5, messages: [] });
}

/** Over the client of a library that need not be installed. */
export async function together(redis: RedisClient): Promise<LoadBalancedOpenAI> {
  const store: RedisStore = redisStore(redis, { prefix: 'shop:', maxTtl: 60_000 });
  const total: number = await store.add('calls', 1, 1_000);
  // @ts-expect-error a client has functions
  redisStore({ url: 'redis://localhost' });
  return new LoadBalancedOpenAI([{ apiKey: `x${total}` }], { store });
}

/** Own errors are errors of the SDK. */
export function kinds(error: OpenAIError): string {
  if (error instanceof NoEndpointAvailableError)
    return `${error.status} ${error.retryAfterMs} ${error.endpoints[0]?.reason}`;
  if (error instanceof ConfigurationError) return error.code + error.issues.map(({ path }) => path).join();
  return error.message;
}

const own: Array<(error: AffinityError | ClosedError) => LoadBalancerError> = [(error) => error];
console.log(own, Object.keys(testing));
