/**
 * The table of API operations: what a method and path mean for balancing. First thing known about a call.
 * Why a table by path and not by SDK method: raw `client.post('/…')`, helpers and new SDK resources meet it as well.
 */

import type { OwnedId } from './owned-id.ts';

/** How an operation's event stream begins and ends; `messages` are of Anthropic's API, `other` streams may end without a marker. */
export type StreamKind = 'chat' | 'completions' | 'responses' | 'assistants' | 'media' | 'messages' | 'other';

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
  /** False when its objects are the account's own affair: their ids are not followed. */
  readonly follows: boolean;
  /** True when the path names one object or model, which the endpoint may not know. */
  readonly named: boolean;
  /** True when the reply must be a JSON object. */
  readonly json: boolean;
  readonly stream: StreamKind;
}

interface Row extends Pick<Operation, 'place' | 'creates' | 'stream'> {
  /** Segments below the first that are not ids. */
  readonly words?: string;
  /** Words whose next segment is no id but a name within the object before, such as the number of a version. */
  readonly names?: string;
  /** Objects are read by GET at their path; below these words, or with `''` right below the first segment, they are not. */
  readonly unread?: string;
  /** True: objects stand below its words alone; what else stands right below it is a path of a vendor's own. */
  readonly below?: true;
  /** False: whatever stands in the path is the account's own affair, or no object at all. */
  readonly follows?: false;
}

const anywhere: Row = { place: 'anywhere', creates: false, stream: 'other' };
const nameless: Row = { ...anywhere, follows: false };
const account: Row = { place: 'home', creates: true, stream: 'other' };
const admin: Row = {
  ...account,
  follows: false,
  words:
    'users groups roles invites admin_api_keys external_keys workload_identity_providers federation_rules external_storage spend_alerts certificates projects service_accounts api_keys',
};

/** First path segment → row. */
const TABLE: Readonly<Record<string, Row>> = {
  chat: { ...anywhere, stream: 'chat', words: 'completions messages', below: true },
  completions: { ...nameless, stream: 'completions' },
  responses: { ...anywhere, stream: 'responses', words: 'compact input_tokens input_items cancel' },
  decisions: nameless,
  embeddings: nameless,
  moderations: nameless,
  content_provenance_checks: nameless,
  images: { ...nameless, stream: 'media', words: 'generations edits variations' },
  audio: {
    ...anywhere,
    stream: 'media',
    words: 'speech transcriptions translations voices voice_consents',
    unread: 'voices',
    below: true,
  },
  models: { ...anywhere, follows: false },
  conversations: { ...anywhere, creates: true, stream: 'assistants', words: 'items' },
  // Runs need an assistant, which is made at home; a thread elsewhere could have none.
  threads: { ...account, stream: 'assistants', words: 'runs messages steps cancel submit_tool_outputs' },
  assistants: account,
  files: { ...account, words: 'content' },
  uploads: { ...account, words: 'parts complete cancel', unread: ' parts' },
  batches: { ...account, words: 'cancel' },
  vector_stores: { ...account, words: 'files file_batches search content cancel' },
  fine_tuning: {
    ...account,
    words: 'jobs checkpoints permissions events cancel pause resume alpha graders run validate',
    unread: 'permissions',
  },
  containers: { ...account, words: 'files content' },
  evals: { ...account, words: 'runs output_items cancel' },
  videos: { ...account, words: 'edits extensions remix characters content' },
  skills: { ...account, words: 'versions content', names: 'versions' },
  realtime: {
    ...account,
    words: 'sessions transcription_sessions translations client_secrets calls accept hangup refer reject',
    unread: 'calls',
  },
  live: { ...account, words: 'sessions accept content fork hangup refer reject', unread: 'sessions' },
  chatkit: { ...account, words: 'sessions threads items cancel', unread: 'sessions' },
  agents: {
    ...account,
    words:
      'sessions subagents turns traces environments templates automations invocations artifacts items events files content pause resume',
  },
  vaults: { ...account, words: 'credentials' },
  organization: admin,
  projects: admin,
  safety: { ...account, words: 'alerts cases' },
  webhook_endpoints: { ...account, words: 'rotate_secret test' },
  webhook_event_types: account,
};

