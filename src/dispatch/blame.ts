/**
 * Whose fault a failure was: the endpoint's or the call's own. A request that fails alike wherever it is tried, while other
 * calls succeed there, is to blame itself, and must not take the pool down however often it comes. So a failure is held until
 * more is known: another endpoint that serves the call speaks against this one, another that fails alike speaks for it.
 */
import type { Verdict, VerdictName } from '../call/outcome.ts';
import type { Doubt } from '../endpoint/doubts.ts';
import { type AnnounceParts, announce } from './announce.ts';
import type { Attempt, CallStory, Reply, Suspicion } from './call-story.ts';

/** What failures of a request that the endpoint took have in common. A connection that never stood says nothing of the request. */
const KINDS: Partial<Record<VerdictName | 'pending', 'broke' | 'turned away'>> = {
  'server-error': 'broke',
  'bad-reply': 'broke',
  'connection-lost': 'broke',
  'timed-out': 'broke',
  overloaded: 'turned away',
};

/** A bad request fails elsewhere about as soon as it did here; an opinion that takes much longer is not waited for, in ms. */
const PATIENCE = 500;
const FACTOR = 2;
/** Nor is a call that will go round again only later than this. */
const LONGEST_WAIT = 2_000;

const kindOf = ({ verdict }: Suspicion<Reply>) => KINDS[verdict.name];

/** May this failure be the call's own fault? `alike`: it was the same on another endpoint, and here others succeed. */
export function suspicionOf<R extends Reply>(
  story: CallStory<R>,
  { endpoint, load }: Attempt<R>,
  { name, health }: Verdict,
): 'first' | 'alike' | undefined {
  const kind = KINDS[name];
  if (health !== 'failure' || kind === undefined || story.over) return undefined;
  const before = story.attempts.some((other) => other.endpoint !== endpoint && KINDS[other.report.verdict] === kind);
  return before && endpoint.state.worksLately(load.model) ? 'alike' : 'first';
}

/** Holds a failure until more is known, though not for long. */
export function hold<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  verdict: Verdict,
  parts: AnnounceParts,
): void {
  story.suspicions = [...story.suspicions, { attempt, verdict, held: true }];
  holdOver(story, FACTOR * attempt.report.ms, parts);
}

/** The next opinion is so far away, in ms. */
export function holdOver<R extends Reply>(story: CallStory<R>, ms: number, parts: AnnounceParts): void {
  story.cancelHold?.();
  if (story.suspicions.some(({ held }) => held))
    story.cancelHold = parts.clock.after(PATIENCE + ms, () => answerFor(story, parts), false);
}

/** The call waits before it goes round again: with a second opinion, for long or once more, nothing is held over the wait. */
export function holdWhileWaiting<R extends Reply>(story: CallStory<R>, ms: number, parts: AnnounceParts): void {
  if (ms > LONGEST_WAIT || story.waits > 0 || story.suspicions.length > 1) answerFor(story, parts);
  else holdOver(story, ms, parts);
}

const NONE: readonly never[] = [];

/** The failures still held, which from now on are not. */
function released<R extends Reply>(story: CallStory<R>): readonly Suspicion<R>[] {
  if (story.suspicions.length === 0) return NONE;
  story.cancelHold?.();
  const held = story.suspicions.filter((each) => each.held);
  for (const each of held) each.held = false;
  return held;
}

function blame<R extends Reply>(story: CallStory<R>, failures: readonly Suspicion<R>[], parts: AnnounceParts): void {
  for (const { attempt, verdict } of failures) {
    attempt.endpoint.state.blame(attempt.load, verdict);
    announce(story.call.id, attempt.endpoint, verdict.name, parts);
  }
}

/** Another endpoint served the call: those where it failed have to answer for it. */
export function blameAll<R extends Reply>(story: CallStory<R>, parts: AnnounceParts): void {
  const guilty = released(story);
  for (const { attempt } of guilty) attempt.endpoint.state.failureRate.judged(true);
  blame(story, guilty, parts);
}

/** @param tried the call was tried more than once, so that what becomes of it tells whose fault such failures are. */
function doubtOf(callId: string, suspicions: readonly Suspicion<Reply>[], tried: boolean, parts: AnnounceParts): Doubt {
  const held = suspicions.map(({ attempt: { endpoint, load }, verdict }) => {
    return { endpoint, why: verdict.name, decide: endpoint.state.doubt(load, verdict) };
  });
  let settled = false;
  const settle = (guilty: boolean) => {
    if (settled) return;
    settled = true;
    for (const { endpoint, why, decide } of held) {
      decide(guilty);
      if (tried) endpoint.state.failureRate.judged(guilty);
      announce(callId, endpoint, why, parts);
    }
  };
  return {
    ms: Math.max(...suspicions.map(({ attempt }) => attempt.report.ms)),
    get settled() {
      return settled;
    },
    acquit: () => settle(false),
    convict: () => settle(true),
  };
}

/** Nobody served the call so far: where it failed alike, others who succeed there will say whether it was its own fault. */
export function answerFor<R extends Reply>(story: CallStory<R>, parts: AnnounceParts): void {
  const held = released(story);
  for (const kind of new Set(held.map(kindOf))) {
    const group = held.filter((each) => kindOf(each) === kind);
    const failed = story.attempts.filter(({ report }) => KINDS[report.verdict] === kind);
    // Once is no pattern. But where calls are doubted already, or were of late with good reason, it is one more of them: in a
    // flood of bad calls the budget leaves most of them no second attempt.
    const often = story.suspicions.filter((each) => kindOf(each) === kind).length > 1;
    const pattern = often || new Set(failed.map(({ endpoint }) => endpoint)).size > 1;
    const witnesses = failed.filter(({ endpoint: { state }, load }) => {
      const { inDoubt, mostlyTheCallsOwn } = state.failureRate;
      return inDoubt || ((pattern || mostlyTheCallsOwn) && (state.worksLately(load.model) || state.inFlight > 0));
    });
    const doubts = new Set(witnesses.map(({ endpoint, load }) => endpoint.state.breakers.models.of(load.model).doubts));
    // Nobody succeeds there any more: nothing is left to doubt, and a probe that failed has failed.
    const known = [...doubts].some(({ outage }) => outage);
    if (doubts.size === 0 || known) blame(story, group, parts);
    else {
      const doubt = doubtOf(story.call.id, group, pattern, parts);
      for (const each of doubts) each.add(doubt, parts.clock.now());
    }
  }
}
