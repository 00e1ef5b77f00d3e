/** What happened, in numbers: counted here, shown by `/metrics` and `/stats`. Labels are names of the configuration only, so that no caller can make more of them. */
import type { Tokens } from '../../call/tokens.ts';
import type { BalancerEvent } from '../../observe/events.ts';
import { endpointNamed } from '../pools/pools.ts';

/** Upper bounds in seconds. */
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const;

/** Counts by range. */
export class Histogram {
  readonly counts: number[] = new Array<number>(BOUNDS.length + 1).fill(0);
  sum = 0;
  total = 0;

  /** Notes one value in seconds. */
  add(seconds: number): void {
    const at = BOUNDS.findIndex((bound) => seconds <= bound);
    const place = at < 0 ? BOUNDS.length : at;
    this.counts[place] = (this.counts[place] as number) + 1;
    this.sum += seconds;
    this.total += 1;
  }

  /** Each bound with how many were not above it. */
  get rows(): readonly (readonly [bound: string, count: number])[] {
    let sum = 0;
    return this.counts.map((count, index) => {
      sum += count;
      return [index < BOUNDS.length ? String(BOUNDS[index]) : '+Inf', sum] as const;
    });
  }
}

/** One call that is over. */
export interface CallFigures {
  /** The public name asked for, when the configuration has it; else `other`. */
  readonly model: string;
  readonly status: number;
  readonly ms: number;
  readonly tokens: Tokens | undefined;
}

/** Counters by labels, each a list of values joined by a line break. */
type Counts = Map<string, number>;

const count = (counts: Counts, labels: string, by = 1) => void counts.set(labels, (counts.get(labels) ?? 0) + by);

/** The figures of a gateway since its start. */
export class Figures {
  readonly calls: Counts = new Map();
  readonly attempts: Counts = new Map();
  readonly tokens: Counts = new Map();
  readonly refused: Counts = new Map();
  readonly duration = new Histogram();
  failovers = 0;
  waits = 0;
  running = 0;

  /** An event of any pool. */
  readonly observe = (event: BalancerEvent): void => {
    if (event.type === 'attempt-end') count(this.attempts, `${endpointNamed(event.endpoint)}\n${event.verdict}`);
    else if (event.type === 'failover-start') this.failovers += 1;
    else if (event.type === 'call-waiting') this.waits += 1;
  };

  /** A call that the gateway refused itself. */
  refuse(code: string): void {
    count(this.refused, code);
  }

  /** A call that is over. */
  done({ model, status, ms, tokens }: CallFigures): void {
    count(this.calls, `${model}\n${status}`);
    this.duration.add(ms / 1_000);
    if (!tokens) return;
    count(this.tokens, `${model}\ninput`, tokens.input);
    count(this.tokens, `${model}\noutput`, tokens.output);
  }

  /** How many calls ended well, and how many did not. */
  get outcome(): { calls: number; ok: number; failed: number } {
    let [calls, failed] = [0, 0];
    for (const [key, number] of this.calls) {
      calls += number;
      if (Number(key.split('\n')[1]) >= 400) failed += number;
    }
    return { calls, ok: calls - failed, failed };
  }
}