/** Every operation name that an endpoint's `operations` may list; `other` stands for paths not in the table. */
export const operationNames: ReadonlySet<string> = new Set([...Object.keys(TABLE), 'other']);

const OTHER: Row = anywhere;

/** Last segments that act on an object instead of making one. */
const ACTIONS = new Set(
  'cancel complete submit_tool_outputs search pause resume run validate accept hangup refer reject'.split(' '),
);

const FINE_TUNED = 'ft:';

/** A fine-tuned model exists on the account that made it. */
export function fineTuned(model: string): OwnedId | undefined {
  return model.startsWith(FINE_TUNED) ? { id: model, readAt: `/models/${encodeURIComponent(model)}` } : undefined;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

const listOf = (words = '') => words.split(' ');

function idsIn(segments: readonly string[], row: Row, isId: (index: number) => boolean): OwnedId[] {
  const unread = row.unread === undefined ? [] : listOf(row.unread);
  return segments.flatMap((segment, index) => {
    if (!isId(index)) return [];
    const id = decoded(segment);
    const model = fineTuned(id);
    if (model) return [model];
    const before = segments[index - 1] as string;
    const shown = !unread.includes(index === 1 ? '' : before);
    return [{ id, readAt: shown ? `/${segments.slice(0, index + 1).join('/')}` : undefined }];
  });
}

function describe(method: string, path: string): Operation {
  const segments = (path.split(/[?#]/, 1)[0] ?? '').split('/').filter(Boolean);
  const first = segments[0] ?? '';
  const known = Object.hasOwn(TABLE, first);
  const row = known ? (TABLE[first] as Row) : OTHER;
  const [words, names] = [listOf(row.words), listOf(row.names)];
  const isWord = (index: number) => words.includes(segments[index] as string);
  const isName = (index: number) => !isWord(index) && names.includes(segments[index - 1] as string);
  const isId = (index: number) => known && index > (row.below ? 1 : 0) && !isWord(index) && !isName(index);
  const below = segments.slice(1);
  const end = segments.length - 1;
  const last = segments[end] ?? '';
  const voices = first === 'audio' && (below[0] === 'voices' || below[0] === 'voice_consents');
  const named = known && below.some((_, index) => !isWord(index + 1));
  // The model in /models/{model} is an object only when the account made it; its name may hold slashes.
  const model = first === 'models' ? fineTuned(decoded(below.join('/'))) : undefined;
  return {
    name: known ? first : 'other',
    route: `${method} ${known ? [first, ...below.filter((_, index) => isWord(index + 1))].join('/') : 'other'}`,
    place: voices || (first === 'models' && method === 'delete') ? 'home' : row.place,
    creates: method === 'post' && (row.creates || voices) && (end === 0 || isWord(end)) && !ACTIONS.has(last),
    ids: model ? [model] : row.follows === false ? [] : idsIn(segments, row, isId),
    follows: row.follows !== false,
    named,
    json: known && first !== 'audio' && last !== 'content',
    stream: first === 'messages' && end === 0 ? 'messages' : row.stream,
  };
}

/** By method, then by path: a text put together of both would be read letter by letter at each call. */
const remembered = new Map<string, Map<string, Operation>>();
let count = 0;

/**
 * What a call to `method path` means. Pure; the table's paths that name nothing are remembered, at most 500 of them. Others
 * are not: whoever has many of those would fill the memory, and each chat call would be looked up anew.
 * @param method HTTP method, lower case.
 * @param path path below the base URL, with or without a query.
 */
export function operationOf(method: string, path: string): Operation {
  const known = remembered.get(method);
  const before = known?.get(path);
  if (before) return before;
  const operation = describe(method, path);
  const lasting = operation.name !== 'other' && operation.ids.length === 0 && !operation.named && !path.includes('?');
  if (lasting && count < 500) {
    count += 1;
    remembered.set(method, (known ?? new Map<string, Operation>()).set(path, operation));
  }
  return operation;
}
