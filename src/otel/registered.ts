/**
 * Which providers there are now. Why asked at each call: an SDK may be registered after the client was made, and before that nothing
 * is worth measuring. The API stands in for a missing SDK, and says so only to those who look closely.
 */
import {
  createNoopMeter,
  type Meter,
  type MeterProvider,
  metrics,
  ProxyTracerProvider,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';

/** Under this name spans and metrics are told. */
const SCOPE = 'load-balanced-openai';

const nobody = new ProxyTracerProvider().getDelegate();

/** The tracer of the provider given or registered; `undefined` while there is none. */
export class TracerSource {
  readonly #given: TracerProvider | undefined;
  #provider: TracerProvider | undefined;
  #tracer: Tracer | undefined;

  constructor(given: TracerProvider | undefined) {
    this.#given = given;
  }

  get now(): Tracer | undefined {
    const provider = this.#given ?? registeredTracers();
    if (provider !== this.#provider) {
      this.#provider = provider;
      this.#tracer = provider?.getTracer(SCOPE);
    }
    return this.#tracer;
  }
}

function registeredTracers(): TracerProvider | undefined {
  const provider = trace.getTracerProvider();
  const stand = provider as Partial<ProxyTracerProvider>;
  if (typeof stand.getDelegate !== 'function') return provider;
  const behind = stand.getDelegate();
  // Of another copy of the API the stand-in is known by its class alone.
  return behind === nobody || behind.constructor.name === 'NoopTracerProvider' ? undefined : behind;
}

/** What is made of each meter, again whenever another provider is registered; `undefined` while there is none. */
export class MeterSource<Made> {
  readonly #given: MeterProvider | undefined;
  readonly #make: (meter: Meter) => Made;
  #provider: MeterProvider | undefined;
  #made: Made | undefined;

  constructor(given: MeterProvider | undefined, make: (meter: Meter) => Made) {
    this.#given = given;
    this.#make = make;
  }

  get now(): Made | undefined {
    const provider = this.#given ?? metrics.getMeterProvider();
    if (provider !== this.#provider) {
      this.#provider = provider;
      const meter = provider.getMeter(SCOPE);
      const idle = meter === createNoopMeter() || meter.constructor.name === 'NoopMeter';
      this.#made = idle ? undefined : this.#make(meter);
    }
    return this.#made;
  }
}
