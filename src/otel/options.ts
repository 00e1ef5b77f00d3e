/** The options of `openTelemetry`, checked where they are given. */
import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { ConfigurationError } from '../index.ts';

/** What of the caller's context goes to the endpoint: its place in the trace, that and its baggage, or nothing. */
export type Propagate = 'trace' | 'all' | false;

/** How the calls are told to OpenTelemetry. */
export interface OpenTelemetryOptions {
  /** A name for the pool, told as `load_balancer.pool`, where a process has several. @default none */
  readonly pool?: string | undefined;
  /**
   * What is written into the headers of an attempt by the propagator that was registered, as long as no instrumentation of undici
   * does that already. `'trace'`: where in which trace it was made. `'all'`: its baggage too, which may hold what the application
   * knows of its users. Never in the place of a header that the caller set. @default 'trace'
   */
  readonly propagate?: Propagate | undefined;
  /** `false` = no spans. @default true */
  readonly traces?: boolean | undefined;
  /** `false` = no metrics. @default true */
  readonly metrics?: boolean | undefined;
  /** So many models are told apart in metrics, and as many endpoints and servers; all others go by `_other`. @default 100 */
  readonly maxValues?: number | undefined;
  /** @default the one registered globally, whenever that is */
  readonly tracerProvider?: TracerProvider | undefined;
  /** @default the one registered globally, whenever that is */
  readonly meterProvider?: MeterProvider | undefined;
}

/** The options after the check. */
export interface TelemetrySettings {
  readonly pool: string | undefined;
  readonly propagate: Propagate;
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly maxValues: number;
  readonly tracerProvider: TracerProvider | undefined;
  readonly meterProvider: MeterProvider | undefined;
}

const METHODS = { tracerProvider: 'getTracer', meterProvider: 'getMeter' } as const;

type Rule = readonly [is: (value: unknown) => boolean, what: string];
const flag: Rule = [(value) => typeof value === 'boolean', 'true or false'];
const provides = (method: string): Rule => [
  (value) => typeof (value as Record<string, unknown> | null)?.[method] === 'function',
  `an object with ${method}(), such as the SDK's`,
];

const RULES: Readonly<Record<keyof OpenTelemetryOptions, Rule>> = {
  pool: [(value) => typeof value === 'string' && value !== '', 'a text that is not empty'],
  propagate: [(value) => ['trace', 'all', false].includes(value as Propagate), "'trace', 'all' or false"],
  traces: flag,
  metrics: flag,
  maxValues: [(value) => Number.isSafeInteger(value) && (value as number) >= 1, 'a whole number from 1'],
  tracerProvider: provides(METHODS.tracerProvider),
  meterProvider: provides(METHODS.meterProvider),
};

const refuse = (problem: string) => new ConfigurationError('invalid_value', `openTelemetry(): ${problem}`);

/** Checks the options and fills in the defaults. @throws ConfigurationError naming the option and what it takes. */
export function checkOptions(given: OpenTelemetryOptions): TelemetrySettings {
  if (typeof given !== 'object' || given === null || Object.getPrototypeOf(given) !== Object.prototype)
    throw refuse('takes an object of options, or nothing. A client is observed with `observers: [openTelemetry()]`.');
  // It hears events itself then.
  if ('type' in given && 'at' in given) throw refuse('was given as it is; call it: `observers: [openTelemetry()]`.');
  for (const [name, value] of Object.entries(given)) {
    const rule = (RULES as Record<string, Rule | undefined>)[name];
    if (!rule) throw refuse(`unknown option '${name}'; known are ${Object.keys(RULES).join(', ')}.`);
    if (value !== undefined && !rule[0](value)) throw refuse(`${name} must be ${rule[1]}.`);
  }
  const { pool, propagate = 'trace', traces = true, metrics = true, maxValues = 100 } = given;
  const { tracerProvider, meterProvider } = given;
  return { pool, propagate, traces, metrics, maxValues, tracerProvider, meterProvider };
}
