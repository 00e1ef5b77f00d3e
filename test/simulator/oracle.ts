// A strategy that no client can have: it sees into the servers. What the others are measured against.
import type { Strategy } from '../../src/strategy/strategy.ts';
import type { Server } from './server.ts';

/** Picks the server that will answer first; among equals, the one with the least to do. */
export function oracle(servers: ReadonlyMap<string, Server>): Strategy {
  return {
    name: 'oracle',
    pick: (candidates) =>
      candidates.reduce((best, each) => {
        const [a, b] = [servers.get(each.name) as Server, servers.get(best.name) as Server];
        return a.slowness < b.slowness || (a.slowness === b.slowness && a.load < b.load) ? each : best;
      }),
  };
}
