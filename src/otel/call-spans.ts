/** The spans of one call: `route` from its beginning to its end, and one below it for each attempt. */
import {
  type Attributes,
  type Context,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { type Attempt, type BalancerEvent, type BalancerEvents, type SendingFacts, tokensOf } from '../index.ts';
import { decisionsIn } from './decisions.ts';
import { short } from './few-values.ts';
import { operationName, own, semantic } from './names.ts';
import { isToldAbove } from './told-above.ts';
import { serverAttributes } from './vendors.ts';

/** No failure of the endpoint's nor of the call's: another attempt was first. */
const UNTROUBLED: ReadonlySet<string> = new Set(['ok', 'abandoned']);

/** Attributes whose value is known. */
function known(attributes: Readonly<Record<string, string | number | boolean | undefined>>): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined)) as Attributes;
}

const usageAttributes = (usage: unknown): Attributes => {
  const tokens = tokensOf([{ usage }]);
  return known({
    [semantic.inputTokens]: tokens?.input,
    [semantic.outputTokens]: tokens?.output,
    [semantic.cachedTokens]: tokens?.cached || undefined,
  });
};

/** What went wrong with an attempt, by the conventions: the status if there was one, else our word for it. */
export function errorTypeOf({ status, verdict }: Pick<Attempt, 'status' | 'verdict'>): string {
  return status !== undefined && status >= 400 ? String(status) : verdict;
}

const named = (operation: string, model: string | undefined) =>
  model === undefined ? operation : `${operation} ${short(model)}`;

/** The spans of a call. */
export class CallSpans {
  readonly #tracer: Tracer;
  readonly #route: Span;
  readonly #within: Context;
  readonly #operation: string;
  readonly #told: boolean;
  readonly #stream: boolean;
  readonly #attempts = new Map<
    number,
    { readonly span: Span; readonly server: Attributes; readonly endpoint: string }
  >();
  #failovers = 0;
  #waits = 0;

  /** @param around the context in which the call was made. */
  constructor(tracer: Tracer, start: BalancerEvents['call-start'], around: Context, pool: string | undefined) {
    const { operation, model, stream, callId } = start;
    this.#tracer = tracer;
    this.#operation = operationName(operation);
    this.#told = isToldAbove(around);
    this.#stream = stream;
    const attributes = known({
      [semantic.operation]: this.#operation,
      [semantic.requestModel]: model && short(model),
      [semantic.stream]: stream || undefined,
      [own.call]: callId,
      [own.pool]: pool,
    });
    this.#route = tracer.startSpan(named('route', model ?? operation), { kind: SpanKind.INTERNAL, attributes }, around);
    this.#within = trace.setSpan(around, this.#route);
  }

  /** Begins an attempt. @returns the context to send it in. */
  attempt({ attempt, endpoint, type, baseURL, model, beside }: SendingFacts): Context {
    const server = serverAttributes(type, baseURL);
    const attributes = known({
      [semantic.operation]: this.#operation,
      [semantic.requestModel]: model && short(model),
      [semantic.stream]: this.#stream || undefined,
      [own.endpoint]: endpoint,
      [own.attempt]: attempt,
      [own.beside]: beside,
    });
    const span = this.#tracer.startSpan(
      named(this.#operation, model),
      { kind: SpanKind.CLIENT, attributes: { ...attributes, ...server } },
      this.#within,
    );
    this.#attempts.set(attempt, { span, server, endpoint });
    return trace.setSpan(this.#within, span);
  }

  /** An attempt was judged. */
  attemptEnded(event: BalancerEvents['attempt-end']): void {
    const { attempt, verdict, status, usage, firstMs, replyModel } = event;
    const span = this.#attempts.get(attempt)?.span;
    if (!span) return;
    const failed = !UNTROUBLED.has(verdict);
    span.setAttributes({
      ...known({
        [own.verdict]: verdict,
        [semantic.responseModel]: replyModel,
        [semantic.status]: status,
        [semantic.timeToFirstChunk]: firstMs === undefined ? undefined : firstMs / 1_000,
        [semantic.errorType]: failed ? errorTypeOf(event) : undefined,
      }),
      ...(!this.#told && usageAttributes(usage)),
    });
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }

  /** Something happened on the way. */
  note(event: BalancerEvent): void {
    switch (event.type) {
      case 'failover-start':
        this.#failovers += 1;
        this.#add('failover', { [own.from]: event.from, [own.endpoint]: event.endpoint, [own.verdict]: event.verdict });
        break;
      case 'fallback-start':
        this.#add('fallback', {
          [own.model]: short(event.model),
          [own.from]: short(event.from),
          [own.reason]: event.reason,
        });
        break;
      case 'call-waiting':
        this.#waits += 1;
        this.#add('wait', { [own.ms]: event.ms, [own.reason]: short(event.reason) });
        break;
      case 'endpoint-cooldown':
        this.#add('cooldown', {
          [own.endpoint]: event.endpoint,
          [own.ms]: event.ms,
          [own.reason]: short(event.reason),
        });
        break;
      case 'endpoint-ejected':
        this.#add('ejected', {
          [own.endpoint]: event.endpoint,
          [own.ms]: event.openMs,
          [own.reason]: short(event.reason),
        });
        break;
      case 'panic-entered':
        this.#add('panic', { [own.endpoint]: event.endpoints.slice(0, 20) });
        break;
      case 'budget-exhausted':
        this.#add('budget exhausted', {});
        break;
      case 'affinity-missed':
        this.#add('affinity missed', {}); // Not which id: who has it may have what it names.
        break;
      default:
    }
  }

  #add(name: string, attributes: Attributes): void {
    this.#route.addEvent(name, attributes);
  }

  /** Nobody will tell of the call's end. */
  leave(): void {
    this.#leaveAttempts();
    this.#route.end();
  }

  #leaveAttempts(): void {
    for (const { span } of this.#attempts.values()) if (span.isRecording()) span.end();
  }

  /** The call is over, and what it was served by. @param error by the conventions. */
  ended(event: BalancerEvents['call-end'], error: string | undefined): void {
    const { ok, attempts } = event;
    // Nobody judges an attempt any more whose call is over.
    this.#leaveAttempts();
    if (!this.#route.isRecording()) {
      this.#route.end();
      return;
    }
    const last = attempts.at(-1);
    const server = [...this.#attempts.values()].findLast(({ endpoint }) => endpoint === last?.endpoint)?.server;
    for (const decision of decisionsIn(event)) this.#add('decision', decision);
    this.#route.setAttributes({
      ...server,
      ...known({
        [own.endpoint]: last?.endpoint,
        [own.attempts]: attempts.length,
        [own.failovers]: this.#failovers,
        [own.waits]: this.#waits,
        [semantic.errorType]: error,
      }),
    });
    if (!ok) this.#route.setStatus({ code: SpanStatusCode.ERROR });
    this.#route.end();
  }
}
