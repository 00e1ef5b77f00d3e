/**
 * A place at an endpoint that is lent to the caller, who opens a socket of his own there: it counts as load until it is given
 * back. Why not an attempt like others: nothing is sent, so there are no times to learn from, and it may last for hours.
 */
import type { Attempt, CallStory, Reply } from './call-story.ts';
import type { Dispatcher } from './dispatcher.ts';
import { verdict } from './verdicts.ts';

/** A socket that cannot connect says so sooner, in ms: until then a probe waits for the verdict. */
const PROBE_PATIENCE = 10_000;

/** How it went: well; nobody says; or what went wrong. */
export type HowItWent = { readonly is: 'well' | 'unknown' } | { readonly is: 'failed'; readonly error: unknown };

/** Gives the place back, once. */
export type GiveBack = (how: HowItWent) => void;

/**
 * Lends the place of `attempt`.
 * @param works the endpoint has shown that it works: a probe need not wait for how it goes on.
 */
export function lend<R extends Reply>(
  story: CallStory<R>,
  attempt: Attempt<R>,
  dispatcher: Dispatcher,
  works = false,
): GiveBack {
  const { clock, throttle } = dispatcher.parts;
  const { load } = attempt;
  const { state } = attempt.endpoint;
  story.commit();
  state.lend(load);
  if (works) dispatcher.proved(story, attempt);
  else throttle?.told(load, false);
  const probes = load.permits.some((permit) => permit?.probe);
  const proveNothing = () => state.breakers.settle(load, verdict('abandoned'));
  const cancel = probes && !works ? clock.after(PROBE_PATIENCE, proveNothing, false) : undefined;
  return (how) => {
    if (attempt.settled) return;
    cancel?.();
    if (how.is === 'failed')
      dispatcher.settle(story, attempt, { is: 'error', error: how.error, phase: 'head', sent: 'maybe' });
    else {
      if (how.is === 'well') state.breakers.settle(load, verdict('ok'));
      const { status, headers } = attempt.reply as R;
      dispatcher.settle(story, attempt, { is: 'reply', status, headers });
    }
    dispatcher.finish(story, how.is !== 'failed');
  };
}
