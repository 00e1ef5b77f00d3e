/**
 * The table of API operations: what a method and path mean for balancing. First thing known about a call.
 * Why a table by path and not by SDK method: raw `client.post('/…')`, helpers and new SDK resources meet it as well.
 */

import type { OwnedId } from './owned-id.ts';

/** How an operation's event stream begins and ends; `other` streams may end without a marker. */
export type StreamKind = 'chat' | 'completions' | 'responses' | 'assistants' | 'media' | 'other';

/** One row of the table: what the pool must know about an operation. */
export interface Operation {
  /** Name as used in an endpoint's `operations` option. */
  readonly name: string;
  /** Method and path without ids, e.g. `post audio/speech`: what an endpoint has or lacks. */
  readonly route: string;
  /** Where a call without a known id may go: anywhere, or only to the account that holds the objects. */
  readonly place: 'anywhere' | 'home';
  /** True when a POST leaves an object behind that a second POST would duplicate. */
  readonly creates: boolean;
  /** The ids in the path, in order. */
  readonly ids: readonly OwnedId[];
  /** True when the path names one object or model, which the endpoint may not know. */
  readonly named: boolean;
  /** True when the reply must be a JSON object. */
  readonly json: boolean;
  readonly stream: StreamKind;
}

type Row = Pick<Operation, 'place' | 'creates' | 'stream'> & { words?: readonly string[] };

const anywhere: Row = { place: 'anywhere', creates: false, stream: 'other' };
const account: Row = { place: 'home', creates: true, stream: 'other' };
const spreads: Row = { place: 'anywhere', creates: true, stream: 'assistants' };

/** First path segment → row. `words` are the segments below it that are not ids. */
const TABLE: Readonly<Record<string, Row>> = {
  chat: { ...anywhere, stream: 'chat', words: ['completions', 'messages'] },
  completions: { ...anywhere, stream: 'completions' },
  responses: { ...anywhere, stream: 'responses', words: ['compact', 'input_tokens', 'input_items', 'cancel'] },
  embeddings: anywhere,
  moderations: anywhere,
  images: { ...anywhere, stream: 'media', words: ['generations', 'edits', 'variations'] },
  audio: {
    ...anywhere,
    stream: 'media',
    words: ['speech', 'transcriptions', 'translations', 'voices', 'voice_consents'],
  },
  models: anywhere,
  conversations: { ...spreads, words: ['items'] },
  threads: { ...spreads, words: ['runs', 'messages', 'steps', 'cancel', 'submit_tool_outputs'] },
  assistants: account,
  files: { ...account, words: ['content'] },
  uploads: { ...account, words: ['parts', 'complete', 'cancel'] },
  batches: { ...account, words: ['cancel'] },
  vector_stores: { ...account, words: ['files', 'file_batches', 'search', 'content', 'cancel'] },
  fine_tuning: {
    ...account,
    words: [
      'jobs',
      'checkpoints',
      'permissions',
      'events',
      'cancel',
      'pause',
      'resume',
      'alpha',
      'graders',
      'run',
      'validate',
    ],
  },
  containers: { ...account, words: ['files', 'content'] },
  evals: { ...account, words: ['runs', 'output_items'] },
  videos: { ...account, words: ['edits', 'extensions', 'remix', 'characters', 'content'] },
  skills: { ...account, words: ['versions', 'content'] },
  realtime: {
    ...account,
    words: ['sessions', 'transcription_sessions', 'client_secrets', 'calls', 'accept', 'hangup', 'refer', 'reject'],
  },
  chatkit: { ...account, words: ['sessions', 'threads', 'items', 'cancel'] },
  agents: {
    ...account,
    words: ['sessions', 'turns', 'environments', 'templates', 'automations', 'artifacts', 'items', 'events'],
  },
  vaults: { ...account, words: ['credentials'] },
  organization: account,
  projects: account,
  webhook_endpoints: account,
};

/** Every operation name that an endpoint's `operations` may list; `other` stands for paths not in the table. */
export const operationNames: ReadonlySet<string> = new Set([...Object.keys(TABLE), 'other']);

const OTHER: Row = anywhere;

/** Last segments that act on an object instead of making one. */
const ACTIONS = new Set([
  'cancel',
  'complete',
  'submit_tool_outputs',
  'search',
  'pause',
  'resume',
  'run',
  'validate',
  'accept',
  'hangup',
  'refer',
  'reject',
]);

/** Collections whose objects the API makes and acts on, but does not show. */
const UNREADABLE = /^(uploads|audio\/voices|realtime\/|chatkit\/sessions|live\/|fine_tuning\/checkpoints)/;

function readAt(segments: readonly string[]): string | undefined {
  const path = segments.join('/');
  return UNREADABLE.test(path) ? undefined : `/${path}`;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function describe(method: string, path: string): Operation {
  const segments = (path.split(/[?#]/, 1)[0] ?? '').split('/').filter(Boolean);
  const first = segments[0] ?? '';
  const known = Object.hasOwn(TABLE, first);
  const row = known ? (TABLE[first] as Row) : OTHER;
  const rest = segments.slice(1);
  // Model names in /models/{model} and admin paths are not ids of objects on one endpoint.
  const isId = (segment: string, index: number) => index > 0 && !row.words?.includes(segment);
  const ids = (known && first !== 'models' ? segments : []).flatMap((segment, index) =>
    isId(segment, index) ? [{ id: decoded(segment), readAt: readAt(segments.slice(0, index + 1)) }] : [],
  );
  const writes = method === 'post';
  const last = rest.at(-1) ?? '';
  const voices = first === 'audio' && (rest[0] === 'voices' || rest[0] === 'voice_consents');
  return {
    name: known ? first : 'other',
    route: `${method} ${known ? [first, ...rest.filter((segment) => row.words?.includes(segment))].join('/') : 'other'}`,
    place: voices || (first === 'models' && method === 'delete') ? 'home' : row.place,
    creates: writes && (row.creates || voices) && !isId(last, rest.length) && !ACTIONS.has(last),
    ids,
    named: known && rest.some((segment) => !row.words?.includes(segment)),
    json: known && first !== 'audio' && rest.at(-1) !== 'content',
    stream: row.stream,
  };
}

const remembered = new Map<string, Operation>();

/**
 * What a call to `method path` means. Pure; paths without ids are remembered, at most 500 of them.
 * @param method HTTP method, lower case.
 * @param path path below the base URL, with or without a query.
 */
export function operationOf(method: string, path: string): Operation {
  const key = `${method} ${path}`;
  const before = remembered.get(key);
  if (before) return before;
  const operation = describe(method, path);
  if (operation.ids.length === 0 && remembered.size < 500) remembered.set(key, operation);
  return operation;
}
