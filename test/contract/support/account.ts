// What a healthy upstream answers: one OpenAI account, small but consistent. Every id it makes carries the upstream's
// name, and an id of another upstream is a 404 here, so a call that strays to the wrong endpoint shows.
import { createHash } from 'node:crypto';
import type { Reply, Seen } from './upstream.ts';
import * as wire from './wire.ts';

type Route = (request: Seen, id: string) => Reply | Promise<Reply>;

const WORDS = ['Hello', ' from', ' the', ' pool'];
const said = WORDS.join('');

const ok = (json: unknown): Reply => ({ json });
const missing = (what: string): Reply => ({ status: 404, json: wire.apiError(`No such object: ${what}`) });
const made = (kind: string, request: Seen) => `${kind}_${request.name}_${request.index}`;

/** Answers only for ids this upstream made, or for ids nobody made (`…_any`). */
const owned =
  (route: Route): Route =>
  (request, id) =>
    id.includes(`_${request.name}_`) || id.endsWith('_any') ? route(request, id) : missing(id);

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** What arrived of an upload, so that a test can tell a whole file from an empty one. */
async function received(request: Seen): Promise<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of await request.form()) {
    if (typeof value === 'string') fields[key] = value;
    else {
      const bytes = new Uint8Array(await value.arrayBuffer());
      fields[key] = { name: value.name, bytes: bytes.length, sha256: sha(bytes) };
    }
  }
  return fields;
}

const chat: Route = ({ json }) => {
  const { model, messages, tools, response_format } = json as {
    model: unknown;
    messages: { role: string }[];
    tools?: { function: { name: string } }[];
    response_format?: { type: string };
  };
  const wantsTool = tools?.length && messages.at(-1)?.role !== 'tool';
  const name = tools?.[0]?.function.name ?? '';
  if (wantsTool && json.stream) return { sse: wire.toolCallChunks(model, name, { city: 'Paris' }) };
  if (wantsTool) {
    const tool_calls = [wire.toolCall(name, { city: 'Paris' })];
    return ok(wire.chatCompletion(model, '', { content: null, tool_calls }, 'tool_calls'));
  }
  if (json.stream) return { sse: wire.chatChunks(model, WORDS) };
  return ok(wire.chatCompletion(model, response_format?.type === 'json_schema' ? '{"city":"Paris"}' : said));
};

const responses: Route = (request) => {
  const { model, stream, text } = request.json as { model: unknown; stream?: boolean; text?: unknown };
  const words = text ? ['{"city":', '"Paris"}'] : WORDS;
  const id = made('resp', request);
  if (stream) return { sse: wire.responseEvents(id, model, words) };
  return ok(wire.responseObject(id, model, words.join('')));
};

/** Six objects in pages of two; a cursor of another upstream is refused. */
const pages =
  (kind: string): Route =>
  ({ query, name }) => {
    const ids = [1, 2, 3, 4, 5, 6].map((n) => `${kind}_${name}_${n}`);
    const after = query.get('after');
    if (after !== null && !ids.includes(after)) return { status: 400, json: wire.apiError(`Unknown cursor ${after}`) };
    const start = after === null ? 0 : ids.indexOf(after) + 1;
    const data = ids.slice(start, start + 2).map((id) => ({ id, object: kind }));
    const has_more = start + 2 < ids.length;
    return ok({ object: 'list', data, first_id: data[0]?.id, last_id: data.at(-1)?.id, has_more });
  };

/** How often each polled object of an upstream was read. */
const polls = new Map<string, number>();
const pollCount = (request: Seen) => {
  const key = `${request.headers.host} ${request.path}`;
  polls.set(key, (polls.get(key) ?? 0) + 1);
  return polls.get(key) ?? 0;
};
const soon = { 'openai-poll-after-ms': '5' };

const embedding = ({ json }: Seen): Reply => {
  const vector = new Float32Array([0.5, -0.25, 1]);
  const data = json.encoding_format === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
  return ok({
    object: 'list',
    model: json.model,
    data: [{ object: 'embedding', index: 0, embedding: data }],
    usage: { prompt_tokens: 1, total_tokens: 1 },
  });
};

const binary: Reply = { bytes: Buffer.from([0, 1, 2, 250, 255]), headers: { 'content-type': 'audio/mpeg' } };
const upload: Route = async (request) =>
  ok({ id: made('file', request), object: 'file', received: await received(request) });
const image = ok({ created: 1, data: [{ b64_json: Buffer.from('picture').toString('base64') }] });
const vectorFile = (id: string, store: string, status: string) =>
  ok({ id, object: 'vector_store.file', status, vector_store_id: store, created_at: 1 });
const fileBatch = (id: string, store: string, status: string) =>
  ok({
    id,
    object: 'vector_store.file_batch',
    status,
    vector_store_id: store,
    file_counts: { failed: 0, completed: 1 },
  });

