/**
 * Writes down how calls went and why, a line of JSON for each: an observer for `npm run simulate -- --trace`, or for whoever
 * counts. Nothing of it can hold up a call or fail one: lines wait in a bounded buffer, and what finds no place is counted.
 */
import type { Decision } from '../call/decision.ts';
import type { AttemptReport } from '../call/outcome.ts';
import { type Tokens, tokensOf } from '../call/tokens.ts';
import type { BalancerEvent, BalancerEvents } from './events.ts';
import { LineFile } from './line-file.ts';

/** An attempt as it is written down. */
export interface RecordedAttempt extends Omit<AttemptReport, 'usage'> {
  /** As the endpoint told them. */
  tokens?: Tokens;
}

/** One line: a call that is over. No key, and nothing of the prompt or the answer. */
export interface RecordedCall {
  /** Version of this form. */
  v: 1;
  id: string;
  /** When it began, in ms since 1970, and how long it took, a stream up to its end. */
  at: number;
  ms: number;
  operation: string;
  model?: string;
  stream: boolean;
  ok: boolean;
  /** Until the first content of a stream. */
  firstMs?: number;
  attempts: RecordedAttempt[];
  decisions: readonly Decision[];
}

/** Settings of a recorder. */
export interface RecordOptions {
  /** A file that would grow beyond so many bytes becomes `<file>.1`, and a new one is begun. @default 64 MiB */
  readonly maxBytes?: number;
  /** How many older files are kept. @default 1 */
  readonly keep?: number;
}

/** Whatever takes lines. */
export interface LineTarget {
  write(text: string): unknown;
  close?(): Promise<void>;
}

/** A recorder, to be handed to `observers` or `balancer.on('*', …)`. */
export interface DecisionRecorder {
  (event: BalancerEvent): void;
  /** Lines that found no place: the disk was full or slow, or the target threw. */
  readonly lost: number;
  /** Writes what is left. The recorder takes nothing more. */
  close(): Promise<void>;
}

const LONGEST_NAME = 256;

const rounded = (ms: number) => Math.round(ms * 10) / 10;

function recorded(report: AttemptReport): RecordedAttempt {
  const { usage: _, ...rest } = report;
  const tokens = tokensOf([report]);
  return { ...rest, ms: rounded(report.ms), ...(tokens && { tokens }) };
}

function callOf(end: BalancerEvents['call-end']): RecordedCall {
  const { callId: id, at, ms, operation, model, stream, ok, firstMs, attempts, decisions } = end;
  return {
    ...{ v: 1, id, at: rounded(at - ms), ms: rounded(ms), operation },
    ...(model !== undefined && { model: model.slice(0, LONGEST_NAME) }),
    ...{ stream, ok },
    ...(firstMs !== undefined && { firstMs: rounded(firstMs) }),
    ...{ attempts: attempts.map(recorded), decisions },
  };
}

/**
 * Makes an observer that writes a line of JSON for each call that is over.
 * @param target a file to append to, made with mode 0600, or whatever has `write(text)`, such as a stream.
 * @example const recorder = recordDecisions('calls.jsonl'); new LoadBalancedOpenAI(endpoints, { observers: [recorder] });
 */
export function recordDecisions(target: string | LineTarget, options: RecordOptions = {}): DecisionRecorder {
  const lines: LineTarget & { readonly lost?: number } =
    typeof target === 'string' ? new LineFile(target, options) : target;
  let lost = 0;
  let closed = false;
  const fail = () => {
    lost += 1;
  };
  const write = (text: string) => {
    try {
      const written = lines.write(text);
      // Unheard, its rejection would end the process.
      if (written instanceof Promise) written.catch(fail);
    } catch {
      fail();
    }
  };
  let last: BalancerEvent | undefined;
  const recorder = (event: BalancerEvent) => {
    // Who adds it twice, to a client and its clone or by two names, still made one call.
    if (closed || event.type !== 'call-end' || event === last) return;
    last = event;
    write(`${JSON.stringify(callOf(event))}\n`);
  };
  const close = async () => {
    closed = true;
    if (typeof target === 'string') await lines.close?.();
  };
  return Object.defineProperties(recorder, {
    lost: { get: () => lost + (lines.lost ?? 0) },
    close: { value: close },
  }) as unknown as DecisionRecorder;
}
