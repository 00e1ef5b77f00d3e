/** What the SDK hands on although it is no answer: HTML with a 200, an empty body, an error object. Pure. */
import type { Call } from '../call/call.ts';
import { badReplyError, embeddedError } from '../errors.ts';

/** Operations whose POST always answers with a JSON object of their own. */
const ANSWERS = new Set(['chat', 'completions', 'responses', 'embeddings', 'moderations', 'images']);

type Loose = Record<string, unknown>;

function jsonOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function isEmptyAnswer(choice: Loose | undefined): boolean {
  const message = choice?.message as Loose | undefined;
  if (choice?.finish_reason) return false;
  // No choice at all is no answer; a choice of another shape is not ours to judge.
  if (!message) return choice === undefined;
  return Object.entries(message).every(
    ([field, value]) =>
      field === 'role' || value === null || value === '' || (Array.isArray(value) && value.length === 0),
  );
}

const emptyReply = () => badReplyError('The reply is empty although its status says success.');

/**
 * The reply as the caller shall get it.
 * @throws a connection error of the SDK when it is no answer at all, an `APIError` when it is an error object.
 */
export function checkReply(call: Call, data: unknown, headers: Headers): unknown {
  const { operation, method } = call;
  const answers = method === 'post' && ANSWERS.has(operation.name) && operation.ids.length === 0;
  if (!answers) {
    // Whatever is read has a body; the SDK's pages would break on nothing.
    if (method === 'get' && operation.json && (data === undefined || data === null)) throw emptyReply();
    if ((operation.json || operation.stream !== 'other') && isError(data)) throw embeddedError(data.error, headers);
    // A router page instead of JSON is never what was asked for; everything else is handed on as the SDK does.
    return typeof data === 'string' && operation.json ? (jsonOf(data) ?? htmlOr(data)) : data;
  }
  let value = data;
  if (typeof value === 'string') {
    value = jsonOf(value);
    if (value === undefined)
      throw badReplyError(
        'The reply is not JSON although its status says success; a proxy or portal may have answered.',
      );
  }
  if (value === undefined || value === null) throw emptyReply();
  if (typeof value !== 'object') return value;
  // Some vendors put an error into a list.
  const record = (Array.isArray(value) ? (value[0] ?? {}) : value) as Loose;
  const { error } = record;
  if (error && record.id === undefined && record.object === undefined && !record.choices) {
    throw embeddedError(typeof error === 'object' ? error : { message: String(error) }, headers);
  }
  // As older servers of open models say it.
  if (record.object === 'error') throw embeddedError(record, headers);
  const choices = record.choices;
  if (Array.isArray(choices)) {
    const first = choices[0] as Loose | undefined;
    if (first?.finish_reason === 'error')
      throw embeddedError((first.error as object | undefined) ?? { message: "finish_reason 'error'" }, headers);
    if (operation.name === 'chat' && isEmptyAnswer(first))
      throw badReplyError('The answer is empty and says no reason why.');
  }
  return value;
}

/** What an object may say that is an error and nothing else, as OpenAI and Anthropic write it. */
const ERROR_FIELDS = new Set(['error', 'type', 'request_id']);

function isError(data: unknown): data is { error: object } {
  if (typeof data !== 'object' || data === null || !('error' in data)) return false;
  const { error, type = 'error' } = data as Loose;
  return (
    typeof (error as Loose | null)?.message === 'string' &&
    type === 'error' &&
    Object.keys(data).every((field) => ERROR_FIELDS.has(field))
  );
}

function htmlOr(text: string): string {
  if (/^\s*<(!doctype|html)/i.test(text))
    throw badReplyError('The reply is a web page instead of JSON; a proxy or portal may have answered.');
  return text;
}

/** True for an answer that ended at a content filter: every choice of a chat, or a response that is incomplete for that. */
export function isFiltered(data: unknown): data is object {
  if (typeof data !== 'object' || data === null) return false;
  const { choices, incomplete_details: incomplete } = data as { choices?: unknown; incomplete_details?: Loose | null };
  if (Array.isArray(choices) && choices.length > 0)
    return choices.every((choice: Loose | null) => choice?.finish_reason === 'content_filter');
  return incomplete?.reason === 'content_filter';
}
