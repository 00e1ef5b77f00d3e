/** What the charts draw, made from the seconds of `/admin/live`. Pure. */
import type { Second } from './shapes.ts';

/** Seconds kept, the oldest first. */
export const KEPT = 600;

/** What uPlot draws: times, then the values of each line. */
export type Lines = [number[], ...(number | null)[][]];

/** Adds what came anew; a second that was told before is replaced, since it was not over then. */
export function merge(kept: readonly Second[], fresh: readonly Second[]): readonly Second[] {
  if (fresh.length === 0) return kept;
  const byTime = new Map(kept.map((second) => [second.t, second]));
  for (const second of fresh) byTime.set(second.t, second);
  return [...byTime.values()].sort((a, b) => a.t - b.t).slice(-KEPT);
}

/** The times of the window that ends with `last`, in seconds. */
function timesOf(last: number, length: number): number[] {
  return Array.from({ length }, (_, index) => last - length + 1 + index);
}

/** Every second of the window, those without calls too. */
function windowOf(seconds: readonly Second[], last: number, length: number): [number[], (Second | undefined)[]] {
  const byTime = new Map(seconds.map((second) => [second.t, second]));
  const times = timesOf(last, length);
  return [times, times.map((time) => byTime.get(time))];
}

/** Calls and failures of each second. */
export function callLines(seconds: readonly Second[], last: number, length: number): Lines {
  const [times, found] = windowOf(seconds, last, length);
  return [times, found.map((each) => each?.calls ?? 0), found.map((each) => each?.failed ?? 0)];
}

/** Time to the first token, p50 and p95; a second without streams is a gap. */
export function firstTokenLines(seconds: readonly Second[], last: number, length: number): Lines {
  const [times, found] = windowOf(seconds, last, length);
  return [times, found.map((each) => each?.ttft.p50 ?? null), found.map((each) => each?.ttft.p95 ?? null)];
}

/** Calls by endpoint over a span. */
export function callsByEndpoint(seconds: readonly Second[], last: number, length: number): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { t, byEndpoint } of seconds)
    if (t > last - length && t <= last)
      for (const [name, calls] of Object.entries(byEndpoint)) sums.set(name, (sums.get(name) ?? 0) + calls);
  return sums;
}

/** Endpoints told apart in one chart, as many as there are colours. */
export const TOLD = 8;
/** Stands for the rest of them; no endpoint has such a name. */
export const OTHERS = '$others';

/**
 * Gathers all but the busiest endpoints under one name, where there are more than a chart can tell apart.
 * @param calls of each in the span.
 * @returns the seconds, and the names that stand in them.
 */
export function gathered(
  seconds: readonly Second[],
  names: readonly string[],
  calls: ReadonlyMap<string, number>,
): readonly [seconds: readonly Second[], names: readonly string[]] {
  if (names.length <= TOLD) return [seconds, names];
  const of = (name: string) => calls.get(name) ?? 0;
  const busiest = new Set([...names].sort((a, b) => of(b) - of(a)).slice(0, TOLD - 1));
  const told = seconds.map((second) => {
    const byEndpoint: Record<string, number> = {};
    for (const [name, number] of Object.entries(second.byEndpoint)) {
      const under = busiest.has(name) ? name : OTHERS;
      byEndpoint[under] = (byEndpoint[under] ?? 0) + number;
    }
    return { ...second, byEndpoint };
  });
  return [told, [...names.filter((name) => busiest.has(name)), OTHERS]];
}

/** Width of a step of the share chart, in seconds. */
export const SHARE_STEP = 5;

/**
 * Who served how much of the calls, in steps, stacked: the line of an endpoint is the sum of the shares up to its own, so that the
 * last one is at 1. A step without calls is a gap.
 */
export function shareLines(seconds: readonly Second[], names: readonly string[], last: number, length: number): Lines {
  const end = Math.floor(last / SHARE_STEP) * SHARE_STEP;
  const steps = Math.floor(length / SHARE_STEP);
  const times = Array.from({ length: steps }, (_, index) => end - (steps - 1 - index) * SHARE_STEP);
  const sums = times.map((time) => callsByEndpoint(seconds, time, SHARE_STEP));
  const totals = sums.map((sum) => names.reduce((total, name) => total + (sum.get(name) ?? 0), 0));
  let below: number[] = times.map(() => 0);
  const lines = names.map((name) => {
    below = below.map((value, index) => value + (sums[index]?.get(name) ?? 0));
    return below.map((value, index) => {
      const total = totals[index] ?? 0;
      return total === 0 ? null : value / total;
    });
  });
  return [times, ...lines];
}

/** The figures of the tiles. */
export interface Figures {
  readonly perSecond: number;
  /** Share of the calls that did not fail, those left out that failed by their caller's own fault; `null` without calls. */
  readonly success: number | null;
  /** Those that failed by their caller's own fault. */
  readonly callerErrors: number;
  readonly p50: number | null;
  readonly p95: number | null;
}

/** The value that half of the weight lies below. */
function weightedMedian(values: readonly (readonly [value: number, weight: number])[]): number | null {
  const sorted = [...values].sort((a, b) => a[0] - b[0]);
  const half = sorted.reduce((sum, [, weight]) => sum + weight, 0) / 2;
  let sum = 0;
  for (const [value, weight] of sorted) {
    sum += weight;
    if (sum >= half) return value;
  }
  return null;
}

/** Figures of the last `length` whole seconds. p50 and p95 are those of a typical second, busy ones counting more. */
export function figuresOf(seconds: readonly Second[], last: number, length: number): Figures {
  const recent = seconds.filter(({ t }) => t > last - length && t <= last);
  const calls = recent.reduce((sum, each) => sum + each.calls, 0);
  const failed = recent.reduce((sum, each) => sum + each.failed, 0);
  const callerErrors = recent.reduce((sum, each) => sum + each.callerErrors, 0);
  const judged = calls - callerErrors;
  const typical = (which: 'p50' | 'p95') =>
    weightedMedian(
      recent.flatMap(({ ttft, calls: weight }) => (ttft[which] === null ? [] : [[ttft[which], weight] as const])),
    );
  return {
    perSecond: calls / length,
    success: judged === 0 ? null : (judged - failed) / judged,
    callerErrors,
    p50: typical('p50'),
    p95: typical('p95'),
  };
}
