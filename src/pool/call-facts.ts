/** A call as strategies see it. */
import type { Call } from '../call/call.ts';
import type { Clock } from '../clock.ts';
import type { StrategyCall } from '../strategy/strategy.ts';

/** What a strategy is told of a call. Why a class: looking at the clock takes longer than most picks, so only who asks for the time pays. */
export class CallFacts implements StrategyCall {
  readonly operation: string;
  readonly model: string | undefined;
  readonly stream: boolean;
  readonly #clock: Pick<Clock, 'now'>;

  constructor({ operation, model, stream }: Call, clock: Pick<Clock, 'now'>) {
    this.operation = operation.name;
    this.model = model;
    this.stream = stream;
    this.#clock = clock;
  }

  get now(): number {
    return this.#clock.now();
  }
}
