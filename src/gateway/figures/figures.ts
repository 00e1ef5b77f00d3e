/** What happened, in numbers: counted here, shown by `/metrics` and `/stats`. Labels are names of the configuration only, so that no caller can make more of them. */
import type { Tokens } from '../../call/tokens.ts';
import type { BalancerEvent, EventName } from '../../observe/events.ts';
import { firstTokens, TokenCounts } from '../../prometheus/call-counts.ts';
import { countedEvents, durations, EventCounts } from '../../prometheus/counted.ts';
import { Histogram, Tally } from '../../prometheus/tally.ts';
import { endpointNamed } from '../pools/pools.ts';
import type { Fault } from '../usage/whose-fault.ts';

/** What the figures and the lines of the log are made of. */
export const heardEvents: readonly EventName[] = [...countedEvents, 'endpoint-restored'];

/** One call that is over. */
export interface CallFigures {
  /** The public name asked for, when the configuration has it; else `other`. */
  readonly model: string;
  readonly status: number;
  readonly fault: Fault;
  readonly ms: number;
  /** Until the first piece of a stream. */
  readonly firstMs: number | undefined;
  readonly tokens: Tokens | undefined;
}

/** The figures of a gateway since its start. */
export class Figures {
  /** What happened in its pools. */
  readonly events = new EventCounts(endpointNamed);
  readonly calls = new Tally(['model', 'status']);
  readonly refused = new Tally(['code']);
  /** Calls that failed, by whose fault. */
  readonly failed = new Tally(['by']);
  readonly tokens = new TokenCounts();
  readonly duration = new Histogram(durations);
  readonly firstToken = new Histogram(firstTokens, ['model']);
  running = 0;

  /** An event of any pool. */
  readonly observe = (event: BalancerEvent): void => this.events.observe(event);

  /** A call that the gateway refused itself. */
  refuse(code: string): void {
    this.refused.add(code);
  }

  /** A call that is over. */
  done({ model, status, fault, ms, firstMs, tokens }: CallFigures): void {
    this.calls.add(`${model}\n${status}`);
    if (fault !== 'nobodys') this.failed.add(fault === 'callers' ? 'caller' : 'gateway');
    this.duration.add(ms / 1_000);
    if (firstMs !== undefined) this.firstToken.add(firstMs / 1_000, model);
    if (tokens) this.tokens.add(model, tokens);
  }

  /** How often calls moved on, and waited. */
  get moves(): { failovers: number; waits: number } {
    return { failovers: this.events.failovers.total, waits: this.events.waits.total };
  }

  /** How many calls ended well, and how many did not: by the gateway's or an endpoint's fault, and by their caller's own. */
  get outcome(): { calls: number; ok: number; failed: number; callerErrors: number } {
    const calls = this.calls.total;
    const callerErrors = this.failed.rows.find(({ labels }) => labels.by === 'caller')?.value ?? 0;
    const failed = this.failed.total - callerErrors;
    return { calls, ok: calls - failed - callerErrors, failed, callerErrors };
  }
}
