/** The gateway's own connections to its endpoints: one set for each origin, for all configurations. */
import { Pool } from 'undici';
import { checkOptions } from '../../transport/transport-options.ts';

const pools = new Map<string, Pool>();

/** The connections to an origin; as many as there are calls at a time, kept open for the next ones. */
export function connectionsTo(origin: string): Pool {
  let pool = pools.get(origin);
  if (!pool) {
    const { connectTimeout, headersTimeout, bodyTimeout } = checkOptions({});
    // HTTP/2 costs more CPU than it saves connections.
    pool = new Pool(origin, { connect: { timeout: connectTimeout }, headersTimeout, bodyTimeout, allowH2: false });
    pools.set(origin, pool);
  }
  return pool;
}
