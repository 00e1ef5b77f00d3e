/** Gets hold of undici, which the user installs beside this package. */
import { createRequire } from 'node:module';
import type * as Undici from 'undici';
import { ConfigurationError } from '../errors.ts';

let loaded: typeof Undici | undefined;

/** Node runs undici; other runtimes have a fetch of their own, which they are best at. */
export const runsUndici: boolean =
  typeof process === 'object' &&
  process.versions?.node !== undefined &&
  !('bun' in process.versions) &&
  !('Deno' in globalThis);

/** The user's undici. @throws ConfigurationError when it is not installed, or does not run on this version of Node. */
export function loadUndici(): typeof Undici {
  if (loaded) return loaded;
  try {
    loaded = createRequire(import.meta.url)('undici') as typeof Undici;
    return loaded;
  } catch (error) {
    const missing = (error as { code?: unknown }).code === 'MODULE_NOT_FOUND';
    const why = missing
      ? 'needs the package undici, which is not installed: npm install undici'
      : `could not load undici on Node ${process.versions.node}; undici 8 needs 22.19, undici 7 runs on 20.19 as well`;
    const problem = new ConfigurationError('missing_package', `The fast transport ${why}.`);
    problem.cause = error;
    throw problem;
  }
}
