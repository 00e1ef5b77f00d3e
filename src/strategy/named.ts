/** Strategy names for JSON and options, looked up in this one file. */
import { systemClock } from '../clock.ts';
import { headroom } from './headroom.ts';
import { leastBusy } from './least-busy.ts';
import { leastLatency } from './least-latency.ts';
import { priority } from './priority.ts';
import { promptCache } from './prompt-cache.ts';
import { random } from './random.ts';
import { roundRobin } from './round-robin.ts';
import type { Strategy } from './strategy.ts';

const NAMED: Readonly<Record<string, (chance: () => number) => Strategy>> = {
  'round-robin': () => roundRobin(),
  random,
  'least-busy': leastBusy,
  'least-latency': leastLatency,
  headroom,
  'prompt-cache': () => promptCache(),
  priority: () => priority(),
};

/** The strategy names that the `strategy` option knows. */
export const strategyNames: readonly string[] = Object.keys(NAMED);

/** A strategy by name, by `{ priority: name }`, or as a value. */
export type StrategyOption = StrategyName | 'priority' | { priority: StrategyName | Strategy } | Strategy;

/** The strategies that a priority may have inside. */
type StrategyName = 'round-robin' | 'random' | 'least-busy' | 'least-latency' | 'headroom' | 'prompt-cache';

/**
 * Turns the `strategy` option into a strategy.
 * @param chance a number in [0, 1), for strategies made by name. @default the clock's
 * @throws Error whose message says what is wrong and which names are known.
 */
export function strategyNamed(value: unknown, chance: () => number = systemClock.random): Strategy {
  if (typeof value === 'string') {
    const make = Object.hasOwn(NAMED, value) ? NAMED[value] : undefined;
    if (make) return make(chance);
    throw new Error(
      `unknown strategy "${value}"; known are ${strategyNames.join(', ')}, { priority: name }, or a value with pick()`,
    );
  }
  if (typeof value === 'object' && value !== null) {
    if (typeof (value as Partial<Strategy>).pick === 'function') return value as Strategy;
    if ('priority' in value && Object.keys(value).length === 1) {
      return priority(strategyNamed(value.priority, chance));
    }
  }
  throw new Error(
    `expected one of ${strategyNames.join(', ')}, { priority: name }, or a value with pick(candidates, call)`,
  );
}
