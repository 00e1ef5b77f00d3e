/** `client.balancer`: everything of ours behind one name. Plain functions over closures, so that foreign proxies may wrap it. */
import type { OpenAI } from 'openai';
import { type Steering, unsteered } from '../call/steering.ts';
import type { EndpointOptions } from '../config/endpoint-options.ts';
import { kindOf } from '../config/problems.ts';
import { resolveAddedEndpoint } from '../config/resolve-settings.ts';
import { resolveSteering, type SteeringOptions } from '../config/steering-options.ts';
import { didYouMean } from '../config/suggest.ts';
import type { TakeOptions } from '../config/take-options.ts';
import { ConfigurationError } from '../errors.ts';
import type { ListenerOf } from '../observe/emitter.ts';
import { type EventName, eventNames } from '../observe/events.ts';
import type { Caller } from './caller.ts';
import type { Core } from './core.ts';
import { endpointNamed, shownAs } from './endpoint-named.ts';
import { loneFetch } from './lone-fetch.ts';
import { poolFetch } from './pool-fetch.ts';
import { type Snapshot, snapshotOf } from './snapshot.ts';
import { type Taken, take } from './take.ts';

/** What a `LoadBalancedOpenAI` adds to the SDK's client. @template Client the client's own class. */
export interface Balancer<Client = OpenAI> {
  /** Calls `listener` at every event of this name, or at every event for `'*'`. A throwing listener hurts no call. */
  on<Name extends EventName | '*'>(name: Name, listener: ListenerOf<Name>): Balancer<Client>;
  /** Removes a listener. */
  off<Name extends EventName | '*'>(name: Name, listener: ListenerOf<Name>): Balancer<Client>;
  /** The state of the pool as plain data, safe to serialise, without secrets. */
  snapshot(): Snapshot;
  /** The SDK client of one endpoint, with the SDK's own retries, outside of the pool. @throws ConfigurationError for an unknown name. */
  endpoint(name: string): OpenAI;
  /** A client on the same pool whose calls go to one endpoint and never fail over. @throws ConfigurationError for an unknown name. */
  pin(name: string): Client;
  /**
   * A client on the same pool whose calls are steered: `endpoint` names the only one, `tags` say who may, `session` keeps calls
   * together, `importance` says who waits longer.
   * @throws ConfigurationError for an endpoint or a tag that the pool does not have.
   */
  with(steering: SteeringOptions): Client;
  /**
   * Steers every call that is made inside of `work` on this pool, also deep inside of other libraries and after an `await`. What
   * the client of a call says itself counts more; tags add up.
   * @returns what `work` returns.
   * @throws ConfigurationError as `with` does.
   */
  run<Result>(steering: SteeringOptions, work: () => Result): Result;
  /**
   * Takes the SDK client of one endpoint, for sockets and whatever else does not go through calls: chosen by the strategy among the
   * eligible, counted as load until it is released. Waits for an endpoint as a call does.
   * @throws ConfigurationError for bad options; NoEndpointAvailableError when nobody is eligible in time; AffinityError for the id
   * of an endpoint that is gone.
   */
  take(options: TakeOptions & { readonly model: string }): Promise<Taken<string>>;
  take(options?: TakeOptions): Promise<Taken>;
  /** Takes one more endpoint into the pool. @returns its name. @throws ConfigurationError for bad input. */
  add(endpoint: EndpointOptions): string;
  /** Gives an endpoint no new calls; resolves when its running ones are over. Of those only the last 100 are kept. @throws ConfigurationError for an unknown name. */
  drain(name: string): Promise<void>;
  /**
   * The pool as a plain `fetch`, for libraries that accept only that. Takes URLs below the base URL of any endpoint, or below
   * `https://api.openai.com/v1`; the caller's credentials are replaced by those of the endpoint asked. Works detached. A reply of any
   * status is a `Response`; `attemptsOf` knows it.
   * @throws TypeError for a URL elsewhere (`code: 'foreign_url'`), and where no endpoint replied (`fetch failed`, with the SDK's error
   * as `cause`); NoEndpointAvailableError, AffinityError, ClosedError as every call; the signal's reason when it aborts.
   */
  readonly fetch: typeof globalThis.fetch;
}

/** Under it a balancer says which pool it is, for whoever counts pools: clones have one together. */
const POOL = Symbol.for('load-balanced-openai.pool');

