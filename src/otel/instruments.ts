/** The metrics that are counted as events come, and how their attributes are kept few. */
import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api';
import { type Attempt, type BalancerEvent, tokensOf } from '../index.ts';
import { FewValues } from './few-values.ts';
import { metricNames, OTHER, own, semantic } from './names.ts';

/** As the conventions recommend, in seconds. */
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
/** As the conventions recommend. */
const TOKENS = [
  ...[1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144],
  ...[1_048_576, 4_194_304, 16_777_216, 67_108_864],
];

/** Failures that say nothing about whether the model exists, so that it may be told by its name. */
const VOUCHING: ReadonlySet<string> = new Set([
  ...['ok', 'rate-limited', 'out-of-credit', 'server-error', 'overloaded'],
  ...['timed-out', 'connection-lost', 'bad-reply', 'abandoned'],
]);

/** Reasons told apart; the library has about ten, the hook `classify` may make more. */
const MOST_REASONS = 30;
const LONGEST_REASON = 60;

/** What is told of a call that is over. */
export interface EndedCall {
  readonly operation: string;
  readonly model: string | undefined;
  readonly ms: number;
  readonly error: string | undefined;
  readonly attempts: readonly Attempt[];
  /** The attributes of the server an endpoint is. */
  readonly serverOf: (endpoint: string) => Attributes;
}

/** The instruments of one meter. */
export class Instruments {
  readonly #duration: Histogram;
  readonly #firstChunk: Histogram;
  readonly #tokens: Histogram;
  readonly #counters: Readonly<
    Record<'attempts' | 'failovers' | 'waits' | 'ejections' | 'cooldowns' | 'refusals', Counter>
  >;
  readonly #models: FewValues;
  readonly #endpoints: FewValues;
  readonly #ownModels: FewValues;
  readonly #uses: FewValues;
  readonly #addresses: FewValues;
  readonly #reasons = new FewValues(MOST_REASONS);
  readonly #common: Attributes;

