/** The gateway's own connections to its endpoints: one set for each origin, for all configurations. */
import type { Pool } from 'undici';
import { checkOptions } from '../../transport/transport-options.ts';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

/** This Node is one that undici runs on, from 22.19 on. Why not tried: half of it loaded would get in the way of the fetch of older ones. */
const undici = major > 22 || (major === 22 && minor >= 19) ? await import('undici') : undefined;

/** There can be connections at all; where not, calls go over fetch. */
export const canConnect: boolean = undici !== undefined;

/** Configurations come and go; of the origins that they named so many are kept. */
export const MOST_ORIGINS = 500;
const pools = new Map<string, Pool>();

/** The oldest goes: calls that run there end, and the next one there connects anew. */
function makeRoom(): void {
  if (pools.size < MOST_ORIGINS) return;
  const [origin, pool] = pools.entries().next().value as [string, Pool];
  pools.delete(origin);
  void pool.close();
}

/** The connections to an origin; as many as there are calls at a time, kept open for the next ones. */
export function connectionsTo(origin: string): Pool {
  let pool = pools.get(origin);
  if (!pool) {
    if (!undici) throw new Error('undici needs Node 22.19');
    const { connectTimeout, headersTimeout, bodyTimeout } = checkOptions({});
    // HTTP/2 costs more CPU than it saves connections.
    pool = new undici.Pool(origin, {
      connect: { timeout: connectTimeout },
      headersTimeout,
      bodyTimeout,
      allowH2: false,
    });
    makeRoom();
    pools.set(origin, pool);
  }
  return pool;
}
