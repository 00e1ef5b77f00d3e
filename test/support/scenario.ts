// One line for "these endpoints do this, that call is made, this comes of it": real fault servers, one client, cleaned up after.
//   await scenario().endpoints({ a: [503], b: [200] }).call('gpt-5').expect({ served: 'b', attempts: ['a', 'b'] });
import { inspect } from 'node:util';
import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions';
import { expect } from 'vitest';
import {
  type Attempt,
  type EndpointOptions,
  LoadBalancedOpenAI,
  type LoadBalancedOpenAIOptions,
  type Snapshot,
} from '../../src/index.ts';
import {
  type EventRecorder,
  type FaultServer,
  type FaultServerOptions,
  faultServer,
  recordEvents,
  type Script,
} from '../../src/testing/index.ts';
import { type Outcome, outcomeOf } from './outcome.ts';

export type { Outcome } from './outcome.ts';

/** One endpoint: the script of its server, or the script with options of the server and of the endpoint. */
export type EndpointScript = Script | ScriptedEndpoint;

/** A script with more to say. */
export interface ScriptedEndpoint extends Omit<EndpointOptions, 'name' | 'apiKey' | 'baseURL'> {
  readonly script: Script;
  readonly server?: Omit<FaultServerOptions, 'name' | 'script' | 'apiKey'>;
}

/** Everything there is to look at when the last call is over and nothing is closed yet. */
export interface Stage {
  readonly client: LoadBalancedOpenAI;
  readonly servers: Readonly<Record<string, FaultServer>>;
  readonly events: EventRecorder;
  /** The key of each endpoint; no two scenarios share one, so that no state is inherited and a leaked key shows. */
  readonly keys: Readonly<Record<string, string>>;
}

/** What `expect` compares; only what is given is looked at. */
export interface Expected {
  /** The endpoint that answered; null = the call failed. */
  readonly served?: string | null;
  /** The endpoints tried by the last call, in order. */
  readonly attempts?: readonly string[];
  readonly verdicts?: readonly Attempt['verdict'][];
  /** Requests each server counted, over all calls. */
  readonly calls?: Readonly<Record<string, number>>;
  readonly text?: string;
  /** Fields of the error, `name` being the name of its class; null = no error. */
  readonly error?: Readonly<Record<string, unknown>> | null;
  /** Names of events that must have come in this order, others in between. */
  readonly events?: readonly string[];
  /** The breaker of each endpoint named. */
  readonly breakers?: Readonly<Record<string, string>>;
  /** Why each endpoint named is excluded, null = it is not. */
  readonly excluded?: Readonly<Record<string, unknown>>;
  /** The call took at most so many ms, this process's own lag aside. */
  readonly withinMs?: number;
}

/** A scenario being told. */
export interface Scenario {
  /** The endpoints in order, by name. @default one healthy endpoint `a` */
  endpoints(scripts: Readonly<Record<string, EndpointScript>>): Scenario;
  /** Options of the client. @default `strategy: 'priority'`, so that the order of the endpoints is the order of tries */
  options(options: Omit<LoadBalancedOpenAIOptions, 'endpoints'>): Scenario;
  /** A chat call; streams are read to their end. Several calls are made one after another; the last one is looked at. */
  call(model: string, body?: Record<string, unknown>, options?: RequestOptions): Scenario;
  /** Any other call, or whatever else happens in between. */
  does(work: (stage: Stage) => Promise<unknown>): Scenario;
  /** Makes the calls, compares, and cleans up. Resolves to what the last call did. */
  expect(expected: Expected, look?: (stage: Stage, outcome: Outcome) => unknown): Promise<Outcome>;
}

type RequestOptions = Parameters<LoadBalancedOpenAI['chat']['completions']['create']>[1];

let told = 0;

