/** The work of a call that came over HTTP, in the trace that its caller began. */
import { type Context, context, propagation, trace } from '@opentelemetry/api';

type Headers = Record<string, string | string[] | undefined>;

/** What the propagators write that say where in a trace a call was made. */
const TRACE = ['traceparent', 'tracestate'] as const;

/** The context that the headers name; `undefined` where nobody reads them, or who reads them fails. */
function contextOf(headers: Headers): Context | undefined {
  try {
    if (propagation.fields().length === 0) return undefined;
    const active = context.active();
    const around = trace.getSpan(active) ? active : propagation.extract(active, headers);
    for (const name of TRACE) delete headers[name];
    return around;
  } catch {
    return undefined;
  }
}

/**
 * Runs `work` in the context that the headers of an incoming call name, unless an instrumentation of the server has opened one already.
 * What named it is taken out of the headers: what goes on from here is the place of each attempt.
 * @returns what `work` returns.
 */
export function withinIncoming<Result>(headers: Headers, work: () => Result): Result {
  const around = contextOf(headers);
  return around ? context.with(around, work) : work();
}
