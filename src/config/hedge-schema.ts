/** The run-time shape of `hedge`: of the pool's option and of what `balancer.with` takes. */
import { defaults } from './defaults.ts';
import { lazily, number, orFalse, strict } from './fields.ts';

const { budget, quantile, minDelay } = defaults.hedge;

/** How calls are hedged, or `false`. */
export const hedge = lazily(() =>
  orFalse(
    strict({
      budget: number('a number from 0 to 1', 0, 1).default(budget),
      quantile: number('a number from 0.5 to 0.999', 0.5, 0.999).default(quantile),
      minDelay: number('a duration in ms of 0 or more', 0).default(minDelay),
    }),
  ),
);
