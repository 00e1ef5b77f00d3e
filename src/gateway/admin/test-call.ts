/** A real, small call, to see whether a model is served. It goes where calls of clients go and nowhere else: of what was sent, the model's name counts. */
import type { Decision } from '../../call/decision.ts';
import { JsonText } from '../../call/json-text.ts';
import type { AttemptReport } from '../../call/outcome.ts';
import { tokensOf } from '../../call/tokens.ts';
import { newCallId } from '../call/call-id.ts';
import { callRecord } from '../call/keep-call.ts';
import { factsOf } from '../http/api-error.ts';
import { shownAttempts, shownDecisions } from '../pools/shown-story.ts';
import { attemptsBehind, decisionsBehind, type Exchange, exchange } from '../port/port.ts';
import { destinationOf } from '../running/destination.ts';
import { costOf, priceOf } from '../usage/spending.ts';
import type { AdminSurroundings } from './route.ts';

const PATH = '/chat/completions';
/** Enough for a word; it costs next to nothing. */
const TOKENS = 16;
const PATIENCE = 60_000;
/** Of an endpoint's error. */
const LONGEST = 2_000;

/** What came of it. */
export interface TestResult {
  readonly ok: boolean;
  readonly status: number;
  readonly endpoint: string | null;
  readonly ms: number;
  readonly attempts: readonly AttemptReport[];
  readonly decisions: readonly Decision[];
  readonly error?: string;
}

/** What an endpoint said of its error. */
function messageIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } };
    if (typeof error?.message === 'string') return error.message.slice(0, LONGEST);
  } catch {
    // Then it is no JSON.
  }
  return text.slice(0, LONGEST);
}

/** Stands in the log as a test, and in no sum of what clients used. */
function writeDown(model: string, result: TestResult, { running, around: { clock, log, store } }: AdminSurroundings) {
  const { settings } = running();
  const { status, ms, attempts, decisions, endpoint } = result;
  const tokens = tokensOf(attempts);
  const price = tokens && priceOf(settings.prices, [attempts.at(-1)?.fallback ?? model, attempts.at(-1)?.model]);
  const cost = tokens && price && costOf(tokens, price);
  const id = newCallId();
  log.info(`test call POST /v1${PATH} ${status}`, {
    ms,
    model,
    endpoint: endpoint ?? undefined,
    attempts: attempts.length,
    id,
  });
  const facts = {
    ...{ id, ms, method: 'POST', path: PATH, model, status, attempts, decisions, tokens, cost },
    ...{ firstMs: undefined, key: undefined, code: undefined, stream: false, estimated: false, body: undefined },
    test: true as const,
  };
  store.calls.record(callRecord(facts, Math.round(clock.date() - ms), endpoint ?? undefined, settings.log));
}

/** Makes the call, and writes it down. Never rejects for what the call ended with. */
export async function testCall(model: string, admin: AdminSurroundings, signal: AbortSignal): Promise<TestResult> {
  const result = await resultOf(model, admin, signal);
  writeDown(model, result, admin);
  return result;
}

async function resultOf(
  model: string,
  { running, around: { clock } }: AdminSurroundings,
  signal: AbortSignal,
): Promise<TestResult> {
  const before = clock.now();
  const late = new AbortController();
  const cancel = clock.after(PATIENCE, () => late.abort());
  const body = { model, messages: [{ role: 'user', content: 'Say OK.' }], max_completion_tokens: TOKENS };
  const told = (facts: Omit<TestResult, 'ok' | 'endpoint' | 'ms'>): TestResult => {
    const attempts = shownAttempts(facts.attempts);
    const [endpoint = null] = attempts.slice(-1).map((last) => last.endpoint);
    const decisions = shownDecisions(facts.decisions);
    return { ok: facts.status < 400, ...facts, endpoint, attempts, decisions, ms: Math.round(clock.now() - before) };
  };
  try {
    const to = destinationOf({ model, path: PATH, key: undefined }, running());
    const call: Exchange = {
      ...{
        method: 'post',
        path: PATH,
        query: undefined,
        signal: AbortSignal.any([signal, late.signal]),
        asked: to.model,
      },
      headers: new Headers({ 'content-type': 'application/json', accept: 'application/json' }),
      body: JsonText.read(Buffer.from(JSON.stringify(body))),
      ...(to.model !== undefined && to.model !== model && { model: to.model }),
      ...(to.endpoint !== undefined && { endpoint: to.endpoint }),
    };
    const reply = await exchange(to.pool.client, call);
    const text = await new Response(reply.body).text();
    const facts = { status: reply.status, attempts: reply.attempts(), decisions: reply.decisions() };
    return told({ ...facts, ...(reply.status >= 400 && { error: messageIn(text) }) });
  } catch (error) {
    const { status, message } = factsOf(error);
    const error_ = late.signal.aborted ? `There was no answer within ${PATIENCE / 1_000} s.` : message;
    return told({ status, attempts: attemptsBehind(error), decisions: decisionsBehind(error), error: error_ });
  } finally {
    cancel();
  }
}
