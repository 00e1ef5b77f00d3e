// Calls as `recordDecisions` wrote them down, or as `GET /admin/log` of a gateway tells them: what can be replayed. What is
// wrong with a file is said with the number of the line.
import type { CandidateFigures } from '../../src/index.ts';

/** One attempt. Times in ms. */
export interface TracedAttempt {
  readonly endpoint: string;
  readonly verdict: string;
  readonly status: number | undefined;
  /** From the call's start. */
  readonly begunAt: number;
  readonly ms: number;
  readonly firstMs: number | undefined;
}

/** One call. */
export interface TracedCall {
  /** Since the first call of the trace. */
  readonly at: number;
  readonly ms: number;
  readonly model: string | undefined;
  readonly stream: boolean;
  readonly ok: boolean;
  /** The endpoint that it was bound to. */
  readonly pin: string | undefined;
  /** A hash of its prompt's beginning, where `prompt-cache` recorded it. */
  readonly prefix: number | undefined;
  /** In tokens; 0 = nothing is known. */
  readonly input: number;
  readonly output: number;
  readonly attempts: readonly TracedAttempt[];
}

/** An endpoint of the pool, as far as decisions tell. */
export interface TracedEndpoint {
  readonly name: string;
  readonly weight: number;
  readonly priority: number;
  /** Those it may be asked for; `undefined` = any. */
  readonly models: readonly string[] | undefined;
}

