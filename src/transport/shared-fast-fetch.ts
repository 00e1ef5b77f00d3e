/** The fast fetch of `transport: 'fast'`: one for all clients of the process, so that a client built per call finds warm connections. */
import { type FastFetch, fastFetch } from './fast-fetch.ts';

let shared: FastFetch | undefined;

/** @throws ConfigurationError when undici is not installed. */
export function sharedFastFetch(): FastFetch {
  shared ??= fastFetch();
  return shared;
}
