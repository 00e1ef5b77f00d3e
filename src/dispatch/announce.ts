/** Tells everybody who listens of breakers that opened or closed. */
import { duration } from '../call/describe.ts';
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { Emitter } from '../observe/emitter.ts';
import type { PoolLog } from '../observe/pool-log.ts';

/** What telling needs. */
export interface AnnounceParts {
  readonly clock: Clock;
  readonly events: Emitter;
  readonly log: PoolLog;
}

/** Tells of the transitions at an endpoint since the last look. @param callId the call that brought them about. @param why in a word. */
export function announce(callId: string, endpoint: Endpoint, why: string, { events, log, clock }: AnnounceParts): void {
  const transitions = endpoint.state.breakers.takeTransitions();
  if (transitions.length === 0) return;
  const about = { at: clock.date(), callId, endpoint: endpoint.name };
  for (const { state, model, openMs } of transitions) {
    log.transition(endpoint.name, state, `${model === undefined ? '' : `${model}: `}${why}, for ${duration(openMs)}`);
    if (state === 'ejected') events.emit({ type: 'endpoint-ejected', ...about, model, openMs, reason: why });
    else events.emit({ type: 'endpoint-restored', ...about, model });
  }
}
