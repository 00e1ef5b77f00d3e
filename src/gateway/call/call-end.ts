/** What is written down when a call is over: in the figures, in the lines of the log, in the store. */

import { endpointNamed } from '../pools/pools.ts';
import type { Running } from '../running/running.ts';
import { whoseFault } from '../usage/whose-fault.ts';
import type { CallSurroundings } from './call-surroundings.ts';
import { type CallFacts, callRecord } from './keep-call.ts';

/** A call that is over. */
export interface EndedCall extends Omit<CallFacts, 'at' | 'endpoint'> {
  /** As the pool knows it. */
  readonly poolModel: string | undefined;
  /** Until a socket opened: how long people talk says nothing of how fast anything is. */
  readonly openMs?: number | undefined;
}

/** The same while it is made. */
export type OpenCall = { -readonly [Name in keyof EndedCall]: EndedCall[Name] };

/** What is known of a call that has just come. All of its fields stand from the start: one shape for all calls. */
export const openCall = (id: string, method: string): OpenCall => ({
  ...{ id, method, path: '', ms: 0, status: 0, stream: false, estimated: false, attempts: [], decisions: [] },
  ...{ code: undefined, firstMs: undefined, key: undefined, model: undefined, poolModel: undefined },
  ...{ body: undefined, tokens: undefined, cost: undefined },
});

/** Keys that are guessed by the thousand shall not push the calls of others out of the log. */
const NOT_KEPT = new Set(['too_many_wrong_keys']);

/** What became of a call. A stream that its API ended with an error was no answer, whatever its head said. */
function withOutcome(ended: EndedCall): EndedCall {
  const { status, code, stream, attempts } = ended;
  const verdict = attempts.at(-1)?.verdict ?? 'ok';
  if (stream && status < 400 && verdict !== 'ok' && verdict !== 'pending')
    return { ...ended, status: 502, code: code ?? 'upstream_error' };
  return status === 499 && code === undefined ? { ...ended, code: 'aborted' } : ended;
}

/** Writes it down. Never throws. */
export function writeDown(ended: EndedCall, { settings, publicNames }: Running, around: CallSurroundings): void {
  const { clock, log, figures, live, store } = around;
  const call = withOutcome(ended);
  const { id, method, path, status, ms, openMs, model, poolModel, key, tokens, attempts } = call;
  const label = publicNames.includes(poolModel ?? '') ? (poolModel as string) : 'other';
  const fault = whoseFault(call);
  figures.done({
    model: model === undefined ? 'none' : label,
    status,
    fault,
    ms: openMs ?? ms,
    firstMs: call.firstMs,
    tokens,
  });
  const last = attempts.at(-1);
  const endpoint = last && endpointNamed(last.endpoint);
  live.add({ ms: openMs ?? ms, firstMs: call.firstMs, fault, endpoint });
  if (log.says('info'))
    log.info(`${method} /v1${path.slice(0, 200)} ${status}`, {
      ms,
      model: model?.slice(0, 256),
      endpoint,
      attempts: attempts.length,
      key,
      id,
      tokensIn: tokens?.input,
      tokensOut: tokens?.output,
    });
  if (NOT_KEPT.has(call.code ?? '')) return;
  store.calls.record(callRecord(call, Math.round(clock.date() - ms), endpoint, settings.log));
}