/** Begins a scenario; nothing happens until `expect`. */
export function scenario(): Scenario {
  let scripts: Readonly<Record<string, EndpointScript>> = { a: [] };
  let options: Omit<LoadBalancedOpenAIOptions, 'endpoints'> = {};
  const acts: ((stage: Stage) => Promise<unknown>)[] = [];
  const self: Scenario = {
    endpoints(given) {
      scripts = given;
      return self;
    },
    options(given) {
      options = given;
      return self;
    },
    call(model, body = {}, requestOptions = {}) {
      const whole = { model, messages: [{ role: 'user' as const, content: 'hi' }], ...body };
      return self.does(({ client }) =>
        client.chat.completions.create(whole as ChatCompletionCreateParams, requestOptions),
      );
    },
    does(work) {
      acts.push(work);
      return self;
    },
    async expect(expected, look) {
      const stage = await open(scripts, options);
      try {
        if (acts.length === 0) throw new Error('This scenario makes no call: use call() or does() before expect().');
        let outcome: Outcome | undefined;
        for (const act of acts) outcome = await outcomeOf(() => act(stage));
        if (!outcome) throw new Error('unreachable');
        compare(expected, outcome, stage);
        await look?.(stage, outcome);
        return outcome;
      } finally {
        await stage.client.close();
        stage.events.stop();
        await Promise.all(Object.values(stage.servers).map((server) => server.close()));
      }
    },
  };
  return self;
}

const isScripted = (value: EndpointScript): value is ScriptedEndpoint => typeof value === 'object' && 'script' in value;

/** Starts the servers and the client. */
async function open(
  scripts: Readonly<Record<string, EndpointScript>>,
  options: Omit<LoadBalancedOpenAIOptions, 'endpoints'>,
): Promise<Stage> {
  told += 1;
  const servers: Record<string, FaultServer> = {};
  const keys: Record<string, string> = {};
  const endpoints: EndpointOptions[] = [];
  for (const [name, given] of Object.entries(scripts)) {
    const { script, server: serverOptions, ...rest } = isScripted(given) ? given : { script: given };
    const apiKey = `key-${name}-${told}`;
    const server = await faultServer({ ...serverOptions, name, script, apiKey });
    servers[name] = server;
    keys[name] = apiKey;
    const where =
      rest.type === 'azure' ? { endpoint: server.origin, apiVersion: '2024-10-21' } : { baseURL: server.url };
    endpoints.push({ ...where, ...rest, name, apiKey } as EndpointOptions);
  }
  const client = new LoadBalancedOpenAI({ strategy: 'priority', ...options, endpoints });
  return { client, servers, keys, events: recordEvents(client) };
}

function compare(expected: Expected, outcome: Outcome, { servers, keys, events, client }: Stage): void {
  const { attempts, error, text, ms, lag } = outcome;
  const states = client.balancer.snapshot().endpoints;
  const fact = (name: string, field: keyof Snapshot['endpoints'][number]) =>
    states.find((s) => s.name === name)?.[field];
  const pick = (names: object | undefined, of: (name: string) => unknown) =>
    Object.fromEntries(Object.keys(names ?? {}).map((name) => [name, of(name)]));
  const seen: Record<keyof Expected, unknown> = {
    served: error === undefined ? (attempts.at(-1)?.endpoint ?? null) : null,
    attempts: attempts.map(({ endpoint }) => endpoint),
    verdicts: attempts.map(({ verdict }) => verdict),
    calls: Object.fromEntries(Object.entries(servers).map(([name, { calls }]) => [name, calls])),
    text,
    error: error === undefined ? null : { ...pick(expected.error ?? {}, (field) => errorField(error, field)) },
    events: inOrder(expected.events ?? [], events.names()),
    breakers: pick(expected.breakers, (name) => fact(name, 'breaker')),
    excluded: pick(expected.excluded, (name) => fact(name, 'excluded')),
    withinMs: ms - lag <= (expected.withinMs ?? 0) ? expected.withinMs : `${ms} ms, of which lag ${lag} ms`,
  };
  const looked = Object.keys(expected) as (keyof Expected)[];
  const why =
    error === undefined ? undefined : `the call failed with ${inspect(error, { depth: 1, breakLength: 200 })}`;
  expect(Object.fromEntries(looked.map((key) => [key, seen[key]])), why).toEqual(expected);
  for (const [name, server] of Object.entries(servers))
    for (const { apiKey } of server.requests) expect(apiKey, `the key that reached ${name}`).toBe(keys[name]);
}

function errorField(error: unknown, field: string): unknown {
  if (field === 'name') return (error as Error).constructor.name;
  return (error as Record<string, unknown>)[field];
}

/** Those of the wanted names that came, each after the one before. */
function inOrder(wanted: readonly string[], names: readonly string[]): readonly string[] {
  let at = 0;
  return wanted.filter((name) => {
    const found = names.indexOf(name, at);
    if (found >= 0) at = found + 1;
    return found >= 0;
  });
}
