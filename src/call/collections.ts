/**
 * The lists of what an account holds. Each endpoint has its own part of such a list; all parts together are the list of the pool.
 * Left out: what belongs to an organization or a project, which is asked about at home, and lists below an id, which go to its owner.
 */

/** One list of an account. */
export interface Collection {
  /** The path, such as `fine_tuning/jobs`. */
  readonly path: string;
  /** The order by time when the caller names none. */
  readonly order: 'asc' | 'desc';
  /** Items of a page when the caller names no number. */
  readonly limit: number;
}

const NEWEST_FIRST = { order: 'desc', limit: 20 } as const;
/** The API's own default for these; an endpoint that shows them otherwise is told. */
const OLDEST_FIRST = { order: 'asc', limit: 20 } as const;

const TABLE: Readonly<Record<string, Omit<Collection, 'path'>>> = {
  files: { order: 'desc', limit: 10_000 },
  batches: NEWEST_FIRST,
  vector_stores: NEWEST_FIRST,
  assistants: NEWEST_FIRST,
  'fine_tuning/jobs': NEWEST_FIRST,
  containers: NEWEST_FIRST,
  videos: NEWEST_FIRST,
  skills: NEWEST_FIRST,
  evals: OLDEST_FIRST,
  'chat/completions': OLDEST_FIRST,
  'audio/voices': NEWEST_FIRST,
  'audio/voice_consents': NEWEST_FIRST,
  'chatkit/threads': NEWEST_FIRST,
  agents: NEWEST_FIRST,
  'agents/sessions': NEWEST_FIRST,
  'agents/automations': NEWEST_FIRST,
  'agents/environments': NEWEST_FIRST,
  'agents/environments/templates': NEWEST_FIRST,
  vaults: NEWEST_FIRST,
  // Not by time, and all at once.
  models: { order: 'desc', limit: Number.POSITIVE_INFINITY },
};

/** Every path of the table. */
export const collectionPaths: readonly string[] = Object.keys(TABLE);

/** The list that a `GET` of this path asks for, if it is one of the account's. @param path below the base URL, with or without a query */
export function collectionOf(path: string): Collection | undefined {
  const plain = (path.split(/[?#]/, 1)[0] ?? '').split('/').filter(Boolean).join('/');
  return Object.hasOwn(TABLE, plain) ? { path: plain, ...(TABLE[plain] as Omit<Collection, 'path'>) } : undefined;
}