const ROUTES: ReadonlyArray<readonly [string, Route]> = [
  ['POST /chat/completions', chat],
  [
    'POST /completions',
    ({ json }) =>
      ok({
        id: 'cmpl-1',
        object: 'text_completion',
        model: json.model,
        choices: [{ index: 0, text: said, logprobs: null, finish_reason: 'stop' }],
      }),
  ],
  ['POST /embeddings', embedding],
  ['POST /moderations', () => ok({ id: 'modr-1', model: 'omni', results: [{ flagged: false }] })],
  ['POST /images/generations', () => image],
  [
    'POST /images/edits',
    async (request) => ok({ created: 1, data: [{ b64_json: '' }], received: await received(request) }),
  ],
  ['POST /audio/speech', () => binary],
  ['POST /audio/transcriptions', async (request) => ok({ text: said, received: await received(request) })],
  ['POST /audio/translations', async (request) => ok({ text: said, received: await received(request) })],
  ['POST /responses', responses],
  ['GET /responses/:id', owned((_, id) => ok(wire.responseObject(id, 'gpt-5', said)))],
  ['DELETE /responses/:id', owned(() => ({ status: 204 }))],
  ['POST /responses/:id/cancel', owned((_, id) => ok(wire.responseObject(id, 'gpt-5', said, 'cancelled')))],
  ['GET /responses/:id/input_items', owned((request) => pages('item')(request, ''))],
  [
    'GET /models',
    () => ok({ object: 'list', data: [{ id: 'gpt-5', object: 'model', created: 1, owned_by: 'openai' }] }),
  ],
  ['GET /models/:id', (_, id) => ok({ id, object: 'model', created: 1, owned_by: 'openai' })],
  ['GET /files', pages('file')],
  ['POST /files', upload],
  ['GET /files/:id', owned((_, id) => ok({ id, object: 'file', status: 'processed' }))],
  ['DELETE /files/:id', owned((_, id) => ok({ id, object: 'file', deleted: true }))],
  ['GET /files/:id/content', owned(() => binary)],
  ['POST /uploads', (request) => ok({ id: made('upload', request), object: 'upload', status: 'pending' })],
  [
    'POST /uploads/:id/parts',
    owned(async (request, upload_id) =>
      ok({ id: made('part', request), upload_id, received: await received(request) }),
    ),
  ],
  [
    'POST /uploads/:id/complete',
    owned((request, id) => ok({ id, status: 'completed', file: { id: made('file', request), object: 'file' } })),
  ],
  ['GET /fine_tuning/jobs', pages('ftjob')],
  ['POST /batches', (request) => ok({ id: made('batch', request), object: 'batch', status: 'validating' })],
  ['GET /batches/:id', owned((_, id) => ok({ id, object: 'batch', status: 'completed' }))],
  ['POST /conversations', (request) => ok({ id: made('conv', request), object: 'conversation', metadata: {} })],
  ['GET /conversations/:id', owned((_, id) => ok({ id, object: 'conversation', metadata: {} }))],
  ['POST /threads', (request) => ok({ id: made('thread', request), object: 'thread', metadata: {} })],
  [
    'POST /threads/:id/runs',
    owned((request, thread) =>
      request.json.stream
        ? { sse: wire.runEvents(thread, WORDS) }
        : ok(wire.run(made('run', request), thread, 'queued')),
    ),
  ],
  [
    'GET /threads/:id/runs/:sub',
    owned((request, thread) => ({
      ...ok(wire.run('run_any', thread, pollCount(request) < 3 ? 'in_progress' : 'completed')),
      headers: soon,
    })),
  ],
  ['POST /vector_stores', (request) => ok({ id: made('vs', request), object: 'vector_store', status: 'completed' })],
  [
    'POST /vector_stores/:id/files',
    owned((request, store) => vectorFile(String(request.json.file_id), store, 'in_progress')),
  ],
  [
    'GET /vector_stores/:id/files/:sub',
    owned((request, store) => ({
      ...vectorFile(request.path.split('/').at(-1) ?? '', store, pollCount(request) < 2 ? 'in_progress' : 'completed'),
      headers: soon,
    })),
  ],
  [
    'POST /vector_stores/:id/file_batches',
    owned((request, store) => fileBatch(made('vsfb', request), store, 'in_progress')),
  ],
  [
    'GET /vector_stores/:id/file_batches/:sub',
    owned((request, store) => ({
      ...fileBatch(request.path.split('/').at(-1) ?? '', store, 'completed'),
      headers: soon,
    })),
  ],
  ['GET /echo', (request) => ok({ method: request.method, query: Object.fromEntries(request.query) })],
  ['POST /echo', (request) => ok({ method: request.method, body: request.json })],
  ['PUT /echo', (request) => ok({ method: request.method, body: request.json })],
  ['PATCH /echo', (request) => ok({ method: request.method, body: request.json })],
  ['DELETE /echo', (request) => ok({ method: request.method, query: Object.fromEntries(request.query) })],
];

const TABLE = ROUTES.map(([pattern, route]) => {
  const [method, path = ''] = pattern.split(' ');
  const match = new RegExp(`^${path.replace(':id', '([^/]+)').replace(':sub', '[^/]+')}$`);
  return { method, match, route };
});

/** The path inside the API: without `/v1`, `/openai` and an Azure deployment. */
export const apiPath = (path: string): string =>
  path.replace(/^\/(v1|openai)(?=\/)/, '').replace(/^\/deployments\/[^/]+/, '');

/** Answers as a healthy account would; a path it does not know gets a 404. */
export async function account(request: Seen): Promise<Reply> {
  const path = apiPath(request.path);
  for (const { method, match, route } of TABLE) {
    const found = method === request.method ? match.exec(path) : null;
    if (found) return route(request, decodeURIComponent(found[1] ?? ''));
  }
  return { status: 404, json: wire.apiError(`No route for ${request.method} ${path}`) };
}
