/**
 * Healthy answers for everything that is created, read, listed and deleted by id, from one table of collections.
 */
import { isObject, suggest } from './check.ts';
import { inParts } from './healthy-responses.ts';
import { ACTIONS, KINDS, type Kind, kindAt, makerAt, REFERENCES } from './object-kinds.ts';
import { type Ask, binary, epochSeconds, fieldsOf, json, type Reply, refusal } from './reply.ts';
import type { Shelf, Thing } from './shelf.ts';

/** The answer for a path of the table; undefined when it is none. */
export function objectReply(ask: Ask): Reply | undefined {
  const parts = ask.request.route.split('/').filter(Boolean).map(decode);
  const { method } = ask.request;
  const stranger = strangerIn(parts, ask);
  const made = method === 'POST' ? makerAt(parts) : undefined;
  if (made !== undefined) return stranger ?? create(made, kindAt(made.split('/')) as Kind, ask);
  const own = kindAt(parts);
  if (own) return stranger ?? (method === 'GET' ? list(parts.join('/'), ask) : create(parts.join('/'), own, ask));
  const id = parts.at(-1) ?? '';
  if (kindAt(parts.slice(0, -1))) return stranger ?? one(parts.slice(0, -1).join('/'), id, ask);
  if (!kindAt(parts.slice(0, -2))) return undefined;
  return stranger ?? act(parts.slice(0, -2).join('/'), parts.at(-2) ?? '', id, ask);
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
  const thing = make(kind, { ...body, ...fileFacts(ask), ...inlineStores(body.tool_resources, ask) }, ask);
  if (collection.startsWith('vector_stores/') && typeof body.file_id === 'string') thing.id = body.file_id;
  const owner = /^(thread|vector_store)s\/([^/]+)\//.exec(collection);
  if (owner) thing[`${owner[1]}_id`] = owner[2];
  ask.shelf.put(collection, thing, ask.contents.values().next().value);
  if (ask.request.route.endsWith('/fork')) return json({ session: thing, transport: { type: 'webrtc', sdp: 'v=0' } });
  if (collection.endsWith('/permissions')) return json({ object: 'list', data: [thing], has_more: false });
  // A call is answered in SDP; only a header tells its id.
  if (collection !== 'realtime/calls') return json(thing);
  return { ...binary('application/sdp', Buffer.from('v=0')), headers: { location: `/v1/realtime/calls/${thing.id}` } };
}

function make(kind: Kind, fields: object, ask: Ask): Thing {
  const id = kind.prefix === '' ? version(ask) : ask.shelf.newId(kind.prefix);
  return { metadata: {}, ...kind.fresh, ...fields, id, object: kind.object, created_at: epochSeconds() };
}

/** Threads and assistants may come with stores to be made. */
function inlineStores(resources: unknown, ask: Ask): object {
  const search = isObject(resources) ? resources.file_search : undefined;
  if (!isObject(resources) || !isObject(search) || !Array.isArray(search.vector_stores)) return {};
  const ids = search.vector_stores.map(() => {
    const store = make(KINDS.vector_stores as Kind, {}, ask);
    ask.shelf.put('vector_stores', store);
    return store.id;
  });
  return { tool_resources: { ...resources, file_search: { vector_store_ids: ids } } };
}

/** Versions are counted within their object, so that two servers have the same. */
function version(ask: Ask): string {
  return String(ask.shelf.list(ask.request.route.split('/').filter(Boolean).map(decode).join('/')).length + 1);
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
  else finish(collection, thing, ask);
  return json(thing);
}

/** Work is done by the time somebody looks. */
function finish(collection: string, thing: Thing, ask: Ask): void {
  const file = () => {
    const made = make(KINDS.files as Kind, { filename: 'results.jsonl' }, ask);
    ask.shelf.put('files', made, Buffer.from(`results of ${thing.id}`));
    return made.id;
  };
  if (collection === 'batches' && thing.status === 'validating')
    Object.assign(thing, { status: 'completed', output_file_id: file() });
  if (collection === 'fine_tuning/jobs' && thing.status === 'queued') {
    const fine_tuned_model = `ft:${String(thing.model)}:${ask.server}::${thing.id.slice(-4)}`;
    Object.assign(thing, { status: 'succeeded', fine_tuned_model, result_files: [file()] });
  }
}

function act(collection: string, id: string, action: string, ask: Ask): Reply | undefined {
  const thing = ask.shelf.get(collection, id);
  if (!thing) return unknownId(kindAt(collection.split('/')), id);
  if (action === 'content') {
    return binary('application/octet-stream', ask.shelf.content(collection, id) ?? Buffer.from(`content of ${id}`));
  }
  if (action === 'search') return json({ object: 'vector_store.search_results.page', data: [], has_more: false });
  if (!Object.hasOwn(ACTIONS, action)) return undefined;
  const status = ACTIONS[action];
  if (status !== undefined) thing.status = status;
  if (collection === 'uploads' && action === 'complete') {
    thing.file = make(KINDS.files as Kind, { filename: thing.filename, bytes: thing.bytes }, ask);
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
      const id = kind.prefix === '' ? String(i + 1) : shelf.newId(kind.prefix);
      shelf.put(collection, { metadata: {}, ...kind.fresh, id, object: kind.object, created_at: epochSeconds() });
    }
  }
}
