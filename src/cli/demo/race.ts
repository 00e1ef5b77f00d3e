/**
 * The two runs side by side: opens a stage for each, lets both make the same calls at the same time under the same script,
 * and reports to a view. No output of its own.
 */
import { setMaxListeners } from 'node:events';
import { demoCalls } from './calls.ts';
import { outageAt, weather } from './outages.ts';
import { plainSide, pooledSide, run, type Side } from './side.ts';
import { type OpenStage, openStage, type Stage } from './stage.ts';

/** What a view may look at, at any time. */
export interface Race {
  readonly total: number;
  readonly concurrency: number;
  readonly plain: Side;
  readonly pooled: Side;
  /** Since the first call, in ms. */
  elapsed(): number;
  /** What is broken now, in words. */
  weather(): string;
  /** The endpoint that was killed by hand. */
  killed(): string | undefined;
  /** What happened in the pool lately, the newest last. */
  readonly news: readonly { readonly at: number; readonly what: string }[];
}

/** Why a race ended early: the viewer had seen enough, or the process was told to end. */
export type Stop = 'quit' | 'interrupted';

/** How a viewer meddles. */
export interface Controls {
  /** Shuts down the endpoint that the plain SDK uses, in both runs. */
  kill(): void;
  /** Ends both runs now. */
  stop(how: Stop): void;
}

/** Shows a race. */
export interface View {
  begin(race: Race, controls: Controls): void;
  /** A call of this side is over. */
  progress(side: Side): void;
  /** Both runs are over. */
  end(): void;
}

/** What can be told a race; all but the view has defaults. */
export interface RaceOptions {
  readonly view: View;
  readonly calls?: number;
  readonly concurrency?: number;
  readonly open?: OpenStage;
}

/** Runs the race to its end. Everything it started is stopped when it resolves. */
export async function race(options: RaceOptions): Promise<{ readonly race: Race; readonly stopped: Stop | undefined }> {
  const { view, calls: total = 300, concurrency = 16, open = openStage } = options;
  let began = performance.now();
  const elapsed = () => performance.now() - began;
  const fault = (endpoint: string) => {
    const outage = outageAt(elapsed());
    return outage?.endpoint === endpoint ? outage.fault : undefined;
  };
  const stages: Stage[] = [];
  const sides: Side[] = [];
  const stopping = new AbortController();
  // Every call under way listens to it, which Node 20 takes for a leak.
  setMaxListeners(0, stopping.signal);
  try {
    const plainStage = stages[stages.push(await open(fault)) - 1] as Stage;
    const poolStage = stages[stages.push(await open(fault)) - 1] as Stage;
    const news: { at: number; what: string }[] = [];
    const plain = plainSide(plainStage);
    const pooled = pooledSide(poolStage, (what) => news.push({ at: elapsed(), what }));
    sides.push(plain, pooled);
    let killed: string | undefined;
    const now: Race = {
      ...{ total, concurrency, plain, pooled, elapsed, news },
      weather: () => weather(elapsed(), killed),
      killed: () => killed,
    };
    const kill = () => {
      if (killed !== undefined) return;
      killed = plainStage.plainOn;
      for (const stage of stages) stage.kill(killed);
    };
    const calls = demoCalls(total);
    began = performance.now();
    view.begin(now, { kill, stop: (how) => stopping.abort(how) });
    try {
      await Promise.all(sides.map((side) => run(side, calls, concurrency, stopping.signal, () => view.progress(side))));
    } finally {
      view.end();
    }
    return { race: now, stopped: stopping.signal.reason as Stop | undefined };
  } finally {
    await Promise.all(sides.map((side) => side.close()));
    await Promise.all(stages.map((stage) => stage.close()));
  }
}
