// The rules of the pool, kept beside it: hears what is announced, sees what is asked and answered, and throws when something
// happens that must not. An independent, much simpler account of breakers, cooldowns, attempts and calls.
import type { BalancerEvent } from '../../../src/index.ts';
import { BreakerModel, type Leave } from './breaker-model.ts';
import { CooldownModel, orderOf } from './cooldown-model.ts';
import { FINAL, hintOf, MAY_EXIST, NEUTRAL, PASSING, verdictOf } from './verdicts-told.ts';
import { type Made, openWorld, type World, type WorldOptions } from './world.ts';

type EventOf<Type extends BalancerEvent['type']> = Extract<BalancerEvent, { type: Type }>;

interface Live {
  readonly endpoint: string;
  readonly index: number;
  readonly at: number;
  readonly leave: Leave;
}

interface Account {
  readonly made: Made;
  /** The only endpoint that may serve it: its pin, the first one without failover, the first that is not drained for the reader of an object. */
  only: string | undefined;
  readonly live: Map<string, Live>;
  readonly verdicts: { endpoint: string; verdict: string }[];
  /** Endpoints asked in this round, repeated there, met with a refused connection, never to be asked again. */
  readonly tried: Set<string>;
  readonly repeated: Set<string>;
  readonly unsent: Set<string>;
  readonly barred: Set<string>;
  counted: number;
  panics: boolean;
  outOfBudget: boolean;
  over: boolean;
  waiting: boolean;
}

interface EndpointAccount {
  readonly breaker: BreakerModel;
  readonly models: Map<string, BreakerModel>;
  readonly cooldowns: CooldownModel;
  drained: boolean;
  attempts: number;
  ended: number;
}

const must: (holds: boolean, what: string) => asserts holds = (holds, what) => {
  if (!holds) throw new Error(what);
};

/** `streamIdleTimeout` of every world these rules watch over, in ms. */
export const IDLE = 20_000;

/** Under which name an endpoint keeps what it learns of such a call. */
const modelOf = ({ model }: { model: string | undefined }) => model ?? '(files)';
const maxAttempts = ({ asking }: Made, { client }: World) => Math.max(3, (asking.maxRetries ?? client.maxRetries) + 1);
const sorted = (list: readonly { model: string | null }[]) =>
  [...list].sort((one, other) => String(one.model).localeCompare(String(other.model)));
const same = (seen: unknown, right: unknown, what: string) => {
  const [one, other] = [seen, right].map((value) => JSON.stringify(value));
  must(one === other, `${what}: ${one}, should be ${other}`);
};

/** The rules over one world. */
export class Rules {
  readonly #calls = new Map<string, Account>();
  readonly #endpoints = new Map<string, EndpointAccount>();
  readonly #breaker: { resetTimeout: number; consecutiveFailures: number };
  /** The first rule that was broken; events are heard inside of the library, where a throw would be swallowed. */
  #broken: unknown;

  readonly #failover: boolean;

  constructor(breaker: { resetTimeout: number; consecutiveFailures: number }, failover = true) {
    this.#failover = failover;
    this.#breaker = breaker;
  }

  /** To be called with every event, at once. */
  hear(event: BalancerEvent, world: World): void {
    try {
      if (event.type === 'call-start') this.#callStarts(event, world);
      else if (event.type === 'attempt-start') this.#attemptStarts(event, world);
      else if (event.type === 'attempt-end') this.#attemptEnds(event, world);
      else if (event.type === 'call-end') this.#callEnds(event, world);
      else if (event.type === 'call-waiting') this.#callWaits(event);
      else if (event.type === 'panic-entered') this.#account(event.callId).panics = true;
      else if (event.type === 'budget-exhausted') this.#account(event.callId).outOfBudget = true;
      else if (event.type === 'endpoint-ejected')
        this.#breakerOf(event.endpoint, event.model).ejected(event.openMs, world.clock.now());
      else if (event.type === 'endpoint-restored') this.#breakerOf(event.endpoint, event.model).restored();
    } catch (error) {
      this.#broken ??= error;
    }
  }

