/** A call as strategies see it. */
import type { Call } from '../call/call.ts';
import type { Clock } from '../clock.ts';
import type { StrategyCall } from '../strategy/strategy.ts';

/** What a strategy is told of a call. Why a class: looking at the clock or measuring a prompt takes longer than most picks, so only who asks pays. */
export class CallFacts implements StrategyCall {
  readonly operation: string;
  readonly model: string | undefined;
  readonly stream: boolean;
  readonly #demand: Call['demand'];
  readonly #clock: Pick<Clock, 'now'>;

  constructor({ operation, model, stream, demand }: Call, clock: Pick<Clock, 'now'>) {
    this.operation = operation.name;
    this.model = model;
    this.stream = stream;
    this.#demand = demand;
    this.#clock = clock;
  }

  get tokens(): number {
    return this.#demand.prompt;
  }

  get now(): number {
    return this.#clock.now();
  }
}
