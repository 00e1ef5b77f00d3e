/**
 * Healthy answers for everything that is created, read, listed and deleted by id, from one table of collections.
 */
import { isObject, suggest } from './check.ts';
import { inParts } from './healthy-responses.ts';
import { type Ask, binary, epochSeconds, fieldsOf, json, type Reply, refusal } from './reply.ts';
import type { Shelf, Thing } from './shelf.ts';

/** How the objects of one collection look. */
interface Kind {
  readonly prefix: string;
  readonly object: string;
  /** Fields a fresh object has besides those of the request. */
  readonly fresh?: Readonly<Record<string, unknown>>;
}

const row = (prefix: string, object: string, fresh: Record<string, unknown> = {}): Kind => ({ prefix, object, fresh });
const counts = { in_progress: 0, completed: 1, failed: 0, cancelled: 0, total: 1 };
const done = { status: 'completed' };

/** Collections by path; `*` stands for an id. */
const KINDS: Record<string, Kind> = {
  files: row('file-', 'file', { purpose: 'assistants', status: 'processed', filename: 'file', bytes: 0 }),
  uploads: row('upload_', 'upload', { status: 'pending' }),
  'uploads/*/parts': row('part_', 'upload.part'),
  batches: row('batch_', 'batch', { status: 'validating', output_file_id: null, error_file_id: null }),
  vector_stores: row('vs_', 'vector_store', { ...done, name: null, usage_bytes: 0, file_counts: counts }),
  'vector_stores/*/files': row('file-', 'vector_store.file', { ...done, usage_bytes: 0, last_error: null }),
  'vector_stores/*/file_batches': row('vsfb_', 'vector_store.file_batch', { ...done, file_counts: counts }),
  'vector_stores/*/file_batches/*/files': row('file-', 'vector_store.file', { ...done, usage_bytes: 0 }),
  assistants: row('asst_', 'assistant', { name: null, tools: [] }),
  threads: row('thread_', 'thread', { tool_resources: null }),
  'threads/*/messages': row('msg_', 'thread.message', { ...done, attachments: [] }),
  'threads/*/runs': row('run_', 'thread.run', { ...done, required_action: null, last_error: null }),
  'threads/*/runs/*/steps': row('step_', 'thread.run.step', done),
  conversations: row('conv_', 'conversation'),
  'conversations/*/items': row('msg_', 'conversation.item', { type: 'message', ...done }),
  containers: row('cntr_', 'container', { status: 'running' }),
  'containers/*/files': row('cfile_', 'container.file', { source: 'user' }),
  evals: row('eval_', 'eval'),
  'evals/*/runs': row('evalrun_', 'eval.run', done),
  'fine_tuning/jobs': row('ftjob-', 'fine_tuning.job', { status: 'queued', fine_tuned_model: null, result_files: [] }),
  'fine_tuning/jobs/*/events': row('ftevent-', 'fine_tuning.job.event'),
  videos: row('video_', 'video', { status: 'queued', progress: 0 }),
  skills: row('skill_', 'skill'),
  responses: row('resp_', 'response'),
  'responses/*/input_items': row('msg_', 'response.item'),
  'chat/completions': row('chatcmpl-', 'chat.completion'),
  'chat/completions/*/messages': row('msg_', 'chat.completion.message'),
};

/** What `POST …/{id}/{action}` makes of an object's status. */
const ACTIONS: Record<string, string> = {
  cancel: 'cancelled',
  complete: 'completed',
  submit_tool_outputs: 'completed',
};

/** Ids in a request's body that must exist here, by field. */
const REFERENCES = ['input_file_id', 'training_file', 'file_id', 'assistant_id'];

/** The answer for a path of the table; undefined when it is none. */
export function objectReply(ask: Ask): Reply | undefined {
  const parts = ask.request.route.split('/').filter(Boolean).map(decode);
  const { method } = ask.request;
  const stranger = strangerIn(parts, ask);
  const own = kindAt(parts);
  if (own) return stranger ?? (method === 'GET' ? list(parts.join('/'), ask) : create(parts.join('/'), own, ask));
  const id = parts.at(-1) ?? '';
  if (kindAt(parts.slice(0, -1))) return stranger ?? one(parts.slice(0, -1).join('/'), id, ask);
  if (!kindAt(parts.slice(0, -2))) return undefined;
  return stranger ?? act(parts.slice(0, -2).join('/'), parts.at(-2) ?? '', id, ask);
}

function kindAt(parts: readonly string[]): Kind | undefined {
  const at = (pattern: string) => {
    const steps = pattern.split('/');
    return steps.length === parts.length && steps.every((step, i) => step === '*' || step === parts[i]);
  };
  const pattern = Object.keys(KINDS).find(at);
  return pattern === undefined ? undefined : KINDS[pattern];
}

