// A dispatcher over endpoints that answer by script, on a clock turned by hand: what the loop does, without sockets.
//   const bench = dispatchBench({ a: [apiError(500)], b: ['ok'] }); await bench.call().outcome  →  { served: 'b', attempts: ['a', 'b'] }
import type { Call } from '../../src/call/call.ts';
import type { AttemptReport } from '../../src/call/outcome.ts';
import { Roll } from '../../src/call/roll.ts';
import type { EndpointSettings, PoolSettings } from '../../src/config/settings.ts';
import type { Attempt, CallStory, Reply, Sending } from '../../src/dispatch/call-story.ts';
import type { Underway } from '../../src/dispatch/dispatch-parts.ts';
import { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import { HedgeBudget } from '../../src/dispatch/hedge-budget.ts';
import { RetryBudget } from '../../src/dispatch/retry-budget.ts';
import { Throttle } from '../../src/dispatch/throttle.ts';
import { WaitingRoom } from '../../src/dispatch/waiting-room.ts';
import { Endpoint } from '../../src/endpoint/endpoint.ts';
import { newRegistry, stateOf, watch } from '../../src/endpoint/registry.ts';
import { emitter } from '../../src/observe/emitter.ts';
import type { BalancerEvent } from '../../src/observe/events.ts';
import { PoolLog } from '../../src/observe/pool-log.ts';
import { Pool } from '../../src/pool/pool.ts';
import { type ManualClock, manualClock } from '../../src/testing/index.ts';
import { aCall, endpointSettings, poolSettings } from './parts.ts';

/** What an endpoint does with an attempt; `'hang'` ends only with the attempt, `ms` is how long it takes, a function does as it likes. */
export type Step =
  | ((sending: Sending) => Promise<Reply>)
  | 'ok'
  | 'hang'
  | Error
  | { ms: number; fails?: Error; headers?: Record<string, string> };

/** One call being made. */
export interface Made {
  readonly story: CallStory<Reply>;
  /** Settles with the call; never rejects. */
  readonly outcome: Promise<Told>;
  /** The same as soon as it is known. */
  told: Told | undefined;
}

/** How a call went. */
export interface Told {
  readonly served: string | undefined;
  readonly error: unknown;
  readonly attempts: string[];
  readonly verdicts: AttemptReport['verdict'][];
  /** When it was over, in ms of the clock. */
  readonly at: number;
}

/** A dispatcher with its parts in the open. */
export interface Bench {
  readonly clock: ManualClock;
  readonly dispatcher: Dispatcher;
  readonly pool: Pool;
  readonly events: BalancerEvent[];
  readonly lines: string[];
  /** Attempts sent to each endpoint. */
  readonly sent: Record<string, number>;
  endpoint(name: string): Endpoint;
  /** Makes a call and lets it run; a good reply ends it. */
  call(changes?: Partial<Call> & { path?: string }, route?: { only?: string; prefer?: string; lookup?: boolean }): Made;
  names(type: BalancerEvent['type']): BalancerEvent[];
}

/** What a bench is built from. */
export interface BenchOptions {
  readonly settings?: Partial<PoolSettings>;
  readonly endpoints?: Record<string, Partial<EndpointSettings>>;
  readonly clock?: ManualClock;
  /** Nobody listens to events. */
  readonly deaf?: boolean;
}

function play(step: Step, sending: Sending, clock: ManualClock): Promise<Reply> {
  const { signal } = sending;
  const good = (headers: Record<string, string> = {}) => ({ status: 200, headers: new Headers(headers) });
  if (typeof step === 'function') return step(sending);
  if (step === 'ok') return Promise.resolve(good());
  if (step instanceof Error) return Promise.reject(step);
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
    if (step === 'hang') return;
    clock.after(step.ms, () => (step.fails ? reject(step.fails) : resolve(good(step.headers))));
  });
}

/** @param scripts by endpoint: what it does with each attempt in turn, the last step for ever. */
export function dispatchBench(scripts: Record<string, readonly Step[]>, options: BenchOptions = {}): Bench {
  const clock = options.clock ?? manualClock();
  const settings = poolSettings(clock, options.settings);
  const registry = newRegistry();
  const endpoints = Object.keys(scripts).map((name, index) => {
    const own = endpointSettings({ name, credential: `key-${name}`, ...options.endpoints?.[name] });
    return new Endpoint(own, own.priority ?? index, stateOf(registry, name, settings.breaker, clock));
  });
  const events: BalancerEvent[] = [];
  const lines: string[] = [];
  const line = (level: string) => (message: string) => void lines.push(`${level}: ${message}`);
  const log = new PoolLog(
    () => ({ warn: line('warn'), info: line('info'), debug: line('debug'), debugging: true }),
    clock,
  );
  const pool = new Pool(endpoints, {
    strategy: settings.strategy,
    registry,
    clock,
    strategyFailed: (error) => log.mishap('the strategy threw', error),
    slowStart: settings.slowStart,
  });
  const { retryBudget, panic } = settings;
  const dispatcher = new Dispatcher({
    clock,
    settings,
    pool,
    log,
    events: emitter(options.deaf ? [] : [(event) => void events.push(event)], () => undefined),
    budget: new RetryBudget(retryBudget, clock),
    hedges: new HedgeBudget(),
    throttle: panic ? new Throttle(panic.k, clock) : undefined,
    room: new WaitingRoom({
      clock,
      maxWait: settings.waitingRoom ? settings.waitingRoom.maxWait : 0,
      watch: (look) => watch(registry, look),
    }),
    now: { closed: false, running: new Roll<Underway>(), idle: undefined, whenIdle: undefined, lastError: undefined },
  });
  const sent: Record<string, number> = Object.fromEntries(endpoints.map(({ name }) => [name, 0]));
  const named = (name: string) => pool.named(name) as Endpoint;
  let calls = 0;
  return {
    clock,
    dispatcher,
    pool,
    events,
    lines,
    sent,
    endpoint: named,
    names: (type) => events.filter((event) => event.type === type),
    call(changes = {}, route = {}) {
      calls += 1;
      const now = clock.now();
      const { hedge } = settings;
      const call = aCall({ id: `call-${calls}`, hedge, startedAt: now, deadline: now + 600_000, ...changes });
      const send = (endpoint: Endpoint, sending: Sending) => {
        const script = scripts[endpoint.name] as readonly Step[];
        const step = script[Math.min(sent[endpoint.name] as number, script.length - 1)] as Step;
        sent[endpoint.name] = (sent[endpoint.name] as number) + 1;
        return play(step, sending, clock);
      };
      const { only, prefer, lookup } = route;
      const [first, second] = [only, prefer].map((name) => (name ? named(name) : undefined));
      const story = dispatcher.open(call, send, first, second, lookup);
      const tell = (attempt: Attempt<Reply> | undefined, error: unknown): Told => ({
        served: attempt?.endpoint.name,
        error,
        attempts: story.reports.map(({ endpoint }) => endpoint),
        verdicts: story.reports.map(({ verdict }) => verdict),
        at: clock.now(),
      });
      const run = async () => {
        try {
          const attempt = await dispatcher.head(story);
          dispatcher.headsOnly(story, attempt);
          const { status, headers } = attempt.reply as Reply;
          dispatcher.settle(story, attempt, { is: 'reply', status, headers });
          dispatcher.finish(story, true);
          return tell(attempt, undefined);
        } catch (error) {
          return tell(undefined, error);
        }
      };
      const made: Made = { story, told: undefined, outcome: run().then((told) => (made.told = told)) };
      return made;
    },
  };
}
