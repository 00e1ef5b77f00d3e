// What the endpoints of a trace are like, as far as it shows: how long answers took, when they failed, how much they allowed.
import { seeded, seedOf } from './chance.ts';
import type { Trace, TracedAttempt, TracedCall } from './trace.ts';

const MINUTE = 60_000;
/** Failures are as frequent as among so many attempts around that moment. */
const AROUND = 8;
/** A sample stands for an answer up to so many times its length, and down to that part of it. */
const STRETCH = 4;

/** What became of an attempt. Times in ms. */
export type Fate =
  | { readonly is: 'served'; readonly first: number; readonly rest: number }
  | { readonly is: 'failed'; readonly after: number; readonly status: number | undefined }
  | { readonly is: 'silent' };

interface Sample {
  readonly call: TracedCall;
  readonly first: number;
  readonly rest: number;
}

interface Moment {
  readonly at: number;
  readonly failed: TracedAttempt | undefined;
}

/** Whose fault no endpoint is. */
const CALLERS: ReadonlySet<string> = new Set(['caller-error', 'not-found', 'conflict', 'not-supported', 'forbidden']);
const NOBODYS: ReadonlySet<string> = new Set(['aborted', 'abandoned', 'pending', 'local-error']);

function sampleOf(call: TracedCall, { ms, firstMs }: TracedAttempt): Sample {
  const first = call.stream ? Math.min(ms, firstMs ?? ms) : ms;
  return { call, first, rest: ms - first };
}

/** Streams and plain calls are told apart, and each power of two. */
const sizeOf = ({ output, stream }: TracedCall) => Math.floor(Math.log2(Math.max(1, output))) + (stream ? 100 : 0);

/** Where samples are looked for: the best place first. */
const keysOf = (endpoint: string, model: string | undefined) => [`${endpoint} ${model}`, endpoint, ` ${model}`, ''];

function grouped<Value>(values: Iterable<[string, Value]>): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const [key, value] of values) {
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

/** The endpoints of one trace. */
export class ReplayModel {
  /** Endpoints that answered nothing in the trace: they are modelled like all others together. */
  readonly unserved: readonly string[];
  /** By endpoint and model, by endpoint, by model, and all; there by kind and size of the answer. */
  readonly #samples = new Map<string, Map<number, Sample[]>>();
  readonly #moments = new Map<string, Moment[]>();
  /** Calls a minute, by endpoint and model, where somebody was refused for more. */
  readonly #limits: ReadonlyMap<string, number>;
  readonly #seed: number;

  constructor({ calls, endpoints }: Trace, seed: number) {
    this.#seed = seed;
    const passed: [string, number][] = [];
    const refused: [string, number][] = [];
    for (const call of calls)
      for (const attempt of call.attempts) {
        const at = call.at + attempt.begunAt;
        const key = `${attempt.endpoint} ${call.model}`;
        if (attempt.verdict === 'ok') this.#learn(attempt.endpoint, sampleOf(call, attempt));
        if (attempt.status === 429) refused.push([key, at]);
        else if (attempt.verdict === 'ok') passed.push([key, at]);
        const { verdict } = attempt;
        if (attempt.status === 429 || CALLERS.has(verdict) || NOBODYS.has(verdict)) continue;
        const moments = this.#moments.get(attempt.endpoint) ?? [];
        this.#moments.set(attempt.endpoint, moments);
        moments.push({ at, failed: verdict === 'ok' ? undefined : attempt });
      }
    for (const moments of this.#moments.values()) moments.sort((a, b) => a.at - b.at);
    this.unserved = endpoints.map(({ name }) => name).filter((name) => !this.#samples.has(name));
    this.#limits = limitsOf(grouped(passed), grouped(refused));
  }

  #learn(endpoint: string, sample: Sample): void {
    const { model } = sample.call;
    for (const key of keysOf(endpoint, model)) {
      const sizes = this.#samples.get(key) ?? new Map<number, Sample[]>();
      this.#samples.set(key, sizes);
      const size = sizeOf(sample.call);
      sizes
        .set(size, sizes.get(size) ?? [])
        .get(size)
        ?.push(sample);
    }
  }

  /** Calls a minute that an endpoint takes of a model; `undefined` = no limit showed. */
  limit(endpoint: string, model: string | undefined): number | undefined {
    return this.#limits.get(`${endpoint} ${model}`);
  }

  /** What becomes of an attempt. The same for the same call, endpoint and attempt, whatever else is replayed. */
  fate(call: TracedCall, place: number, endpoint: string, index: number, at: number): Fate {
    const own = call.attempts.find((each) => CALLERS.has(each.verdict));
    if (own) return { is: 'failed', after: own.ms, status: own.status ?? 400 };
    const name = [...endpoint].reduce((sum, letter) => seedOf(sum, letter.charCodeAt(0)), 0);
    const random = seeded(seedOf(seedOf(this.#seed, place), seedOf(name, index)));
    const failure = this.#failure(endpoint, at, random());
    if (failure?.verdict === 'timed-out') return { is: 'silent' };
    if (failure) return { is: 'failed', after: failure.ms, status: failure.status };
    const served = call.attempts.find((each) => each.verdict === 'ok' && each.endpoint === endpoint);
    const { first, rest } = served ? sampleOf(call, served) : this.#drawn(call, endpoint, random());
    return { is: 'served', first, rest };
  }

  #failure(endpoint: string, at: number, chance: number): TracedAttempt | undefined {
    const moments = this.#moments.get(endpoint) ?? [];
    let [low, high] = [0, moments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((moments[middle] as Moment).at < at) low = middle + 1;
      else high = middle;
    }
    const near = moments.slice(Math.max(0, low - AROUND / 2), low + AROUND / 2);
    const failed = near.flatMap((moment) => moment.failed ?? []);
    return chance * near.length < failed.length ? failed[Math.floor(chance * near.length)] : undefined;
  }

  #drawn(call: TracedCall, endpoint: string, chance: number): Pick<Sample, 'first' | 'rest'> {
    const found = keysOf(endpoint, call.model).flatMap((key) => this.#samples.get(key) ?? []);
    const [known] = found;
    if (!known) return { first: call.ms, rest: 0 };
    const size = sizeOf(call);
    const nearest = [...known.keys()].reduce((best, each) =>
      Math.abs(each - size) < Math.abs(best - size) ? each : best,
    );
    const alike = known.get(nearest) as Sample[];
    const { first, rest, call: other } = alike[Math.floor(chance * alike.length)] as Sample;
    const stretch = other.output > 0 && call.output > 0 ? call.output / other.output : 1;
    const by = Math.min(STRETCH, Math.max(1 / STRETCH, stretch));
    return { first, rest: rest * by };
  }
}

/** As many as passed in the minute before somebody was refused: the least of these counts. */
function limitsOf(
  passed: ReadonlyMap<string, readonly number[]>,
  refused: ReadonlyMap<string, readonly number[]>,
): Map<string, number> {
  const limits = new Map<string, number>();
  for (const [key, moments] of refused) {
    const all = [...(passed.get(key) ?? [])].sort((a, b) => a - b);
    let least = Number.POSITIVE_INFINITY;
    let [from, until] = [0, 0];
    for (const at of [...moments].sort((a, b) => a - b)) {
      while (until < all.length && (all[until] as number) <= at) until += 1;
      while (from < until && (all[from] as number) <= at - MINUTE) from += 1;
      least = Math.min(least, until - from);
    }
    limits.set(key, Math.max(1, least));
  }
  return limits;
}