/** A 404 for the first id in the path that was not made here; the last part is left to `one`. */
function strangerIn(parts: readonly string[], ask: Ask): Reply | undefined {
  for (let i = 1; i < parts.length; i++) {
    const kind = kindAt(parts.slice(0, i));
    const id = parts[i] ?? '';
    if (
      kind &&
      i < parts.length - 1 &&
      !kindAt(parts.slice(0, i + 1)) &&
      !ask.shelf.get(parts.slice(0, i).join('/'), id)
    )
      return unknownId(kind, id);
  }
  return undefined;
}

function create(collection: string, kind: Kind, ask: Ask): Reply {
  const body = fieldsOf(ask);
  const missing = REFERENCES.find((field) => typeof body[field] === 'string' && !ask.shelf.has(body[field]));
  if (missing) return refusal(404, `No such object: ${body[missing]}`, { param: missing });
  if (collection.endsWith('/items') && Array.isArray(body.items)) {
    for (const item of body.items) if (isObject(item)) ask.shelf.put(collection, make(kind, inParts(item), ask));
    return list(collection, ask);
  }
  const facts = fileFacts(ask);
  const thing = make(kind, { ...body, ...facts }, ask);
  if (collection.startsWith('vector_stores/') && typeof body.file_id === 'string') thing.id = body.file_id;
  const owner = /^(thread|vector_store)s\/([^/]+)\//.exec(collection);
  if (owner) thing[`${owner[1]}_id`] = owner[2];
  ask.shelf.put(collection, thing, ask.contents.values().next().value);
  return json(thing);
}

function make(kind: Kind, fields: object, ask: Ask): Thing {
  const id = ask.shelf.newId(kind.prefix);
  return { metadata: {}, ...kind.fresh, ...fields, id, object: kind.object, created_at: epochSeconds() };
}

function fileFacts(ask: Ask): object {
  const { body } = ask.request;
  const files = isObject(body) && Array.isArray(body.files) ? body.files : [];
  const file: unknown = files[0];
  return isObject(file) && 'filename' in file ? { filename: file.filename, bytes: file.size } : {};
}

function list(collection: string, ask: Ask): Reply {
  const { after, limit, order = 'desc' } = ask.request.query;
  const all = ask.shelf.list(collection);
  if (order === 'desc') all.reverse();
  const from = after === undefined ? 0 : all.findIndex((thing) => thing.id === after) + 1;
  if (after !== undefined && from === 0) return refusal(400, `No such object: ${after}`, { param: 'after' });
  const size = Math.max(1, Number(limit ?? 20) || 20);
  const data = all.slice(from, from + size);
  const has_more = from + size < all.length;
  return json({ object: 'list', data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more });
}

function one(collection: string, id: string, ask: Ask): Reply {
  const kind = kindAt(collection.split('/'));
  const thing = ask.shelf.get(collection, id);
  if (!kind || !thing) return unknownId(kind, id);
  if (ask.request.method === 'DELETE') {
    ask.shelf.delete(collection, id);
    return json({ id, object: `${kind.object}.deleted`, deleted: true });
  }
  if (ask.request.method === 'POST') Object.assign(thing, fieldsOf(ask), { id });
  return json(thing);
}

function act(collection: string, id: string, action: string, ask: Ask): Reply | undefined {
  const thing = ask.shelf.get(collection, id);
  if (!thing) return unknownId(kindAt(collection.split('/')), id);
  if (action === 'content') {
    return binary('application/octet-stream', ask.shelf.content(collection, id) ?? Buffer.from(`content of ${id}`));
  }
  if (action === 'search') return json({ object: 'vector_store.search_results.page', data: [], has_more: false });
  const status = ACTIONS[action];
  if (status === undefined) return undefined;
  thing.status = status;
  if (collection === 'uploads' && action === 'complete') {
    thing.file = make(KINDS.files ?? row('file-', 'file'), { filename: thing.filename, bytes: thing.bytes }, ask);
    ask.shelf.put('files', thing.file as Thing);
  }
  return json(thing);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function unknownId(kind: Kind | undefined, id: string): Reply {
  return refusal(404, `No such ${kind?.object ?? 'object'}: ${id}`, { param: 'id' });
}

/** Puts so many fresh objects into each collection. @throws TypeError for a collection the server does not have */
export function seed(shelf: Shelf, wanted: Readonly<Record<string, number>>): void {
  for (const [collection, n] of Object.entries(wanted)) {
    const kind = kindAt(collection.split('/'));
    if (!kind)
      throw new TypeError(
        `options.objects.${collection}: unknown collection${suggest(collection, Object.keys(KINDS))}`,
      );
    for (let i = 0; i < n; i++) {
      const id = shelf.newId(kind.prefix);
      shelf.put(collection, { metadata: {}, ...kind.fresh, id, object: kind.object, created_at: epochSeconds() });
    }
  }
}
