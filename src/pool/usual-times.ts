/**
 * What the calls of a model usually take in a pool: by its endpoints that are about as fast as the fastest.
 * Why not by all of them, nor by each for itself: an endpoint that has become slow must not make slowness look usual.
 */
import type { Clock } from '../clock.ts';
import type { Endpoint } from '../endpoint/endpoint.ts';
import { Latency } from '../endpoint/latency.ts';

/** What is timed: plain calls, streams until their headers, streams until their content. */
export type TimeKind = 'plain' | 'head' | 'content';

/** Looked up again after this long, in ms: times change slowly, and a large pool takes a moment to read. */
const FRESH = 1_000;
/** About as fast: at most so many times the median of the fastest. */
const ABOUT = 2;
/** A pool of fewer endpoints is read at each call until something is known. */
const LARGE = 50;
/** Models remembered; more only arise from made-up names. */
const LIMIT = 200;

interface Known<What> {
  readonly what: What | undefined;
  readonly until: number;
}

/** What is known of each model, by what is timed. */
type Models<What> = Record<TimeKind, Map<string, Known<What>>>;
const none = <What>(): Models<What> => ({ plain: new Map(), head: new Map(), content: new Map() });

/** The times of one pool's models. */
export class UsualTimes {
  readonly #times = none<Latency>();
  readonly #slowest = none<number>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The times of a model by its public name; `undefined` before there are enough of them to be believed. */
  of(model: string, kind: TimeKind, endpoints: readonly Endpoint[]): Latency | undefined {
    // What is not known so far may be at the next call.
    const fresh = (times: Latency | undefined) => times !== undefined || endpoints.length >= LARGE;
    return this.#known(this.#times[kind], model, () => fastest(model, kind, endpoints), fresh);
  }

  /** The longest of its endpoints' slowest-in-a-hundred times, in ms; `undefined` before one is known. */
  slowest(model: string, kind: TimeKind, endpoints: readonly Endpoint[]): number | undefined {
    const find = () => slowest(model, kind, endpoints);
    return endpoints.length < LARGE ? find() : this.#known(this.#slowest[kind], model, find, () => true);
  }

  #known<What>(
    models: Map<string, Known<What>>,
    model: string,
    find: () => What | undefined,
    fresh: (what: What | undefined) => boolean,
  ): What | undefined {
    const before = models.get(model);
    const now = this.#clock.now();
    if (before && now < before.until) return before.what;
    const what = find();
    if (!before && models.size >= LIMIT) models.delete(models.keys().next().value as string);
    models.set(model, { what, until: fresh(what) ? now + FRESH : now });
    return what;
  }
}

function fastest(model: string, kind: TimeKind, endpoints: readonly Endpoint[]): Latency | undefined {
  const all = endpoints.flatMap((endpoint) => {
    const times = endpoint.state.latency(endpoint.keyOf(model))?.[kind];
    const median = times?.quantile(0.5) ?? 0;
    return times && median > 0 ? [{ times, median }] : [];
  });
  all.sort((a, b) => a.median - b.median);
  const longest = ABOUT * (all[0]?.median ?? 0);
  // A newcomer that answered once says little: then as many of the others as it takes.
  const merged = new Latency();
  for (const { times, median } of all) if (median <= longest || !merged.learned) merged.add(times);
  return merged.learned ? merged : undefined;
}

function slowest(model: string, kind: TimeKind, endpoints: readonly Endpoint[]): number | undefined {
  let found: number | undefined;
  for (const endpoint of endpoints) {
    const times = endpoint.state.latency(endpoint.keyOf(model))?.[kind];
    if (times?.learned) found = Math.max(found ?? 0, times.quantile(0.99));
  }
  return found;
}
