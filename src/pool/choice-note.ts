/** The port through which a choice is taken down, by the pool and by its strategy. */
import type { Endpoint } from '../endpoint/endpoint.ts';
import type { PickNote } from '../strategy/strategy.ts';

/** Takes down a choice: who stood to choose, and what the strategy says of it. */
export interface ChoiceNote extends PickNote {
  begin(candidates: readonly Endpoint[]): void;
  /** Slow start: the first pick does not count, these stood to choose. */
  again(candidates: readonly Endpoint[]): this;
}
