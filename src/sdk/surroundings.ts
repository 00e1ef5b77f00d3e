/** The steering of the code that runs now: set by `balancer.run`, read as a call begins. Why a store of its own per pool: endpoint names mean nothing elsewhere. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Steering } from '../call/steering.ts';

/** What surrounds the calls of one pool. Costs nothing before the first `run`. */
export class Surroundings {
  #store: AsyncLocalStorage<Steering> | undefined;

  /** What steers the calls made here; `undefined` = nothing. */
  get steering(): Steering | undefined {
    return this.#store?.getStore();
  }

  /** Runs `work`; every call made inside it, however deep and late, is steered. */
  run<Result>(steering: Steering, work: () => Result): Result {
    this.#store ??= new AsyncLocalStorage();
    return this.#store.run(steering, work);
  }
}