  /** An endpoint takes no more calls. */
  drained(name: string): void {
    this.#endpoint(name).drained = true;
  }

  /** Looks at everything there is to see between two things that happen. @throws the first rule that was broken */
  look(world: World): void {
    if (this.#broken) throw this.#broken;
    const now = world.clock.now();
    const { endpoints, retryBudget, waiting } = world.snapshot();
    must(retryBudget === null || retryBudget >= 0, 'invariant 3: the budget is overdrawn');
    const waits = [...this.#calls.values()].filter(({ waiting: one, over }) => one && !over).length;
    must(waiting === waits, `invariant 12: ${waiting} calls wait, ${waits} said so`);
    for (const { name, breaker, models, inFlight, attempts, cooldowns } of endpoints) {
      const account = this.#endpoint(name);
      const open = [...account.models].filter(([, model]) => model.state === 'open');
      for (const [model, one] of account.models)
        one.look(models.find((each) => each.model === model)?.breaker ?? 'closed', now);
      // Out because of its models, it shows their state.
      if (account.breaker.state !== 'closed' || open.length === 0) account.breaker.look(breaker, now);
      same(sorted(cooldowns), sorted(account.cooldowns.list(now)), `invariant 11: cooldowns of ${name}`);
      must(
        attempts === account.attempts,
        `invariant 12: ${attempts} attempts at ${name}, announced were ${account.attempts}`,
      );
      const all = [...this.#calls.values()].filter(({ live }) => live.has(name));
      const resting = all.filter(({ made }) => made.asking.kind === 'late').length;
      must(
        inFlight <= all.length && inFlight >= all.length - resting,
        `invariant 12: ${inFlight} in flight at ${name}, not ${all.length}`,
      );
    }
    for (const made of world.made) this.#settles(made, world);
  }

  /** Nothing runs any more. */
  quiet(world: World): void {
    this.look(world);
    for (const { over, live, made } of this.#calls.values()) {
      must(over, `invariant 12: call ${made.number} has no end`);
      must(live.size === 0, `invariant 12: call ${made.number} has an attempt without an end`);
    }
    for (const { name, inFlight, attempts } of world.snapshot().endpoints) {
      must(inFlight === 0, `invariant 12: invariant 12: ${inFlight} still in flight at ${name}`);
      must(this.#endpoint(name).ended === attempts, `invariant 12: attempts at ${name} without an end`);
    }
    must(world.snapshot().waiting === 0, 'invariant 12: somebody still waits');
    must(world.clock.pending === 0, `invariant 12: ${world.clock.pending} timers are left`);
    must(world.pending('head').length + world.pending('body').length === 0, 'invariant 12: a request is still open');
  }

  #settles(made: Made, { clock, upstream }: World): void {
    const { asking, deadline, settledAt, waitsSince, done, number } = made;
    const now = clock.now();
    const late = asking.kind === 'late' && made.collect !== undefined;
    if (settledAt === undefined) {
      must(late || now < deadline, `invariant 4: call ${number} outlived its deadline by ${now - deadline} ms`);
      must(!made.aborted || late, `invariant 4: call ${number} goes on after its abort`);
    } else
      must(settledAt <= deadline, `invariant 4: call ${number} settled ${settledAt - deadline} ms after its deadline`);
    if (waitsSince !== undefined && settledAt !== undefined)
      must(
        now - Math.max(waitsSince, settledAt) < IDLE,
        `invariant 4: call ${number} waits for an event for ${now - waitsSince} ms`,
      );
    if (asking.kind !== 'stream' || !done) return;
    const sources = new Set(made.texts.filter((text) => text !== ''));
    must(sources.size <= 1, `invariant 7: call ${number} is spliced: ${made.texts.join('')}`);
    if (made.value !== 'end' || made.aborted) return;
    const ends = upstream.asked.some(
      (asked) =>
        asked.call === number &&
        asked.words.includes('end') &&
        (sources.size === 0 || sources.has(`<${asked.number}>`)),
    );
    must(ends, `invariant 8: call ${number} ended without its end`);
  }

  #callStarts({ callId }: EventOf<'call-start'>, { made, snapshot }: World): void {
    const one = made.at(-1) as Made;
    must(![...this.#calls.values()].some((other) => other.made === one), 'a call started twice');
    const { pin, kind } = one.asking;
    const home = kind === 'object' ? snapshot().endpoints.find(({ drained }) => !drained)?.name : undefined;
    this.#calls.set(callId, {
      ...{ made: one, only: pin ?? home, live: new Map(), verdicts: [], counted: 0 },
      ...{ tried: new Set(), repeated: new Set(), unsent: new Set(), barred: new Set() },
      ...{ panics: false, outOfBudget: false, over: false, waiting: false },
    });
  }

  #callWaits({ callId }: EventOf<'call-waiting'>): void {
    const account = this.#account(callId);
    must(!account.over && account.live.size === 0, 'a call waits that is over or at work');
    account.waiting = true;
    account.tried.clear();
  }

  #attemptStarts(event: EventOf<'attempt-start'>, world: World): void {
    const { clock, made: all } = world;
    const now = clock.now();
    const call = this.#account(event.callId);
    const { made } = call;
    const { endpoint: name } = event;
    const at = this.#endpoint(name);
    const who = `call ${made.number} at ${name}`;
    must(all.includes(made) && !call.over, `invariant 12: ${who}: an attempt of a call that is over`);
    must(made.settledAt === undefined, `invariant 6: ${who}: sent again after something was handed out`);
    must(!made.aborted && now < made.deadline, `invariant 4: ${who}: an attempt after the abort or the deadline`);
    must(
      call.counted + call.live.size < maxAttempts(made, world),
      `invariant 2: ${who}: more attempts than maxAttempts`,
    );
    must(!at.drained, `${who}: drained endpoints take no attempts`);
    must(call.only === undefined || call.only === name, `${who}: the call is pinned elsewhere`);
    if (made.asking.kind === 'create')
      for (const { verdict } of call.verdicts)
        must(!MAY_EXIST.has(verdict), `invariant 6: ${who}: made twice, after ${verdict}`);
    must(!call.barred.has(name), `${who}: it cannot serve this call`);
    if (call.tried.has(name)) {
      const last = call.verdicts.at(-1);
      must(
        last?.verdict === 'connection-lost' && last.endpoint === name && !call.repeated.has(name),
        `invariant 2: ${who}: twice in a round`,
      );
      call.repeated.add(name);
    }
    const cooldown = at.cooldowns.of(modelOf(event), now);
    // A failing server's own word may be too long for a call; a rate limit's is kept.
    must(cooldown?.reason !== '429', `invariant 11: ${who}: an attempt while it cools down (${cooldown?.reason})`);
    const leave = { forced: call.panics || cooldown !== undefined };
    at.breaker.begins(leave, now);
    this.#breakerOf(name, modelOf(event)).begins(leave, now);
    if (!this.#failover) call.only ??= name;
    call.panics = false;
    call.waiting = false;
    call.tried.add(name);
    call.live.set(name, { endpoint: name, index: event.attempt - 1, at: now, leave });
    at.attempts += 1;
  }

  #attemptEnds(event: EventOf<'attempt-end'>, { clock, upstream }: World): void {
    const now = clock.now();
    const call = this.#account(event.callId);
    const at = this.#endpoint(event.endpoint);
    const live = call.live.get(event.endpoint);
    must(live !== undefined, 'an attempt ended that did not run');
    call.live.delete(event.endpoint);
    at.ended += 1;
    const { made } = call;
    const { verdict } = event;
    const asked = upstream.asked.find((one) => one.call === made.number && one.index === live.index);
    const who = `call ${made.number} at ${event.endpoint} (${verdict})`;
    const right = asked === undefined ? 'unanswered' : verdictOf(asked);
    const cut = verdict === 'aborted' || verdict === 'abandoned' || verdict === 'timed-out';
    must(
      verdict === right || cut || (verdict === 'ok' && made.asking.kind !== 'chat'),
      `${who}: the answer was ${right}`,
    );
    const told = verdict === 'ok' ? 'success' : NEUTRAL.has(verdict) ? 'neutral' : 'maybe';
    at.breaker.ends(live.leave, told, now);
    this.#breakerOf(event.endpoint, modelOf(event)).ends(live.leave, told, now);
    const model = modelOf(event);
    if (told === 'success') at.cooldowns.succeeded(model, live.at);
    const answer = asked?.answered;
    const order = cut && answer?.is !== 'status' ? undefined : orderOf(verdict, event.status, hintOf(answer));
    if (order) at.cooldowns.start(order, model, now);
    call.verdicts.push({ endpoint: event.endpoint, verdict });
    if (verdict === 'ok') return;
    if (!PASSING.has(verdict) && verdict !== 'conflict') call.barred.add(event.endpoint);
    if (verdict === 'connect-failed' && !call.unsent.has(event.endpoint)) call.unsent.add(event.endpoint);
    else call.counted += 1;
  }

