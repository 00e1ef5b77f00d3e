/** The loop of the bench: so many calls under way at a time, until there were enough or the time is over. */
import { type CallResult, oneCall } from './one-call.ts';
import { type Figures, Tally } from './tally.ts';
import type { Target } from './target.ts';

/** How much. */
export interface Load {
  readonly body: string;
  readonly stream: boolean;
  readonly concurrency: number;
  /** No more calls than that. */
  readonly calls: number;
  /** No call begins later than that, ms. */
  readonly duration: number;
}

/** How far it is, at any time. */
export interface UnderWay {
  readonly calls: number;
  readonly failed: number;
  /** Of what is to be done, 0 to 1. */
  readonly share: number;
}

/** A run that can be watched and stopped. */
export interface Run {
  readonly now: () => UnderWay;
  /** Ends it; what is under way is not counted. */
  stop(): void;
  readonly over: Promise<Figures>;
}

/** Begins. */
export function runLoad(target: Target, { body, stream, concurrency, calls, duration }: Load): Run {
  const tally = new Tally();
  const stopped = new AbortController();
  const begun = performance.now();
  const elapsed = () => performance.now() - begun;
  let left = calls;
  const line = async () => {
    while (left > 0 && elapsed() < duration && !stopped.signal.aborted) {
      left -= 1;
      const result: CallResult | undefined = await oneCall(target, { body, stream }, stopped.signal);
      if (result) tally.add(result);
    }
  };
  const all = async () => {
    await Promise.all(Array.from({ length: Math.min(concurrency, calls) }, line));
    return tally.figures(elapsed());
  };
  return {
    now: () => ({
      ...{ calls: tally.calls, failed: tally.failed },
      share: Math.min(1, Math.max(tally.calls / calls, elapsed() / duration)),
    }),
    stop: () => stopped.abort(),
    over: all(),
  };
}
