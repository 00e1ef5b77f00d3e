/** When an attempt is taking too long: the bounds of one attempt, from the options and what was learned. Pure; times in ms. */
import type { Call } from '../call/call.ts';
import type { PoolSettings } from '../config/settings.ts';
import { type Endpoint, healthKey } from '../endpoint/endpoint.ts';
import type { Pool } from '../pool/pool.ts';
import type { TimeKind } from '../pool/usual-times.ts';

/** Streams without headers are cut after a minute at the earliest, streams without content after five. */
const NO_HEADERS = 60_000;
const NO_CONTENT = 300_000;
/** What is quicker is no silence: a lost packet is sent again within that time. */
const NOTICED = 1_000;
/** Some calls that take longer than this share of all, and none overtaken, make an endpoint look silent. */
const LATE = 0.95;
/** How far beyond the learned slowest-in-a-hundred a stream may be before it is cut. */
const STREAM_FACTOR = 5;

/** How patient a pool is that rescues nobody. */
const PATIENT = { after: 20_000, factor: 3 };

/** How late an attempt is: a hedge may start beside it, also one of the reserve; it takes too long. */
export type Late = 'hedge' | 'hedge-late' | 'bound';

/** What happens when something takes `after` ms. */
export interface Bound {
  readonly after: number;
  /** The attempt is cut, even when nobody else is left. */
  readonly certain: boolean;
  /** Nothing is cut: a second attempt starts beside it. */
  readonly beside: boolean;
}

/** The bounds of one attempt. */
export interface Bounds {
  /** Its user named the bound: it cuts, from the start of the attempt on. */
  readonly certain: boolean;
  /** Until the headers of a stream. */
  readonly headers: Bound | undefined;
  /** From the headers of a stream until its content. */
  readonly content: Bound;
  /** Starts a second attempt of a plain call elsewhere. */
  readonly rescue: number | undefined;
  /** After this long without a byte the endpoint counts as silent; where others answer and some calls are late, sooner. */
  readonly silent: { readonly slow: number; readonly late: number };
}

type Settings = Pick<PoolSettings, 'attemptTimeout' | 'rescue'>;
type Times = Pick<Pool, 'endpoints' | 'usual' | 'slowest'>;

/** What is timed in this stage of a call. */
export function kindOf(call: Call, hasHeaders: boolean): TimeKind {
  if (!call.stream) return 'plain';
  return hasHeaders ? 'content' : 'head';
}

/**
 * The learned slowest-in-a-hundred time for such a call on `endpoint`, in ms; `undefined` before anything was learned.
 * An endpoint that never answered is measured by what the same model takes elsewhere in the pool.
 */
export function usualTime(
  call: Call,
  endpoint: Endpoint,
  pool: Pick<Pool, 'slowest'> | undefined,
  kind: TimeKind,
): number | undefined {
  const key = healthKey(call.model, call.operation.name);
  const own = endpoint.state.latency(endpoint.keyOf(key))?.[kind];
  return own?.learned ? own.quantile(0.99) : pool?.slowest(key, kind);
}

/** What was learned is a guess: a hedge that is a little late costs a moment, one that is early costs money. */
const LATER = 1.05;
/** Where so many calls hang that the learned delay has no bound, this many times the median is one. */
const LATEST = 5;

/**
 * After how many ms from its start an attempt may be hedged; `undefined` = not at all, or nothing is known so far.
 * @param probe it is the probe of an endpoint that has gone silent: hedged as soon as half of all calls would be answered.
 * Why by the whole pool's times and not by the endpoint's own: one that is always slow is when a hedge helps most.
 */
export function hedgeAfter(
  call: Call,
  pool: Times,
  settings: Pick<PoolSettings, 'failover'>,
  probe = false,
): number | undefined {
  const { hedge } = call;
  if (!hedge || call.replay !== 'free' || !settings.failover || pool.endpoints.length < 2) return undefined;
  const known = pool.usual(healthKey(call.model, call.operation.name), kindOf(call, true));
  if (!known) return undefined;
  const median = known.quantile(0.5);
  return Math.max(hedge.minDelay, probe ? median : Math.min(LATER * known.about(hedge.quantile), LATEST * median));
}

