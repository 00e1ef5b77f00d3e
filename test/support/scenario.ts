// One line for "these endpoints do this, that call is made, this comes of it": real fault servers, one client, cleaned up after.
//   await scenario().endpoints({ a: [503], b: [200] }).call('gpt-5').expect({ served: 'b', attempts: ['a', 'b'] });
import { inspect } from 'node:util';
import type { ChatCompletionCreateParams } from 'openai/resources/chat/completions';
import { expect } from 'vitest';
import type { Attempt, LoadBalancedOpenAI, Snapshot } from '../../src/index.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import { type EndpointScript, openStage, type Stage, type StageOptions } from './stage.ts';

export type { Outcome } from './outcome.ts';
export type { EndpointScript, ScriptedEndpoint, Stage } from './stage.ts';

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
  options(options: StageOptions): Scenario;
  /** A chat call; streams are read to their end. Several calls are made one after another; the last one is looked at. */
  call(model: string, body?: Record<string, unknown>, options?: RequestOptions): Scenario;
  /** Any other call, or whatever else happens in between. */
  does(work: (stage: Stage) => Promise<unknown>): Scenario;
  /** Makes the calls, compares, and cleans up. Resolves to what the last call did. */
  expect(expected: Expected, look?: (stage: Stage, outcome: Outcome) => unknown): Promise<Outcome>;
}

type RequestOptions = Parameters<LoadBalancedOpenAI['chat']['completions']['create']>[1];

/** Begins a scenario; nothing happens until `expect`. */
export function scenario(): Scenario {
  let scripts: Readonly<Record<string, EndpointScript>> = { a: [] };
  let options: StageOptions = {};
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
      await using stage = await openStage(scripts, options);
      if (acts.length === 0) throw new Error('This scenario makes no call: use call() or does() before expect().');
      let outcome: Outcome | undefined;
      for (const act of acts) outcome = await outcomeOf(() => act(stage));
      if (!outcome) throw new Error('unreachable');
      compare(expected, outcome, stage);
      await look?.(stage, outcome);
      return outcome;
    },
  };
  return self;
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
