/** Finds the ids in a call's body that belong to the endpoint which made them, and the ids a reply hands out. Pure tables. */

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

function take(value: unknown, ids: string[]): void {
  if (typeof value === 'string') ids.push(value);
  else if (Array.isArray(value)) for (const entry of value) take(entry, ids);
  else if (typeof value === 'object' && value !== null) {
    const { id, file_id } = value as { id?: unknown; file_id?: unknown };
    if (typeof id === 'string') ids.push(id);
    if (typeof file_id === 'string') ids.push(file_id);
  }
}

function takeNested(entry: unknown, ids: string[]): void {
  if (typeof entry !== 'object' || entry === null) return;
  if (Array.isArray(entry)) for (const each of entry as unknown[]) takeNested(each, ids);
  const record = entry as Record<string, unknown>;
  for (const field of NESTED) {
    const value = record[field];
    if (typeof value === 'string' || Array.isArray(value)) take(value, ids);
  }
  if (record.type === 'file_id') take(record.id, ids);
  for (const field of DEEPER) if (typeof record[field] === 'object') takeNested(record[field], ids);
}

function takeItems(items: unknown, ids: string[]): void {
  if (!Array.isArray(items)) return;
  for (const item of items as unknown[]) {
    if (typeof item !== 'object' || item === null) continue;
    const { type, id, content, attachments, audio, approval_request_id: approval } = item as Record<string, unknown>;
    if (type === 'item_reference' && typeof id === 'string') ids.push(id);
    if (typeof approval === 'string') ids.push(approval);
    if (Array.isArray(content)) for (const part of content) takeNested(part, ids);
    if (Array.isArray(attachments)) for (const part of attachments) takeNested(part, ids);
    if (typeof audio === 'object' && audio !== null) take((audio as { id?: unknown }).id, ids);
  }
}

/** The ids a JSON body refers to. A voice such as `alloy` is a name, not an id, and is left out. */
export function idsInBody(body: unknown): string[] {
  if (typeof body !== 'object' || body === null || body instanceof FormData) return [];
  const record = body as Record<string, unknown>;
  const ids: string[] = [];
  for (const field of FIELDS) {
    const value = record[field];
    if (value === undefined || (field === 'voice' && typeof value === 'string')) continue;
    take(value, ids);
  }
  // A stored prompt; the prompt of a legacy completion is text.
  if (typeof record.prompt === 'object' && !Array.isArray(record.prompt)) take(record.prompt, ids);
  takeItems(record.messages, ids);
  takeItems(record.input, ids);
  for (const field of ['tools', 'attachments', 'data_source', 'input_reference', 'characters'] as const) {
    const value = record[field];
    if (field === 'characters') take(value, ids);
    else takeNested(value, ids);
  }
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