/** A trace. */
export interface Trace {
  /** In the order in which they began. */
  readonly calls: readonly TracedCall[];
  readonly endpoints: readonly TracedEndpoint[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

/** What is wrong with a trace. */
export class TraceError extends Error {}

interface Row {
  readonly at: number;
  readonly ms: number;
  readonly model?: string;
  readonly stream: boolean;
  readonly ok?: boolean;
  readonly status?: number;
  readonly firstMs?: number;
  readonly tokens?: { readonly input: number; readonly output: number };
  readonly attempts: readonly {
    readonly endpoint: string;
    readonly verdict: string;
    readonly status?: number;
    readonly ms: number;
    readonly tokens?: { readonly input: number; readonly output: number };
  }[];
  readonly decisions: readonly {
    readonly ms: number;
    readonly eligible: readonly string[];
    readonly excluded: readonly { readonly endpoint: string; readonly reason: string }[];
    readonly picked?: string;
    readonly reason?: string;
    readonly figures?: readonly CandidateFigures[];
    readonly basis?: { readonly prefix?: number };
  }[];
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0;
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** What keeps a value from being a call; `undefined` = nothing. */
function oddity(value: unknown): string | undefined {
  if (!isObject(value)) return 'is no JSON object';
  if (value.v !== undefined && value.v !== 1)
    return `has version ${JSON.stringify(value.v)}; this simulator reads version 1`;
  if (!isNumber(value.at) || !isNumber(value.ms)) return 'is no recorded call: it lacks at or ms';
  if (!Array.isArray(value.attempts) || !Array.isArray(value.decisions))
    return 'is no recorded call: it lacks attempts or decisions';
  const attempts = value.attempts as unknown[];
  if (!attempts.every((each) => isObject(each) && typeof each.endpoint === 'string' && isNumber(each.ms)))
    return 'has an attempt without endpoint or ms';
  const decisions = value.decisions as unknown[];
  if (
    !decisions.every(
      (each) => isObject(each) && isNumber(each.ms) && Array.isArray(each.eligible) && Array.isArray(each.excluded),
    )
  )
    return 'has a decision without ms, eligible or excluded';
  return undefined;
}

function callOf(row: Row, start: number): TracedCall {
  const free = row.decisions.filter(({ picked }) => picked !== undefined);
  const attempts = row.attempts.map(({ endpoint, verdict, status, ms }): TracedAttempt => {
    const at = free.findIndex(({ picked }) => picked === endpoint);
    const [decision] = at < 0 ? [] : free.splice(at, 1);
    return { endpoint, verdict, status, begunAt: decision?.ms ?? 0, ms, firstMs: undefined };
  });
  const served = row.attempts.findLast(({ verdict }) => verdict === 'ok');
  const { input = 0, output = 0 } = served?.tokens ?? row.tokens ?? {};
  const last = attempts.at(-1);
  // It is told of the call; the attempt that counted stands last.
  if (last && isNumber(row.firstMs))
    attempts[attempts.length - 1] = { ...last, firstMs: Math.max(0, row.firstMs - last.begunAt) };
  const bound = row.decisions.find(({ reason }) => reason === 'pinned' || reason === 'bound');
  return {
    ...{ at: row.at - start, ms: row.ms, model: row.model, stream: row.stream === true, input, output, attempts },
    ok: row.ok ?? (row.status ?? 200) < 400,
    pin: bound?.picked,
    prefix: row.decisions.find(({ basis }) => basis?.prefix !== undefined)?.basis?.prefix,
  };
}

function endpointsOf(rows: readonly Row[]): TracedEndpoint[] {
  const figures = new Map<string, { weight: number; priority: number }>();
  const models = new Map<string, Set<string>>();
  const narrow = new Set<string>();
  for (const { model, decisions, attempts } of rows) {
    const serves = (name: string) => models.set(name, (models.get(name) ?? new Set()).add(model ?? ''));
    for (const { eligible, excluded, figures: seen = [] } of decisions) {
      for (const name of eligible) serves(name);
      for (const { endpoint, weight, priority } of seen) figures.set(endpoint, { weight, priority });
      for (const { endpoint, reason } of excluded) if (reason.startsWith('has no model')) narrow.add(endpoint);
    }
    for (const { endpoint } of attempts) serves(endpoint);
  }
  return [...models].map(([name, seen], place) => ({
    name,
    ...(figures.get(name) ?? { weight: 1, priority: place }),
    models: narrow.has(name) ? [...seen].filter((model) => model !== '') : undefined,
  }));
}

function* linesOf(text: string, file: string): Generator<{ place: string; value: unknown; isLast: boolean }> {
  // A page of the gateway's log is one object, however it is laid out.
  if (/^\s*\{\s*"(calls|next)"/.test(text)) {
    let page: unknown;
    try {
      page = JSON.parse(text);
    } catch {
      // One page to a line, then.
    }
    if (isObject(page) && Array.isArray(page.calls)) {
      for (const [index, value] of (page.calls as unknown[]).entries())
        yield { place: `${file}: calls[${index}]`, value, isLast: false };
      return;
    }
  }
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const place = `${file}:${index + 1}`;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      yield { place, value: undefined, isLast: index === lines.length - 1 };
      continue;
    }
    if (isObject(value) && Array.isArray(value.calls))
      for (const each of value.calls as unknown[]) yield { place, value: each, isLast: false };
    else yield { place, value, isLast: false };
  }
}

/**
 * Reads a trace.
 * @param file its name, for what is said of it.
 * @throws TraceError for a file of something else.
 */
export function readTrace(text: string, file: string): Trace {
  const rows: Row[] = [];
  const notes: string[] = [];
  for (const { place, value } of linesOf(text, file)) {
    if (value === undefined) {
      notes.push(`${place} was cut or is no JSON; left out.`);
      continue;
    }
    const odd = oddity(value);
    if (odd) throw new TraceError(`${place} ${odd}.`);
    const row = value as unknown as Row;
    if (row.attempts.length === 0) notes.push(`${place} reached no endpoint; left out.`);
    else rows.push(row);
  }
  if (rows.length === 0)
    throw new TraceError(
      `${file} holds no recorded call. recordDecisions('${file}') writes them${notes[0] ? `; ${notes[0]}` : '.'}`,
    );
  rows.sort((a, b) => a.at - b.at);
  const start = (rows[0] as Row).at;
  return { calls: rows.map((row) => callOf(row, start)), endpoints: endpointsOf(rows), notes };
}