/**
 * What a rescue is measured by: the endpoint's own time, or the pool's where that is shorter.
 * Why: an endpoint that has become slow would teach itself to be rescued later and later. Nothing is cut by this.
 */
function soonest(own: number | undefined, pool: Times, model: string): number | undefined {
  const others = pool.usual(model, 'plain')?.quantile(0.99);
  return own === undefined || others === undefined ? own : Math.min(own, others);
}

/** The bounds of one attempt, each worked out when it is asked for. */
class OfAttempt implements Bounds {
  readonly certain: boolean;
  readonly #own: number;
  readonly #call: Call;
  readonly #endpoint: Endpoint;
  readonly #pool: Times;
  readonly #rescue: Settings['rescue'];
  readonly #model: string;
  readonly #usual: number | undefined;
  #rescueAfter: number | undefined;

  constructor(call: Call, endpoint: Endpoint, pool: Times, { attemptTimeout, rescue }: Settings) {
    this.#call = call;
    this.#endpoint = endpoint;
    this.#pool = pool;
    this.#rescue = rescue;
    this.#model = healthKey(call.model, call.operation.name);
    this.#usual = usualTime(call, endpoint, pool, kindOf(call, false));
    const { timeout = Number.POSITIVE_INFINITY } = endpoint.settings;
    this.#own = attemptTimeout === 'auto' ? timeout : Math.min(attemptTimeout, timeout);
    this.certain = this.#own !== Number.POSITIVE_INFINITY;
  }

  /** Half of the timeout before anything is learned, and never so late that a second attempt could not be in time. */
  #patience(timeout: number, takes: number | undefined): number {
    const { after, factor } = this.#rescue || PATIENT;
    return takes === undefined ? timeout / 2 : Math.max(factor * takes, Math.min(after, timeout / 2));
  }

  get #time(): number {
    return this.#call.deadline - this.#call.startedAt;
  }

  #bound(least: number, takes: number | undefined): Bound {
    if (this.certain) return { after: this.#own, certain: true, beside: false };
    const cut = Math.max(least, STREAM_FACTOR * (takes ?? 0));
    // A cut that comes when the call is over helps nobody: such a stream is rescued like a plain call.
    return cut >= this.#time && this.#rescue
      ? { after: this.#patience(this.#time, takes), certain: false, beside: true }
      : { after: cut, certain: false, beside: false };
  }

  get headers(): Bound | undefined {
    return this.certain || this.#call.stream ? this.#bound(NO_HEADERS, this.#usual) : undefined;
  }

  get content(): Bound {
    const usual = this.#call.stream ? usualTime(this.#call, this.#endpoint, this.#pool, 'content') : undefined;
    return this.#bound(NO_CONTENT, usual);
  }

  get rescue(): number | undefined {
    const { stream, replay } = this.#call;
    if (this.certain || !this.#rescue || stream || replay !== 'free') return undefined;
    this.#rescueAfter ??= this.#patience(this.#time, soonest(this.#usual, this.#pool, this.#model));
    return this.#rescueAfter;
  }

  get silent(): Bounds['silent'] {
    const slow = this.#patience(this.#call.clientTimeout, this.#usual);
    const known = this.#endpoint.state.latency(this.#endpoint.keyOf(this.#model))?.[kindOf(this.#call, false)];
    return { slow, late: known?.learned ? Math.max(NOTICED, known.quantile(LATE)) : slow };
  }
}

/** The bounds of an attempt of `call` on `endpoint`, one of `pool`. */
export function boundsOf(call: Call, endpoint: Endpoint, pool: Times, settings: Settings): Bounds {
  return new OfAttempt(call, endpoint, pool, settings);
}
