/** A call as strategies see it. */
import type { Call } from '../call/call.ts';
import type { Clock } from '../clock.ts';
import type { PickNote, StrategyCall } from '../strategy/strategy.ts';

/** What a strategy is told of a call. Why a class: looking at the clock or measuring a prompt takes longer than most picks, so only who asks pays. */
export class CallFacts implements StrategyCall {
  readonly operation: string;
  readonly model: string | undefined;
  readonly stream: boolean;
  readonly note: PickNote | undefined;
  readonly #clock: Pick<Clock, 'now'>;

  readonly #call: Call;

  constructor(call: Call, clock: Pick<Clock, 'now'>, note?: PickNote) {
    this.operation = call.operation.name;
    this.model = call.model;
    this.stream = call.stream;
    this.note = note;
    this.#call = call;
    this.#clock = clock;
  }

  get tokens(): number {
    return this.#call.demand.prompt;
  }

  get prefix(): number | undefined {
    return this.#call.prompt.prefix;
  }

  get stem(): number | undefined {
    return this.#call.prompt.stem;
  }

  get now(): number {
    return this.#clock.now();
  }
}
