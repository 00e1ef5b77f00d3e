/** The admin API: the only place that fetches. Every failure is an `ApiError`; what it says is shown as text. */
import { adminKey } from './session.ts';
import type { Issue } from './shapes.ts';

/** What the gateway refused, or that it could not be reached. */
export class ApiError extends Error {
  /** 0: there was no reply. */
  readonly status: number;
  readonly code: string;
  readonly issues: readonly Issue[];

  constructor(status: number, message: string, code = '', issues: readonly Issue[] = []) {
    super(message);
    this.status = status;
    this.code = code;
    this.issues = issues;
  }
}

/** How long a reply may take, in ms. A test call takes as long as its model. */
const PATIENCE = 15_000;
const TEST_PATIENCE = 120_000;

interface ErrorBody {
  readonly error?: { readonly message?: string; readonly code?: string; readonly issues?: readonly Issue[] };
}

async function send(method: string, path: string, body: unknown): Promise<unknown> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (adminKey.value !== undefined) headers.authorization = `Bearer ${adminKey.value}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const signal = AbortSignal.timeout(path.endsWith('/test') ? TEST_PATIENCE : PATIENCE);
  let response: Response;
  let text: string;
  try {
    response = await fetch(`/admin${path}`, {
      ...{ method, headers, signal, cache: 'no-store', credentials: 'omit', redirect: 'error' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    text = await response.text();
  } catch {
    throw new ApiError(0, '');
  }
  let parsed: unknown;
  try {
    parsed = text === '' ? undefined : JSON.parse(text);
  } catch {
    throw new ApiError(response.status, text.slice(0, 500));
  }
  if (response.ok) return parsed;
  const { message = response.statusText, code, issues } = (parsed as ErrorBody | undefined)?.error ?? {};
  throw new ApiError(response.status, message, code, issues);
}

/** Reads. */
export const get = <Shape>(path: string): Promise<Shape> => send('GET', path, undefined) as Promise<Shape>;
/** Writes as a whole. */
export const put = (path: string, body: object): Promise<unknown> => send('PUT', path, body);
/** Does something. */
export const post = <Shape>(path: string, body?: object): Promise<Shape> =>
  send('POST', path, body ?? {}) as Promise<Shape>;
/** Deletes. */
export const remove = (path: string): Promise<unknown> => send('DELETE', path, undefined);
/** A path from names that may hold anything. */
export const at = (folder: string, name: string): string => `/${folder}/${encodeURIComponent(name)}`;