  #callEnds({ callId, ok }: EventOf<'call-end'>, world: World): void {
    const call = this.#account(callId);
    must(!call.over, 'a call ended twice');
    call.over = true;
    if (ok) return;
    this.#hadToFail(call, world);
  }

  /** A call fails only when nobody was left to ask, or nothing was left to ask with. */
  #hadToFail(call: Account, world: World): void {
    const { clock, snapshot } = world;
    const { made, verdicts, outOfBudget } = call;
    const now = clock.now();
    const last = verdicts.at(-1)?.verdict ?? '';
    if (made.aborted || now >= made.deadline || outOfBudget || made.settledAt !== undefined) return;
    if (verdicts.some(({ verdict }) => FINAL.has(verdict)) || call.counted >= maxAttempts(made, world)) return;
    if (made.asking.kind === 'create' && MAY_EXIST.has(last)) return;
    for (const { name, excluded } of snapshot().endpoints) {
      const at = this.#endpoint(name);
      const model = made.asking.kind === 'object' ? '(files)' : made.asking.model;

      if (excluded !== null || at.drained || call.tried.has(name) || call.barred.has(name)) continue;
      if ((call.only !== undefined && call.only !== name) || at.cooldowns.of(model, now)) continue;
      const closed = at.breaker.state === 'closed' && this.#breakerOf(name, model).state === 'closed';
      must(!closed, `invariant 1: call ${made.number} failed after ${last} although ${name} could be asked`);
    }
  }

  #account(callId: string): Account {
    const found = this.#calls.get(callId);
    must(found !== undefined, 'an event of a call that never began');
    return found;
  }

  #endpoint(name: string): EndpointAccount {
    const found = this.#endpoints.get(name) ?? {
      ...{
        breaker: new BreakerModel(name, this.#breaker.resetTimeout, this.#breaker.consecutiveFailures),
        models: new Map(),
        cooldowns: new CooldownModel(),
      },
      ...{ drained: false, attempts: 0, ended: 0 },
    };
    this.#endpoints.set(name, found);
    return found;
  }

  #breakerOf(name: string, model: string | undefined): BreakerModel {
    const { breaker, models } = this.#endpoint(name);
    if (model === undefined) return breaker;
    const found =
      models.get(model) ??
      new BreakerModel(`${name}/${model}`, this.#breaker.resetTimeout, this.#breaker.consecutiveFailures);
    models.set(model, found);
    return found;
  }
}

/** Breaker options under which histories get deep soon. */
export const BREAKER = {
  consecutiveFailures: 2,
  volumeThreshold: 4,
  errorThresholdPercentage: 50,
  rollingCountTimeout: 30_000,
  resetTimeout: 5_000,
};

/** A world with the rules over it. */
export function watchedWorld(names: readonly string[], options: WorldOptions = {}): { world: World; rules: Rules } {
  const rules = new Rules(BREAKER, options.failover);
  const hear = (event: BalancerEvent, world: World) => rules.hear(event, world);
  return { rules, world: openWorld(names, { streamIdleTimeout: IDLE, ...options }, hear) };
}