  constructor(meter: Meter, maxValues: number, pool: string | undefined) {
    const histogram = (name: string, unit: string, description: string, explicitBucketBoundaries: number[]) =>
      meter.createHistogram(name, { unit, description, advice: { explicitBucketBoundaries } });
    const counter = (name: string, unit: string, description: string) =>
      meter.createCounter(name, { unit, description });
    this.#models = new FewValues(maxValues);
    this.#endpoints = new FewValues(maxValues);
    this.#ownModels = new FewValues(maxValues);
    this.#uses = new FewValues(maxValues);
    this.#addresses = new FewValues(maxValues);
    this.#common = pool === undefined ? {} : { [own.pool]: pool };
    this.#duration = histogram(
      metricNames.duration,
      's',
      'How long calls took, over all their attempts and waits.',
      SECONDS,
    );
    this.#firstChunk = histogram(
      metricNames.timeToFirstChunk,
      's',
      'From the beginning of an attempt to the first content of its stream.',
      SECONDS,
    );
    this.#tokens = histogram(metricNames.tokens, '{token}', 'Tokens that replies say were used, by attempt.', TOKENS);
    this.#counters = {
      attempts: counter(metricNames.attempts, '{attempt}', 'Attempts by what came of them.'),
      failovers: counter(metricNames.failovers, '{failover}', 'Attempts that took over from another endpoint.'),
      waits: counter(metricNames.waits, '{wait}', 'Waits of calls for a slot or a backoff.'),
      ejections: counter(metricNames.ejections, '{ejection}', 'Endpoints, or models of theirs, ejected by a breaker.'),
      cooldowns: counter(metricNames.cooldowns, '{cooldown}', 'Cooldowns that began.'),
      refusals: counter(metricNames.refusals, '{refusal}', 'Attempts that the retry budget refused.'),
    };
  }

  /** An endpoint's name among others. */
  endpoint(name: string): string {
    return this.#endpoints.admitted(name);
  }

  #at(endpoint: string): Attributes {
    return { ...this.#common, [own.endpoint]: this.endpoint(endpoint) };
  }

  #modelOf(model: string | undefined): Attributes {
    return model === undefined ? {} : { [semantic.requestModel]: this.#models.of(model) };
  }

  /** An endpoint's own name for a model. Words in parentheses stand for an operation, or for what a model is used for. */
  ownModel(name: string): string {
    return name.startsWith('(') ? this.#uses.admitted(name) : this.#ownModels.of(name);
  }

  /** An attempt may have shown its model to be one: callers may have made up any other. */
  attempted(model: string | undefined, verdict: string): void {
    if (model !== undefined && VOUCHING.has(verdict)) this.#ownModels.admit(model);
  }

  /** A server, as one of those told apart. */
  #where(server: Attributes): Attributes {
    const { [semantic.address]: address, [semantic.port]: port, ...vendor } = server;
    if (address === undefined || this.#addresses.admitted(`${address}:${port}`) !== OTHER) return server;
    return { ...vendor, [semantic.address]: OTHER };
  }

  /** Reasons are words of the library's, or the status that an upstream gave; whatever is longer is somebody's text. */
  #reason(reason: string): string {
    return reason.length <= LONGEST_REASON ? this.#reasons.admitted(reason) : OTHER;
  }

  /** Counts what an event tells by itself. What another process found out is counted there: the sum over all shall be right. */
  count(event: BalancerEvent): void {
    if ('elsewhere' in event && event.elsewhere) return;
    const { failovers, waits, ejections, cooldowns, refusals } = this.#counters;
    switch (event.type) {
      case 'failover-start':
        failovers.add(1, {
          ...this.#at(event.endpoint),
          [own.from]: this.endpoint(event.from),
          [own.verdict]: event.verdict,
        });
        break;
      case 'call-waiting':
        waits.add(1, { ...this.#common, [own.reason]: this.#reason(event.reason) });
        break;
      case 'endpoint-ejected':
        ejections.add(1, { ...this.#at(event.endpoint), [own.reason]: this.#reason(event.reason) });
        break;
      case 'endpoint-cooldown':
        cooldowns.add(1, { ...this.#at(event.endpoint), [own.reason]: this.#reason(event.reason) });
        break;
      case 'budget-exhausted':
        refusals.add(1, this.#common);
        break;
      default:
    }
  }

  /** An attempt began to answer, so many ms after it was sent. */
  firstChunk(ms: number, operation: string, model: string | undefined, server: Attributes): void {
    if (model !== undefined) this.#models.admit(model);
    this.#firstChunk.record(ms / 1_000, {
      ...this.#common,
      ...this.#where(server),
      [semantic.operation]: operation,
      ...this.#modelOf(model),
    });
  }

  /** A call is over. */
  ended({ operation, model, ms, error, attempts, serverOf }: EndedCall): void {
    const last = attempts.at(-1);
    if (model !== undefined && attempts.some(({ verdict }) => VOUCHING.has(verdict))) this.#models.admit(model);
    const about = { ...this.#common, [semantic.operation]: operation, ...this.#modelOf(model) };
    const where = last ? this.#where(serverOf(last.endpoint)) : {};
    this.#duration.record(ms / 1_000, {
      ...about,
      ...where,
      ...(error !== undefined && { [semantic.errorType]: error }),
    });
    for (const { endpoint, verdict, usage, beside } of attempts) {
      this.#counters.attempts.add(1, {
        ...this.#at(endpoint),
        [semantic.operation]: operation,
        [own.verdict]: verdict,
        ...(beside && { [own.beside]: beside }),
      });
      const tokens = tokensOf([{ usage }]);
      if (!tokens) continue;
      const used = { ...about, ...this.#where(serverOf(endpoint)) };
      this.#tokens.record(tokens.input, { ...used, [semantic.tokenType]: 'input' });
      this.#tokens.record(tokens.output, { ...used, [semantic.tokenType]: 'output' });
    }
  }
}
