/** Finds the ids that an endpoint hands out: in objects, list pages, stream events and headers. Pure tables. */
import type { Call } from '../call/call.ts';
import { opaqueKey } from './opaque.ts';

/** Fields that hold the id of something made along with the object, or lists of such ids. */
const FIELDS = [
  'id',
  'thread_id',
  'session_id',
  'container_id',
  'file_id',
  'output_file_id',
  'error_file_id',
  'result_files',
  'fine_tuned_model',
  'fine_tuned_model_checkpoint',
] as const;

/** Fields that hold an object with an id of its own. */
const OBJECTS = [
  'response',
  'conversation',
  'file',
  'item',
  'audio',
  'session',
  'turn',
  'subagent',
  'agent',
  'environment',
  'artifact',
] as const;

/** Fields that hold a list of such objects. */
const LISTS = ['data', 'output', 'content', 'annotations'] as const;

type Loose = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function take(value: unknown, ids: string[]): void {
  if (typeof value === 'string') {
    if (value !== '') ids.push(value);
  } else if (Array.isArray(value))
    for (const entry of value as unknown[]) if (typeof entry === 'string') ids.push(entry);
}

/** The deepest: event → response → output → content → annotations. */
const DEEPEST = 5;

function takeAll(record: Loose, ids: string[], depth: number): void {
  for (const field of FIELDS) if (record[field] !== undefined) take(record[field], ids);
  if (typeof record.encrypted_content === 'string') ids.push(opaqueKey(record.encrypted_content));
  if (isObject(record.tool_resources))
    for (const made of Object.values(record.tool_resources)) if (isObject(made)) take(made.vector_store_ids, ids);
  if (depth >= DEEPEST) return;
  for (const field of OBJECTS) if (isObject(record[field])) takeAll(record[field], ids, depth + 1);
  for (const field of LISTS) {
    const list = record[field];
    if (Array.isArray(list)) for (const entry of list as unknown[]) if (isObject(entry)) takeAll(entry, ids, depth + 1);
  }
}

/** The ids that a parsed reply, a list page or a stream event hands out; of encrypted items a key, never the content. */
export function idsInReply(reply: unknown): string[] {
  const ids: string[] = [];
  if (!isObject(reply)) return ids;
  // Events of runs stand in an envelope.
  const event = typeof reply.event === 'string' && isObject(reply.data) ? reply.data : reply;
  // Deltas repeat ids, and there are many; what has only begun is not yet what it will be.
  const said = event.type ?? event.object;
  if (typeof said === 'string' && (said.endsWith('.delta') || said.endsWith('_item.added'))) return ids;
  takeAll(event, ids, 0);
  return ids;
}

/** What a chat answer or a chunk of one hands out although it is not stored: audio to go on from, encrypted reasoning. */
export function idsInAnswer(answer: unknown): string[] {
  const ids: string[] = [];
  const choices = isObject(answer) ? answer.choices : undefined;
  if (!Array.isArray(choices)) return ids;
  for (const choice of choices as unknown[]) {
    const said = isObject(choice) ? (choice.message ?? choice.delta) : undefined;
    if (!isObject(said)) continue;
    if (isObject(said.audio)) take(said.audio.id, ids);
    if (!Array.isArray(said.reasoning_details)) continue;
    for (const detail of said.reasoning_details as unknown[])
      if (isObject(detail) && typeof detail.data === 'string') ids.push(opaqueKey(detail.data));
  }
  return ids;
}

const storedAnswer = (answer: unknown) => [...idsInReply(answer), ...idsInAnswer(answer)];

const MODEL = /\bft:[\w.:@/-]*\w/;

/** Events of a job tell of its models in words. */
function idsInJob(reply: unknown): string[] {
  const ids = idsInReply(reply);
  const data = isObject(reply) ? reply.data : undefined;
  if (Array.isArray(data))
    for (const event of data as unknown[]) {
      const told = isObject(event) && typeof event.message === 'string' && MODEL.exec(event.message)?.[0];
      if (told) ids.push(told);
    }
  return ids;
}

/** Of all models only those that the account made are its own. */
const madeModels = (reply: unknown) => idsInReply(reply).filter((id) => id.startsWith('ft:'));

const STORES = new Set(['responses', 'conversations', 'threads', 'assistants']);

/** What looks for the ids that the replies of a call hand out; `undefined` when they hold none. @param body the call's. */
export function finderFor(
  { operation, method }: Pick<Call, 'operation' | 'method'>,
  body: unknown,
): ((reply: unknown) => string[]) | undefined {
  const { name } = operation;
  if (name === 'chat') {
    const stored = method !== 'post' || (body as { store?: unknown } | null | undefined)?.store === true;
    return stored || operation.ids.length > 0 ? storedAnswer : idsInAnswer;
  }
  if (name === 'fine_tuning') return idsInJob;
  if (name === 'models') return madeModels;
  // What is in a file is the user's, whatever it looks like.
  if (!operation.follows || operation.route.endsWith('/content')) return undefined;
  return operation.place === 'home' || STORES.has(name) || operation.ids.length > 0 ? idsInReply : undefined;
}

/** The id in the header of a call that was made without a body to tell it: `Location: /v1/realtime/calls/rtc_1`. */
export function idsInHeaders(headers: Headers): string[] {
  const id = /\/(?:calls|sessions)\/([^/?#]+)/.exec(headers.get('location') ?? '')?.[1];
  return id === undefined ? [] : [id];
}
