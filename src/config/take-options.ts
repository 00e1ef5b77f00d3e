/** What `balancer.take` is given, checked as `with` and `run` check theirs. */
import { z } from 'zod';
import { operationNames } from '../call/operations.ts';
import type { Steering } from '../call/steering.ts';
import { check } from './check.ts';
import { expected, lazily, number, strict, text } from './fields.ts';
import { kindOf, Problems } from './problems.ts';
import { resolveSteering, type Steerable, type SteeringOptions, steeringOptions } from './steering-options.ts';
import { didYouMean } from './suggest.ts';

/** What `balancer.take` takes: what the client is for, who may be chosen, and how long to wait. */
export interface TakeOptions extends Omit<SteeringOptions, 'hedge'> {
  /** The public name of the model it is for; the endpoint must serve it. @default any */
  model?: string | undefined;
  /** An id that is used with it, such as that of a realtime call: leads to the endpoint that made it. */
  id?: string | undefined;
  /** What it is used for, as in an endpoint's `operations`. @default 'realtime' */
  operation?: string | undefined;
  /** The longest wait for an endpoint, in ms; 0 = none. @default as long as a call of the client waits */
  maxWait?: number | undefined;
  /** Ends the wait. A client that was taken stays taken. */
  signal?: AbortSignal | undefined;
}

const operations = [...operationNames];

const own = lazily(() =>
  strict({
    ...steeringOptions().omit({ hedge: true }).shape,
    model: text("a model's name").optional(),
    id: text('an id').optional(),
    operation: z
      .string(expected("an operation's name"))
      .refine((name) => operationNames.has(name), {
        error: ({ input }) =>
          `must be one of ${operations.join(', ')}; got ${kindOf(input)}${didYouMean(String(input), operations)}`,
      })
      .default('realtime'),
    maxWait: number('a duration in ms of 0 or more', 0).optional(),
    signal: z.custom<AbortSignal>((value) => value instanceof AbortSignal, expected('an AbortSignal')).optional(),
  }),
);

/** What the schema takes, for the test that compares it with `TakeOptions`. */
export type TakeInput = z.input<ReturnType<typeof own>>;

/** The options after the check. */
export interface Take {
  readonly steering: Steering;
  readonly model: string | undefined;
  readonly id: string | undefined;
  readonly operation: string;
  readonly maxWait: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Checked options of `take`.
 * @param outer what steers the client already.
 * @throws ConfigurationError naming every wrong option.
 */
export function resolveTake(options: TakeOptions, outer: Steering, endpoints: readonly Steerable[]): Take {
  const problems = new Problems();
  const given = check(own(), options, 'take', problems);
  problems.throwIfAny();
  const { model, id, operation, maxWait, signal, ...steering } = given as NonNullable<typeof given>;
  return { model, id, operation, maxWait, signal, steering: resolveSteering(steering, outer, 'take', endpoints) };
}
