// The parts of the bench, by name, in the order in which they run.
import type { Outcome } from './outcome.ts';
import { endpoints } from './parts/endpoints.ts';
import { gateway } from './parts/gateway.ts';
import { heap } from './parts/heap.ts';
import { load } from './parts/load.ts';
import { otel } from './parts/otel.ts';
import { own } from './parts/own.ts';
import { weight } from './parts/package.ts';
import { pick } from './parts/pick.ts';
import { redis } from './parts/redis.ts';
import { vision } from './parts/vision.ts';
import type { Setting } from './setting.ts';

/** One part. */
export interface Part {
  readonly does: string;
  /** Too long for a quick run, which leaves it out unless it is asked for by name. */
  readonly long?: true;
  run(setting: Setting): Promise<Outcome>;
}

const OURS = ['raw', 'standard', 'fast', 'one', 'fast-fetch', 'control'] as const;

/** All of them. */
export const parts = {
  chat: {
    does: 'plain calls, 1, 16, 64 and 256 at once',
    run: (setting) => {
      const [atOnce, rounds] = [
        [1, 16, 64, 256],
        [31, 7],
      ] as const;
      return load(
        { title: 'Plain calls', about: 'chat', what: 'chat', names: OURS, peers: true, atOnce, rounds },
        setting,
      );
    },
  },
  tls: {
    does: 'plain calls over TLS, 16 and 64 at once',
    long: true,
    run: (setting) => {
      const [atOnce, rounds] = [
        [16, 64],
        [11, 7],
      ] as const;
      const names = ['raw', 'standard', 'fast', 'control'] as const;
      return load(
        { title: 'Over TLS', about: 'tls', what: 'chat', secure: true, names, peers: false, atOnce, rounds },
        setting,
      );
    },
  },
  stream: {
    does: 'streams of 200 chunks, 1 and 16 at once',
    run: (setting) => {
      const [atOnce, rounds] = [
        [1, 16],
        [31, 7],
      ] as const;
      return load(
        { title: 'Streams of 200 chunks', about: 'stream', what: 'stream', names: OURS, peers: true, atOnce, rounds },
        setting,
      );
    },
  },
  own: { does: 'what the package does itself, with a fetch that answers by itself', run: own },
  otel: { does: 'what being told to OpenTelemetry costs while no SDK is registered', run: otel },
  heap: { does: 'heap of a call under way, 1,000 held open', run: heap },
  vision: { does: 'bodies of 20 MB with failover: made into text how often, stalls of the event loop', run: vision },
  endpoints: { does: '1,000 endpoints: construction, heap, timers, idle CPU', run: endpoints },
  package: { does: 'import time and size of the package', run: weight },
  pick: { does: 'what a pick costs by size of the pool', long: true, run: pick },
  redis: { does: 'what sharing state through Redis costs, and calls while it is away', long: true, run: redis },
  gateway: { does: 'the gateway beside nginx, a bare pass-through and one of npm', run: gateway },
} as const satisfies Readonly<Record<string, Part>>;

export type PartName = keyof typeof parts;
export const partNames = Object.keys(parts) as PartName[];
