/** Errors in the shape of the Messages API. */
import type { ErrorFacts } from '../http/api-error.ts';
import { isObject } from './read-fields.ts';

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'timeout_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** An error as the Messages API says it. */
export interface MessageError {
  readonly type: 'error';
  readonly error: { readonly type: string; readonly message: string };
  readonly request_id?: string;
}

/** The body of an error reply. @param id the call's, where it is known. */
export function messageError({ status, message }: Pick<ErrorFacts, 'status' | 'message'>, id?: string): MessageError {
  const type = TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
  return { type: 'error', error: { type, message }, ...(id !== undefined && { request_id: id }) };
}

/** What an error reply of OpenAI's API says, however it is written. */
export function messageIn(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  const { error, message } = body;
  const inner = isObject(error) ? error.message : error;
  const found = [inner, message].find((text) => typeof text === 'string' && text !== '');
  return found as string | undefined;
}
