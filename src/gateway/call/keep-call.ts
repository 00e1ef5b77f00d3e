/** What the store is told of a call that is over. */
import { JsonText } from '../../call/json-text.ts';
import type { GatewaySettings } from '../config/settings.ts';
import { shownAttempts, shownDecisions } from '../pools/shown-story.ts';
import type { CallRecord } from '../store/call-record.ts';

/** Bytes kept of a body. */
const MOST_OF_BODY = 16 * 1_024;
const LONGEST_NAME = 256;
const LONGEST_PATH = 512;

/** Facts of a call that are longer than what is kept of them. */
export interface CallFacts extends Omit<CallRecord, 'body' | 'path'> {
  /** Below `/v1`. */
  readonly path: string;
  /** As it was read. */
  readonly body: unknown;
}

/** A surrogate cut off from its other half is no text. */
const cut = (text: string, most: number): string =>
  text.length <= most ? text : text.slice(0, most).replace(/[\ud800-\udbff]$/, '');

function bodyKept(body: unknown, status: number, bodies: GatewaySettings['log']['bodies']): string | undefined {
  if (bodies === 'off' || (bodies === 'errors' && status < 400) || !(body instanceof JsonText)) return undefined;
  return cut(body.text, MOST_OF_BODY);
}

/** The record of a call, as much as `log` says. */
export function callRecord(
  facts: Omit<CallFacts, 'at' | 'endpoint'>,
  at: number,
  endpoint: string | undefined,
  log: GatewaySettings['log'],
): CallRecord {
  const { id, ms, firstMs, method, path, model, key, status, code, stream, tokens, estimated, cost, test, body } =
    facts;
  // One by one: to copy all of them but a few costs more than everything else here.
  return {
    id,
    at,
    ms,
    firstMs,
    method,
    path: cut(`/v1${path}`, LONGEST_PATH),
    model: model === undefined ? undefined : cut(model, LONGEST_NAME),
    key,
    status,
    code,
    stream,
    endpoint,
    tokens,
    estimated,
    cost,
    attempts: shownAttempts(facts.attempts),
    decisions: shownDecisions(facts.decisions),
    test,
    body: bodyKept(body, status, log.bodies),
  };
}
