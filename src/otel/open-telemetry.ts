/** The observer that tells a pool's calls to OpenTelemetry: `new LoadBalancedOpenAI(endpoints, { observers: [openTelemetry()] })`. */
import { channel } from 'node:diagnostics_channel';
import { type Attributes, type Context, context, propagation } from '@opentelemetry/api';
import type { BalancerEvent, BalancerEvents, ObservedPool, Observer, SendingFacts } from '../index.ts';
import { CallSpans, errorTypeOf } from './call-spans.ts';
import { Gauges } from './gauges.ts';
import { Instruments } from './instruments.ts';
import { operationName, own } from './names.ts';
import { checkOptions, type OpenTelemetryOptions, type Propagate } from './options.ts';
import { MeterSource, TracerSource } from './registered.ts';
import { serverAttributes } from './vendors.ts';

/** An observer for one client or for many; one per process is enough. */
export type OpenTelemetryObserver = Observer & Required<Pick<Observer, 'idle' | 'sending' | 'watch'>>;

/** A call that is not over. */
interface Underway {
  readonly around: Context;
  readonly spans: CallSpans | undefined;
  readonly operation: string;
  readonly model: string | undefined;
  /** Of the endpoints it was sent to. */
  readonly servers: Map<string, Attributes>;
}

/** More calls are not under way at once; of those beyond nobody told the end. */
const MOST = 100_000;

/** So many pools are added before those that are gone are looked for. */
const FORGET_EVERY = 100;

/** Who instruments undici writes the headers himself, and two of them say nothing. */
const undici = channel('undici:request:create');

const isBaggage = (name: string) => name === 'baggage' || name.startsWith('uberctx-');

function inject(within: Context, headers: Record<string, string>, propagate: Propagate): void {
  if (!propagate || undici.hasSubscribers) return;
  propagation.inject(within, headers);
  if (propagate === 'trace') for (const name of Object.keys(headers)) if (isBaggage(name)) delete headers[name];
}

/** What a failed call is told as. */
function errorOf({ ok, attempts, error }: BalancerEvents['call-end']): string | undefined {
  if (ok) return undefined;
  const last = attempts.at(-1);
  // Who gives up while the call waits does not fail by what went before.
  if (error === 'APIUserAbortError' && last?.verdict !== 'aborted') return error;
  return last && last.verdict !== 'ok' && last.verdict !== 'pending' ? errorTypeOf(last) : (error ?? '_OTHER');
}

/**
 * Tells calls to OpenTelemetry: a span `route` per call with one span per attempt below it, and metrics. Whatever SDK the process
 * registers is used, be it registered before the client is made or after; without one it does next to nothing.
 * @throws ConfigurationError for bad options.
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): OpenTelemetryObserver {
  const { pool, propagate, traces, metrics, maxValues, tracerProvider, meterProvider } = checkOptions(options);
  const tracers = new TracerSource(tracerProvider);
  const pools = new Set<WeakRef<ObservedPool>>();
  const common: Attributes = pool === undefined ? {} : { [own.pool]: pool };
  const meters = new MeterSource(meterProvider, (meter) => {
    const instruments = new Instruments(meter, maxValues, pool);
    const gauges = new Gauges(meter, instruments);
    for (const each of pools) gauges.watch(each, common);
    return { instruments, gauges };
  });
  const calls = new Map<string, Underway>();

  const forgetOne = () => {
    const [[callId, { spans }]] = calls as unknown as [[string, Underway]];
    calls.delete(callId);
    spans?.leave();
  };

  const begin = (event: BalancerEvents['call-start']) => {
    const tracer = traces ? tracers.now : undefined;
    if (!tracer && !(metrics && meters.now)) return;
    const around = context.active();
    const spans = tracer && new CallSpans(tracer, event, around, pool);
    const { callId, operation, model } = event;
    if (calls.size >= MOST) forgetOne();
    calls.set(callId, { around, spans, operation: operationName(operation), model, servers: new Map() });
  };

  const end = (event: BalancerEvents['call-end']) => {
    const call = calls.get(event.callId);
    if (!call) return;
    calls.delete(event.callId);
    const error = errorOf(event);
    call.spans?.ended(event, error);
    const { operation, model, servers } = call;
    const { ms, attempts } = event;
    const serverOf = (endpoint: string) => servers.get(endpoint) ?? {};
    if (metrics) meters.now?.instruments.ended({ operation, model, ms, error, attempts, serverOf });
  };

  const attemptEnded = (event: BalancerEvents['attempt-end']) => {
    const call = calls.get(event.callId);
    if (!call) return;
    call.spans?.attemptEnded(event);
    if (!metrics) return;
    const { firstMs, endpoint } = event;
    meters.now?.instruments.attempted(event.model, event.verdict);
    if (firstMs === undefined) return;
    const { operation, model, servers } = call;
    meters.now?.instruments.firstChunk(firstMs, operation, model, servers.get(endpoint) ?? {});
  };

  const observe = (event: BalancerEvent) => {
    switch (event.type) {
      case 'call-start':
        begin(event);
        break;
      case 'attempt-start':
        break;
      case 'attempt-end':
        attemptEnded(event);
        break;
      case 'call-end':
        end(event);
        break;
      default:
        if (event.callId !== undefined) calls.get(event.callId)?.spans?.note(event);
        if (metrics) meters.now?.instruments.count(event);
    }
  };

  const sending = (facts: SendingFacts, send: () => void) => {
    const call = calls.get(facts.callId);
    if (!call) {
      send();
      return;
    }
    call.servers.set(facts.endpoint, serverAttributes(facts.type, facts.baseURL));
    const within = call.spans?.attempt(facts) ?? call.around;
    inject(within, facts.headers, propagate);
    context.with(within, send);
  };

  const watch = (observed: ObservedPool) => {
    if (!metrics) return;
    const held = new WeakRef(observed);
    // Now and then: clients may be built per call, and looking through all of them each time would take longer and longer.
    if (pools.size % FORGET_EVERY === 0)
      for (const each of pools) if (each.deref()?.closed !== false) pools.delete(each);
    const before = meters.now;
    pools.add(held);
    before?.gauges.watch(held, common);
  };

  // Whoever is under way is seen to its end.
  const idle = () => calls.size === 0 && !(traces && tracers.now) && !(metrics && meters.now);
  const observer = Object.assign(observe, { sending, watch });
  return Object.defineProperty(observer, 'idle', { get: idle }) as OpenTelemetryObserver;
}
