/** What an endpoint's state is in one word, and what goes with the word. Pure. */
import type { EndpointState } from './shapes.ts';

/** The words. */
export type StateWord = 'eligible' | 'ejected' | 'probing' | 'cooling' | 'drained' | 'excluded';

/** A word, why, and how long it lasts. */
export interface StateFacts {
  readonly is: StateWord;
  readonly reason?: string;
  readonly msLeft?: number;
}

/** The state that counts: what takes the endpoint out altogether goes before what concerns one model. */
export function stateOf({ drained, breaker, cooldowns, excluded, headroom }: EndpointState): StateFacts {
  if (drained) return { is: 'drained' };
  if (breaker === 'half-open') return { is: 'probing' };
  if (breaker === 'open') return { is: 'ejected' };
  const whole = cooldowns.filter(({ model }) => model === null);
  const longest = whole.reduce<(typeof whole)[number] | undefined>(
    (found, each) => (found && found.msLeft >= each.msLeft ? found : each),
    undefined,
  );
  if (longest) return { is: 'cooling', reason: longest.reason, msLeft: longest.msLeft };
  const [first] = [...cooldowns].sort((a, b) => a.msLeft - b.msLeft);
  if (excluded !== null && !first) return { is: 'excluded', reason: excluded };
  // Of the models that calls ask of it none is left.
  const cools = ({ model }: { readonly model: string }) => cooldowns.some((each) => each.model === model);
  if (first && (excluded !== null || (headroom.length > 0 && headroom.every(cools))))
    return { is: 'cooling', reason: excluded ?? first.reason, msLeft: first.msLeft };
  return { is: 'eligible' };
}
