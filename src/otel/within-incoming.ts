/** The work of a call that came over HTTP, in the trace that its caller began. */
import { context, propagation, trace } from '@opentelemetry/api';

type Headers = Record<string, string | string[] | undefined>;

/** What the propagators write that say where in a trace a call was made. */
const TRACE = ['traceparent', 'tracestate'] as const;

/**
 * Runs `work` in the context that the headers of an incoming call name, unless an instrumentation of the server has opened one already.
 * What named it is taken out of the headers: what goes on from here is the place of each attempt.
 * @returns what `work` returns.
 */
export function withinIncoming<Result>(headers: Headers, work: () => Result): Result {
  if (propagation.fields().length === 0) return work();
  const active = context.active();
  const around = trace.getSpan(active) ? active : propagation.extract(active, headers);
  for (const name of TRACE) delete headers[name];
  return context.with(around, work);
}
