/** What one configuration made: its pools and keys. A call keeps the one it began with, whatever comes after. */

import type { GatewaySettings } from '../config/settings.ts';
import { Access, type AccessParts } from '../keys/access.ts';
import { guardConnects } from '../outside/guard-connects.ts';
import { GatewayPools, type PoolSurroundings } from '../pools/pools.ts';

/** A configuration at work. */
export interface Running {
  readonly settings: GatewaySettings;
  readonly pools: GatewayPools;
  readonly access: Access;
  /** Exact public names, in the user's order: what `GET /v1/models` lists; empty when the configuration names none. */
  readonly publicNames: readonly string[];
  /** Takes models that the configuration does not name. */
  readonly open: boolean;
  /** Takes no new calls; resolves when the running ones are over. */
  close(): Promise<void>;
}

/** Where endpoints are that came through the admin API, and that the file does not name as well. */
function foreignOrigins({ endpoints, admin }: GatewaySettings): string[] {
  if (admin.allowInsecure) return [];
  const originOf = ({ baseURL }: { baseURL: string }) => (URL.canParse(baseURL) ? [new URL(baseURL).origin] : []);
  const own = new Set(endpoints.filter(({ source }) => source !== 'store').flatMap(originOf));
  const stored = endpoints.filter(({ source }) => source === 'store').flatMap(originOf);
  return [...new Set(stored)].filter((origin) => !own.has(origin));
}

/** Puts a configuration to work. @throws ConfigurationError for what the library refuses. */
export function run(settings: GatewaySettings, around: PoolSurroundings, keys: AccessParts): Running {
  const { endpoints, groups, clientKeys, adminKeys } = settings;
  const named = endpoints.flatMap(({ names }) => names).filter((name) => !name.endsWith('*'));
  const pools = new GatewayPools(settings, around);
  const release = guardConnects(foreignOrigins(settings));
  return {
    settings,
    pools,
    access: new Access(clientKeys, adminKeys, keys),
    publicNames: [...new Set([...groups.map(({ name }) => name), ...named])],
    open: groups.length === 0 && endpoints.some(({ open }) => open),
    close: () => pools.close().finally(release),
  };
}
