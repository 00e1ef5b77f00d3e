/**
 * How an endpoint of Anthropic's is asked: its own API takes the key in another header than the one it has for OpenAI's clients. Why
 * at the very end: up to there both are the same endpoint with the same key, one breaker and one cooldown.
 */
const OWN_PATH = /\/messages(\/count_tokens)?$/;
const CHAT_PATH = /\/chat\/completions\//;

/** The version of the API, for callers who name none. */
export const ANTHROPIC_VERSION = '2023-06-01';

/** A fetch for endpoints of Anthropic's. */
export const anthropicFetch: typeof fetch = (input, init = {}) => {
  const { pathname } = new URL(input instanceof Request ? input.url : input);
  if (!OWN_PATH.test(pathname) || CHAT_PATH.test(pathname)) return fetch(input, init);
  const headers = new Headers(init.headers);
  const key = /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '')?.[1];
  if (key !== undefined) {
    headers.delete('authorization');
    headers.set('x-api-key', key);
  }
  if (!headers.has('anthropic-version')) headers.set('anthropic-version', ANTHROPIC_VERSION);
  return fetch(input, { ...init, headers });
};