/** What the accessor needs of its client. */
export interface BalancerClient<Client> {
  readonly core: Core;
  direct(name: string): OpenAI;
  /** Who makes a call now. */
  caller(): Caller;
  readonly client: OpenAI;
  readonly steering: Steering;
  steered(steering: Steering): Client;
}

function add<Client>({ core }: BalancerClient<Client>, options: EndpointOptions): string {
  const { pool, settings, events } = core;
  if (pool.endpoints.length === 0) {
    throw new ConfigurationError(
      'no_endpoints',
      'This client has no pool to add an endpoint to; construct it with `endpoints`.',
    );
  }
  const { names } = pool.roster;
  const endpoint = core.endpointOf(resolveAddedEndpoint(options, core.input, names, process.env), names.size);
  pool.add(endpoint);
  core.share?.refresh();
  core.dispatcher.wake();
  events.emit({ type: 'endpoint-added', at: settings.clock.date(), endpoint: endpoint.name });
  return endpoint.name;
}

function drain<Client>({ core }: BalancerClient<Client>, name: string): Promise<void> {
  const endpoint = endpointNamed(core, name);
  const { events, settings, pool, dispatcher } = core;
  pool.drain(endpoint);
  // Whoever waits for it alone learns so now.
  dispatcher.wake();
  return dispatcher.whenIdleOn(endpoint).then(() => {
    pool.roster.retire(endpoint);
    events.emit({ type: 'endpoint-drained', at: settings.clock.date(), endpoint: name });
  });
}

/** Checks the options of `with` and `run` against the pool. */
function steeringOf(core: Core, outer: Steering, options: SteeringOptions, door: 'with' | 'run'): Steering {
  const steering = resolveSteering(options, outer, door, core.pool.endpoints);
  if (steering.endpoint !== undefined) endpointNamed(core, steering.endpoint);
  return steering;
}

function withSteering<Client>({ core, steering, steered }: BalancerClient<Client>, options: SteeringOptions): Client {
  return steered(steeringOf(core, steering, options, 'with'));
}

function run<Client, Result>({ core }: BalancerClient<Client>, options: SteeringOptions, work: () => Result): Result {
  if (typeof work !== 'function')
    throw new ConfigurationError(
      'invalid_value',
      `run(): the second argument must be a function, got ${kindOf(work)}.`,
    );
  const { surroundings } = core;
  return surroundings.run(steeringOf(core, surroundings.steering ?? unsteered, options, 'run'), work);
}

/** A misspelt name would hear nothing and say nothing. */
function checkListener(name: string, listener: unknown): void {
  if (typeof listener !== 'function')
    throw new ConfigurationError('invalid_value', `on(): the listener must be a function, got ${kindOf(listener)}.`);
  if (name === '*' || eventNames.includes(name)) return;
  const known = eventNames.map((each) => `'${each}'`).join(', ');
  const hint = didYouMean(String(name), eventNames);
  throw new ConfigurationError(
    'invalid_value',
    `on(): unknown event ${shownAs(name)}${hint}; known are ${known} and '*'.`,
  );
}

/** Builds the accessor of one client. */
export function balancerOf<Client>(client: BalancerClient<Client>): Balancer<Client> {
  const { core } = client;
  const balancer: Balancer<Client> = {
    on(name, listener) {
      checkListener(name, listener);
      core.events.on(name, listener as never);
      return balancer;
    },
    off(name, listener) {
      core.events.off(name, listener as never);
      return balancer;
    },
    snapshot: () => snapshotOf(core),
    endpoint: (name) => client.direct(endpointNamed(core, name).name),
    pin: (name) => withSteering(client, { endpoint: endpointNamed(core, name).name }),
    with: (steering) => withSteering(client, steering),
    run: (steering, work) => run(client, steering, work),
    take: (async (options = {}) =>
      take(options, { caller: client.caller(), direct: client.direct })) as Balancer<Client>['take'],
    add: (endpoint) => add(client, endpoint),
    drain: async (name) => drain(client, name),
    fetch: core.pool.endpoints.length > 0 ? poolFetch(client.caller) : loneFetch(client.client),
  };
  Object.defineProperty(balancer, POOL, { value: core.mark });
  return balancer;
}
