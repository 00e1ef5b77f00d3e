/** Step 3: one attempt, from its place on the endpoint to the event that tells how its head went. Never throws, never waits. */
import { mapModel } from '../call/model-map.ts';
import type { AttemptReport, Beside } from '../call/outcome.ts';
import type { Clock } from '../clock.ts';
import type { PoolSettings } from '../config/settings.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { shownURL } from '../endpoint/secrets.ts';
import type { Emitter } from '../observe/emitter.ts';
import type { Pool } from '../pool/pool.ts';
import { arm } from './alarms.ts';
import { AttemptEnd } from './attempt-end.ts';
import type { Attempt, CallStory, Reply, Sending, Wire } from './call-story.ts';
import { boundsOf, hedgeAfter } from './clocks.ts';
import { connectionFacts } from './connection-facts.ts';

/** What an attempt is run with. */
export interface AttemptParts {
  readonly clock: Clock;
  readonly pool: Pick<Pool, 'endpoints' | 'usual' | 'slowest' | 'percentageOut'>;
  readonly settings: Pick<PoolSettings, 'attemptTimeout' | 'rescue' | 'failover'>;
  readonly events: Pick<Emitter, 'sending'>;
}

/** Hears what the port can see of an attempt's connection. */
class AttemptWire implements Wire {
  readonly clock: Clock;
  readonly #attempt: Attempt<Reply>;

  constructor(clock: Clock, attempt: Attempt<Reply>) {
    this.clock = clock;
    this.#attempt = attempt;
  }

  answered(): void {
    this.#attempt.endpoint.state.answered(this.#attempt.load);
  }

  failed(error: unknown): void {
    this.#attempt.unsent = connectionFacts({ cause: error }).neverSent;
  }
}

/** What an attempt is sent with. Why a class: for its signal, which is made when it is asked for. */
class AttemptSending implements Sending {
  readonly index: number;
  readonly model: string | undefined;
  readonly ending: AttemptEnd;
  readonly wire: Wire;
  readonly headers: Sending['headers'];

  constructor(
    index: number,
    model: string | undefined,
    ending: AttemptEnd,
    wire: Wire,
    headers?: Readonly<Record<string, string>>,
  ) {
    this.index = index;
    this.model = model;
    this.ending = ending;
    this.wire = wire;
    this.headers = headers;
  }

  get signal(): AbortSignal {
    return this.ending.controller.signal;
  }
}

/** Worked out once for each endpoint. */
const shown = new WeakMap<Endpoint, string>();

function shownBase(endpoint: Endpoint): string {
  let url = shown.get(endpoint);
  if (url === undefined) {
    url = shownURL(endpoint.settings.baseURL);
    shown.set(endpoint, url);
  }
  return url;
}

/** Sends an attempt, in the context of whoever traces it. */
function send<R extends Reply>(
  story: CallStory<R>,
  { endpoint, report }: Attempt<R>,
  ending: AttemptEnd,
  wire: Wire,
  { sending }: Pick<Emitter, 'sending'>,
): Promise<R> {
  const { id: callId, model } = story.call;
  const attempt = story.attempts.length;
  if (!sending) return story.send(endpoint, new AttemptSending(attempt - 1, model, ending, wire));
  const where = { endpoint: endpoint.name, type: endpoint.settings.type, baseURL: shownBase(endpoint) };
  const facts = { callId, attempt, ...where, model: report.model, beside: report.beside, headers: {} };
  return sending(facts, (headers) =>
    story.send(endpoint, new AttemptSending(attempt - 1, model, ending, wire, headers)),
  );
}

/**
 * Starts an attempt of the story's call on `endpoint`; its outcome arrives in the story's queue.
 * @param force go even while the endpoint is ejected.
 * @param beside why it starts although another attempt of the call still runs.
 * @returns `undefined` when its place went to another call in the meantime.
 */
export function runAttempt<R extends Reply>(
  story: CallStory<R>,
  endpoint: Endpoint,
  parts: AttemptParts,
  force: boolean,
  beside: Beside | undefined = story.lookup ? 'lookup' : undefined,
): Attempt<R> | undefined {
  const { call } = story;
  const { clock } = parts;
  const bounds = boundsOf(call, endpoint, parts.pool, parts.settings);
  const load = endpoint.begin(call, bounds.silent, force, parts.pool);
  if (!load) return undefined;
  const ending = new AttemptEnd();
  const { model } = call;
  const mapped = model === undefined ? undefined : mapModel(endpoint.settings.modelMap, model);
  const report: AttemptReport = {
    endpoint: endpoint.name,
    model: mapped?.model ?? model,
    verdict: 'pending',
    status: undefined,
    ms: 0,
    billed: 'maybe',
  };
  if (beside) report.beside = beside;
  if (call.insteadOf !== undefined) report.fallback = model as string;
  const attempt: Attempt<R> = {
    endpoint,
    load,
    report,
    ending,
    reply: undefined,
    data: undefined,
    firstMs: undefined,
    replyModel: undefined,
    settled: false,
    unsent: false,
    bounds,
    // Who is let through because nobody is well must not become two.
    hedgeAfter: force ? undefined : hedgeAfter(call, parts.pool, parts.settings, load.probes),
    overdue: false,
    alarm: undefined,
  };
  story.add(attempt);
  story.live.add(attempt);
  story.tried.add(endpoint);
  story.last = undefined;
  arm(story, attempt, load.startedAt, bounds.headers?.after ?? bounds.rescue);
  const wire = new AttemptWire(clock, attempt);
  send(story, attempt, ending, wire, parts.events).then(
    (reply) => {
      if (reply.sent !== false) endpoint.state.answered(load);
      attempt.reply = reply;
      story.push({ is: 'head', attempt, outcome: { is: 'reply', status: reply.status, headers: reply.headers } });
    },
    (error: unknown) => {
      const sent = attempt.unsent ? 'no' : 'maybe';
      story.push({ is: 'head', attempt, outcome: { is: 'error', error, phase: 'head', sent } });
    },
  );
  return attempt;
}
