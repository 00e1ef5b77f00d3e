/** Who is told of calls beside the gateway itself, and in what context they run: a tracer of the process, if there is one. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Observer } from '../../observe/events.ts';

/** A tracer of the process. */
export interface Telemetry {
  /** Hears the events of all pools. */
  readonly observer: Observer;
  /** Runs the work of a call in the context that its headers name, and may take out of them what named it. */
  within<Result>(headers: IncomingHttpHeaders, work: () => Result): Result;
}

/** What may be traced. */
export interface Traced {
  /** A tracer of the process that is told of calls as well. */
  readonly telemetry?: Telemetry | undefined;
}

/** Lets a call answer, in its context. */
export function answerWithin(
  telemetry: Telemetry | undefined,
  { headers }: IncomingMessage,
  call: { answer(): Promise<void> },
): Promise<void> {
  return telemetry ? telemetry.within(headers, () => call.answer()) : call.answer();
}
