/** The error of a call that found nobody: per endpoint why not, and when to come back. */
import type { Call } from '../call/call.ts';
import { duration, quoted } from '../call/describe.ts';
import { NoEndpointAvailableError } from '../errors.ts';
import type { Refusal } from '../pool/eligibility.ts';

/** A reason with how long it lasts. @param now monotonic ms. */
export function reasonOf(refusal: Pick<Refusal, 'reason' | 'until'>, now: number): string {
  const left = refusal.until - now;
  return left > 0 && left !== Number.POSITIVE_INFINITY ? `${refusal.reason}, for ${duration(left)}` : refusal.reason;
}

function advice(refusals: readonly Refusal[], call: Call): string {
  if (refusals.length === 0 || !refusals.every(({ kind, endpoint }) => kind === 'unfit' && !endpoint.drained))
    return '';
  const asks = { models: call.model, operations: call.operation.name, tags: call.tags.join("', '") } as const;
  const options = Object.keys(asks) as (keyof typeof asks)[];
  const option = options.find((each) => refusals.some(({ reason }) => reason.endsWith(`(${each})`))) ?? 'operations';
  const name = quoted(String(asks[option]));
  return ` Add ${name} to \`${option}\` of an endpoint that serves it.`;
}

/** Calls that wait for the same as the one that failed. */
export interface Queue {
  readonly waiting: number;
  /** No more may wait. */
  readonly full: boolean;
  /** When the next of them goes, in monotonic ms. */
  readonly nextAt: number | undefined;
}

/**
 * Builds the error.
 * @param now monotonic ms.
 * @param cause the pool's last real error.
 * @param more who waits already, where that is why; the models asked in the place of the call's own.
 */
export function noEndpointAvailable(
  call: Call,
  refusals: readonly Refusal[],
  now: number,
  cause: unknown,
  { queue, standIns = [] }: { readonly queue?: Queue | undefined; readonly standIns?: readonly string[] } = {},
): NoEndpointAvailableError {
  const endpoints = refusals.map((refusal) => ({ name: refusal.endpoint.name, reason: reasonOf(refusal, now) }));
  const returning = refusals.filter((refusal) => refusal.kind === 'limited' || refusal.kind === 'ejected');
  const times = [...returning.map(({ until }) => until), ...(queue?.nextAt === undefined ? [] : [queue.nextAt])];
  const retryAfterMs = times.length === 0 ? undefined : Math.max(1, Math.min(...times) - now);
  const calls = queue && `${queue.waiting} ${queue.waiting === 1 ? 'call waits' : 'calls wait'} already`;
  const line = calls ? [queue.full ? `the waiting room is full (${calls})` : calls] : [];
  const why = [...endpoints.map(({ name, reason }) => `${name} ${reason}`), ...line].join('; ');
  const what =
    call.model === undefined ? `this ${call.operation.name} call` : `${quoted(call.model)} (${call.operation.name})`;
  const nor = standIns.length === 0 ? '' : `, nor ${standIns.map(quoted).join(', ')} in its place`;
  const again = retryAfterMs === undefined ? '' : ` Try again in ${duration(retryAfterMs)}.`;
  return new NoEndpointAvailableError(
    `No endpoint can take ${what}${nor}: ${why || 'the pool is empty'}.${again}${advice(refusals, call)}`,
    {
      status: queue || refusals.some((refusal) => refusal.rateLimited) ? 429 : 503,
      retryAfterMs,
      endpoints,
      cause,
    },
  );
}
