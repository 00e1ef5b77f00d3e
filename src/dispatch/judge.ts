/** Step 4: what an attempt's outcome means. `classify` with what the call, the endpoint's state and the user's hooks have to say. */
import type { Outcome, Verdict } from '../call/outcome.ts';
import type { Clock } from '../clock.ts';
import type { PoolSettings } from '../config/settings.ts';
import { renewsKey } from '../endpoint/sdk-client.ts';
import type { PoolLog } from '../observe/pool-log.ts';
import type { Pool } from '../pool/pool.ts';
import type { Attempt, CallStory, Reply } from './call-story.ts';
import { classify } from './classify.ts';
import type { ClassifyContext } from './classify-context.ts';
import { kindOf, usualTime } from './clocks.ts';
import { ofOneAsked } from './lookup.ts';
import { withOwnWord } from './own-word.ts';
import { verdict } from './verdicts.ts';

/** What judging needs. */
export interface JudgeParts {
  readonly clock: Clock;
  readonly settings: Pick<PoolSettings, 'failoverOn' | 'classify' | 'breaker' | 'attemptTimeout'>;
  readonly log: PoolLog;
  readonly pool: Pool;
}

const cutOf = (outcome: Outcome) => (outcome.is === 'error' ? outcome.cut : undefined);

/** A user's hook that throws has said nothing. */
function ask<Answer>(question: () => Answer, threw: (why: unknown) => void): Answer | undefined {
  try {
    return question();
  } catch (error) {
    threw(error);
    return undefined;
  }
}

/** Longer than usual, and nothing else was answered there since: then the endpoint may be blamed, whoever set the bound. */
function slowAndSilent<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  outcome: Outcome,
  { clock, pool }: JudgeParts,
): boolean {
  const { call } = story;
  const { endpoint, load, reply } = attempt;
  // One caller's small timeout measures an endpoint by its own times only: being slower than its neighbours is no fault.
  const small = call.deadline - call.startedAt < call.clientTimeout && cutOf(outcome) !== 'attempt-timeout';
  const usual = usualTime(call, endpoint, small ? undefined : pool, kindOf(call, reply !== undefined));
  // What this process itself was late by is nobody's slowness.
  const waited = Math.min(clock.now(), call.deadline) - load.startedAt;
  if (usual === undefined || waited < usual) return false;
  return reply !== undefined || !endpoint.state.answeredSince(load.startedAt);
}

const OK = verdict('ok');
const LENT = verdict('ok', { health: 'neutral' });

function contextOf<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  outcome: Outcome,
  parts: JudgeParts,
): ClassifyContext {
  const { call } = story;
  const { endpoint, load } = attempt;
  const { clock, settings } = parts;
  return {
    wallNow: clock.date(),
    failoverOn: settings.failoverOn,
    slowerThanUsual: slowAndSilent(story, attempt, outcome, parts),
    ownBound: settings.attemptTimeout !== 'auto' || endpoint.settings.timeout !== undefined,
    mayRepeat: !story.repeated?.has(endpoint) && call.replay !== 'once',
    replayable: call.replay === 'free',
    answeredBefore: endpoint.state.successes > 0,
    serves: endpoint.state.served.has(call.operation.route),
    servesModel: endpoint.state.worksLately(load.model),
    renewable: renewsKey(endpoint.settings),
    baseURL: endpoint.settings.baseURL,
  };
}

/** What an outcome means, the user's own word and what the endpoint showed before taken in. */
export function judge<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  outcome: Outcome,
  parts: JudgeParts,
): Verdict {
  const { call } = story;
  const { settings } = parts;
  // Whoever takes a place and gives it back tells the breakers himself how it went.
  if (outcome.is === 'reply' && attempt.reply?.sent === false) return LENT;
  let found =
    outcome.is === 'reply' ? OK : ofOneAsked(classify(outcome, call, contextOf(story, attempt, outcome, parts)), story);
  const complain = (why: unknown) => parts.log.mishap('classify', why);
  const { classify: hook } = settings;
  if (hook)
    found = withOwnWord(
      found,
      ask(() => hook(outcome, call), complain),
      outcome,
      complain,
    );
  if (found.health !== 'failure' || outcome.is === 'reply') return found;
  const filter = settings.breaker ? settings.breaker.errorFilter : undefined;
  const mishap = (why: unknown) => parts.log.mishap('breaker.errorFilter', why);
  return filter && ask(() => filter(outcome.error), mishap) === true ? { ...found, health: 'neutral' } : found;
}
