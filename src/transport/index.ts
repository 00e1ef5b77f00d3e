/** `load-balanced-openai/transport`: a `fetch` that costs less. */
export { type FastFetch, fastFetch } from './fast-fetch.ts';
export type { FastFetchOptions } from './transport-options.ts';
