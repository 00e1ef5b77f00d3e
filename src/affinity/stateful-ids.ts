/** Finds the ids in a call's body that belong to the endpoint which made them, and the ids a reply hands out. Pure tables. */
import type { OwnedId } from '../call/owned-id.ts';

/** Where the API reads what a field names; `undefined` = nowhere. */
const READ_AT: Readonly<Record<string, string | undefined>> = {
  previous_response_id: 'responses',
  conversation: 'conversations',
  input_file_id: 'files',
  training_file: 'files',
  validation_file: 'files',
  file_id: 'files',
  file_ids: 'files',
  files: 'files',
  vector_store_ids: 'vector_stores',
  assistant_id: 'assistants',
  thread_id: 'threads',
  container: 'containers',
  container_id: 'containers',
  eval_id: 'evals',
  skill_id: 'skills',
  video: 'videos',
  characters: 'videos/characters',
};

/** Top-level body fields that hold an id, or a list of ids. */
const FIELDS = [
  'previous_response_id',
  'conversation',
  'input_file_id',
  'training_file',
  'validation_file',
  'file_id',
  'file_ids',
  'vector_store_ids',
  'assistant_id',
  'part_ids',
  'thread_id',
  'container_id',
  'eval_id',
  'voice',
  'video',
  'files',
] as const;

/** Fields inside a tool, a content part or an attachment. */
const NESTED = ['file_id', 'file_ids', 'vector_store_ids', 'container', 'container_id', 'skill_id'] as const;
/** Objects inside those that hold such fields themselves. */
const DEEPER = ['file', 'image_file', 'container', 'container_reference', 'source', 'vector_stores'] as const;

function push(id: string, field: string, ids: OwnedId[]): void {
  const collection = READ_AT[field];
  ids.push({ id, readAt: collection && `/${collection}/${encodeURIComponent(id)}` });
}

function take(value: unknown, field: string, ids: OwnedId[]): void {
  if (typeof value === 'string') push(value, field, ids);
  else if (Array.isArray(value)) for (const entry of value) take(entry, field, ids);
  else if (typeof value === 'object' && value !== null) {
    const { id, file_id } = value as { id?: unknown; file_id?: unknown };
    if (typeof id === 'string') push(id, field, ids);
    if (typeof file_id === 'string') push(file_id, 'file_id', ids);
  }
}

function takeNested(entry: unknown, ids: OwnedId[]): void {
  if (typeof entry !== 'object' || entry === null) return;
  if (Array.isArray(entry)) for (const each of entry as unknown[]) takeNested(each, ids);
  const record = entry as Record<string, unknown>;
  for (const field of NESTED) {
    const value = record[field];
    if (typeof value === 'string' || Array.isArray(value)) take(value, field, ids);
  }
  if (record.type === 'file_id') take(record.id, 'file_id', ids);
  for (const field of DEEPER) if (typeof record[field] === 'object') takeNested(record[field], ids);
}

function takeItems(items: unknown, ids: OwnedId[]): void {
  if (!Array.isArray(items)) return;
  for (const item of items as unknown[]) {
    if (typeof item !== 'object' || item === null) continue;
    const { type, id, content, attachments, audio, approval_request_id: approval } = item as Record<string, unknown>;
    if (type === 'item_reference') take(id, 'item', ids);
    if (typeof approval === 'string') take(approval, 'approval', ids);
    if (Array.isArray(content)) for (const part of content) takeNested(part, ids);
    if (Array.isArray(attachments)) for (const part of attachments) takeNested(part, ids);
    if (typeof audio === 'object' && audio !== null) take((audio as { id?: unknown }).id, 'audio', ids);
  }
}

/** The ids a JSON body refers to. A voice such as `alloy` is a name, not an id, and is left out. */
export function idsInBody(body: unknown): OwnedId[] {
  if (typeof body !== 'object' || body === null || body instanceof FormData) return [];
  const record = body as Record<string, unknown>;
  const ids: OwnedId[] = [];
  for (const field of FIELDS) {
    const value = record[field];
    if (value === undefined || (field === 'voice' && typeof value === 'string')) continue;
    take(value, field, ids);
  }
  // A stored prompt; the prompt of a legacy completion is text.
  if (typeof record.prompt === 'object' && !Array.isArray(record.prompt)) take(record.prompt, 'prompt', ids);
  takeItems(record.messages, ids);
  takeItems(record.input, ids);
  for (const field of ['tools', 'attachments', 'data_source', 'input_reference'] as const)
    takeNested(record[field], ids);
  take(record.characters, 'characters', ids);
  const resources = record.tool_resources;
  if (typeof resources === 'object' && resources !== null)
    for (const tool of Object.values(resources)) takeNested(tool, ids);
  return ids;
}

const HANDED_OUT = ['id', 'thread_id', 'output_file_id', 'error_file_id', 'fine_tuned_model'] as const;

/** The ids that a parsed reply, a list page or a stream event hands out. */
export function idsInReply(data: unknown): string[] {
  if (typeof data !== 'object' || data === null) return [];
  const record = data as Record<string, unknown>;
  const ids = HANDED_OUT.map((field) => record[field]).filter((id) => typeof id === 'string');
  for (const inner of [record.response, record.file, record.conversation]) {
    const id = (inner as { id?: unknown } | null | undefined)?.id;
    if (typeof id === 'string') ids.push(id);
  }
  for (const list of [record.data, record.output, (record.response as { output?: unknown } | null)?.output]) {
    if (!Array.isArray(list)) continue;
    for (const item of list as unknown[]) {
      const id = (item as { id?: unknown } | null)?.id;
      if (typeof id === 'string') ids.push(id);
    }
  }
  return ids;
}
