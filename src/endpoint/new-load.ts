/** An attempt as it begins. */
import type { Load } from './live-facts.ts';

/** What an endpoint keeps of a new attempt. */
export function newLoad(
  facts: Pick<Load, 'model' | 'neighbours' | 'stream' | 'record' | 'startedAt' | 'slowAt' | 'permits'>,
): Load {
  return { ...facts, running: true, judged: false, outrun: false, answered: false, waits: true, held: undefined };
}
