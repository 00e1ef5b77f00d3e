/** Strategy names for JSON and options, looked up in this one file. */
import { priority } from './priority.ts';
import { random } from './random.ts';
import { roundRobin } from './round-robin.ts';
import type { Strategy } from './strategy.ts';

const NAMED: Readonly<Record<string, () => Strategy>> = {
  'round-robin': roundRobin,
  random,
  priority: () => priority(),
};

/** The strategy names that the `strategy` option knows. */
export const strategyNames: readonly string[] = Object.keys(NAMED);

/** A strategy by name, by `{ priority: name }`, or as a value. */
export type StrategyOption =
  | 'round-robin'
  | 'random'
  | 'priority'
  | { priority: 'round-robin' | 'random' | Strategy }
  | Strategy;

/**
 * Turns the `strategy` option into a strategy.
 * @throws Error whose message says what is wrong and which names are known.
 */
export function strategyNamed(value: unknown): Strategy {
  if (typeof value === 'string') {
    const make = Object.hasOwn(NAMED, value) ? NAMED[value] : undefined;
    if (make) return make();
    throw new Error(
      `unknown strategy "${value}"; known are ${strategyNames.join(', ')}, { priority: name }, or a value with pick()`,
    );
  }
  if (typeof value === 'object' && value !== null) {
    if (typeof (value as Partial<Strategy>).pick === 'function') return value as Strategy;
    if ('priority' in value && Object.keys(value).length === 1) {
      return priority(strategyNamed(value.priority));
    }
  }
  throw new Error(
    `expected one of ${strategyNames.join(', ')}, { priority: name }, or a value with pick(candidates, call)`,
  );
}
