/** What the events of a stream mean: preamble, content, the end. Pure tables by kind of stream. */
import type { StreamKind } from './operations.ts';

/** What one event is. `preamble` may be dropped with the attempt that died; `bad` is an end that is a failure. */
export type EventMeaning = 'preamble' | 'content' | 'end' | 'bad';

type Loose = Record<string, unknown>;
const filled = (value: unknown) =>
  Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== '';
const CONTENT_FIELDS = [
  'content',
  'refusal',
  'tool_calls',
  'function_call',
  'audio',
  'reasoning',
  'reasoning_content',
  'reasoning_details',
];

/** Events of another shape than documented are handed on as they come, unless they are errors in the words of some vendors. */
function withoutChoices(event: Loose): EventMeaning {
  const isError = event.object === 'error' || (Array.isArray(event) && event[0]?.error);
  return isError ? 'bad' : 'content';
}

function chat(event: Loose): EventMeaning {
  const choices = event.choices;
  if (!Array.isArray(choices)) return withoutChoices(event);
  let meaning: EventMeaning = 'preamble';
  for (const choice of choices as Loose[]) {
    const reason = choice?.finish_reason;
    if (reason === 'error') return 'bad';
    if (filled(reason)) meaning = 'end';
    const delta = (choice?.delta ?? {}) as Loose;
    if (meaning === 'preamble' && CONTENT_FIELDS.some((field) => filled(delta[field]))) meaning = 'content';
  }
  return meaning;
}

function completions(event: Loose): EventMeaning {
  const choices = event.choices;
  if (!Array.isArray(choices)) return withoutChoices(event);
  const reasons = (choices as Loose[]).map((choice) => choice?.finish_reason);
  if (reasons.includes('error')) return 'bad';
  if (reasons.some(filled)) return 'end';
  return (choices as Loose[]).some((choice) => filled(choice?.text)) ? 'content' : 'preamble';
}

const RESPONSES_PREAMBLE = new Set([
  'response.created',
  'response.in_progress',
  'response.queued',
  'keepalive',
  'ping',
]);
const RESPONSES_END = new Set(['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled']);

function responses(event: Loose): EventMeaning {
  const type = String(event.type);
  if (RESPONSES_END.has(type)) return 'end';
  // Newer SDKs throw this one themselves, older ones hand it on.
  if (type === 'error') return 'bad';
  if (RESPONSES_PREAMBLE.has(type)) return 'preamble';
  // Thinking has begun, but nothing was said.
  if (type === 'response.output_item.added' && (event.item as Loose | undefined)?.type === 'reasoning')
    return 'preamble';
  return 'content';
}

const THREAD_END = new Set([
  'done',
  'thread.run.completed',
  'thread.run.incomplete',
  'thread.run.failed',
  'thread.run.cancelled',
  'thread.run.expired',
  'thread.run.requires_action',
]);

function assistants(event: Loose): EventMeaning {
  // A run exists from its first event on: it is content, nothing may be sent again.
  return THREAD_END.has(String(event.event)) ? 'end' : 'content';
}

function media(event: Loose): EventMeaning {
  const type = String(event.type);
  return /\.(done|completed)$/.test(type) ? 'end' : 'content';
}

const MESSAGES_PREAMBLE = new Set(['message_start', 'ping', 'content_block_stop', 'message_delta']);
/** Blocks that begin without a word; those of tools have a name. */
const EMPTY_BLOCKS = new Set(['text', 'thinking']);

function messages(event: Loose): EventMeaning {
  const type = String(event.type);
  if (type === 'message_stop') return 'end';
  if (type === 'error') return 'bad';
  if (type === 'content_block_start')
    return EMPTY_BLOCKS.has(String((event.content_block as Loose | undefined)?.type)) ? 'preamble' : 'content';
  return MESSAGES_PREAMBLE.has(type) ? 'preamble' : 'content';
}

const MEANING: Readonly<Record<StreamKind, (event: Loose) => EventMeaning>> = {
  chat,
  completions,
  responses,
  assistants,
  media,
  messages,
  other: () => 'content',
};

/** What an event of such a stream means. Unknown event types are content. */
export function meaningOf(kind: StreamKind, event: unknown): EventMeaning {
  return typeof event === 'object' && event !== null ? MEANING[kind](event as Loose) : 'content';
}
