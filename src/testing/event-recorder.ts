/**
 * Writes down every event of a client, so that a test can ask afterwards what happened, or wait until it does.
 */
import type { BalancerEvent, EventName } from '../index.ts';
import { waiters } from './waiters.ts';

/** What the recorder needs of a client. */
interface Listenable {
  readonly balancer: {
    on(name: '*', listener: (event: BalancerEvent) => void): unknown;
    off(name: '*', listener: (event: BalancerEvent) => void): unknown;
  };
}

type Named<Name extends EventName> = Extract<BalancerEvent, { type: Name }>;

/** The events of one client since the recording began. */
export interface EventRecorder {
  /** All of them, in order. */
  readonly all: readonly BalancerEvent[];
  /** Their names, in order. */
  names(): EventName[];
  /** Those of one name. */
  of<Name extends EventName>(name: Name): Named<Name>[];
  /** Resolves with the first event of that name, past or to come. @param ms rejects after so long; default 5,000 */
  until<Name extends EventName>(name: Name, ms?: number): Promise<Named<Name>>;
  /** Forgets what was recorded. */
  clear(): void;
  /** Records no more; what was recorded stays. */
  stop(): void;
}

/**
 * Records the events of a client from now on.
 * @example const events = recordEvents(client); … expect(events.of('failover-start')).toHaveLength(1); events.stop();
 */
export function recordEvents(client: Listenable): EventRecorder {
  const all: BalancerEvent[] = [];
  const changed = waiters();
  const listener = (event: BalancerEvent) => {
    all.push(event);
    changed.look();
  };
  const of = <Name extends EventName>(name: Name) => all.filter((event): event is Named<Name> => event.type === name);
  client.balancer.on('*', listener);
  return {
    all,
    names: () => all.map((event) => event.type),
    of,
    async until(name, ms = 5_000) {
      await changed.until(() => of(name).length > 0, ms, `event '${name}'`);
      return of(name)[0] as Named<typeof name>;
    },
    clear() {
      all.length = 0;
    },
    stop() {
      client.balancer.off('*', listener);
      changed.end();
    },
  };
}
