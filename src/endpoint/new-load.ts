/** An attempt as it begins. */
import type { Load } from './live-facts.ts';

/** After how many ms without a byte an attempt is late, as one in twenty is, and when it waits too long; one number = the same. */
export type Slowness = number | { readonly late: number; readonly slow: number };

type Facts = Pick<Load, 'model' | 'neighbours' | 'stream' | 'record' | 'startedAt' | 'permits'>;

/** What an endpoint keeps of a new attempt. */
export function newLoad({ model, neighbours, stream, record, startedAt, permits }: Facts, when: Slowness): Load {
  const { late, slow } = typeof when === 'number' ? { late: when, slow: when } : when;
  return {
    model,
    asked: model,
    quotaGroup: undefined,
    stream,
    neighbours,
    record,
    startedAt,
    permits,
    slowAt: startedAt + slow,
    lateAt: startedAt + late,
    running: true,
    judged: false,
    probes: false,
    beaten: undefined,
    answered: false,
    waits: true,
    held: undefined,
    place: undefined,
    unheard: undefined,
  };
}
