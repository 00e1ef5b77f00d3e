/** The run-time shape of the library's own options, each with its default. The first thing the options of a client meet. */
import { z } from 'zod';
import { type Clock, systemClock } from '../clock.ts';
import type { Observer } from '../observe/events.ts';
import { type SharedStore, storeMembers } from '../state/shared-store.ts';
import { type StrategyOption, strategyNamed, strategyNames } from '../strategy/named.ts';
import { breaker } from './breaker-schema.ts';
import { defaults } from './defaults.ts';
import type { EndpointOptions } from './endpoint-options.ts';
import { fallbacks } from './fallback-schema.ts';
import {
  duration,
  expected,
  flag,
  func,
  lazily,
  number,
  orFalse,
  percentage,
  strict,
  text,
  whole,
  word,
} from './fields.ts';
import { hedge } from './hedge-schema.ts';
import { modelMap } from './model-map-schema.ts';
import type { ClassifyHook } from './options.ts';
import { kindOf } from './problems.ts';
import { didYouMean } from './suggest.ts';

/** The endpoint types of `type` and `modelMaps`. */
export const endpointTypes = ['openai', 'azure'] as const;

const KNOWN = `${strategyNames.map((name) => `'${name}'`).join(', ')}, { priority: name }, or a value with pick(candidates, call)`;

const strategy = () =>
  z
    .unknown()
    .transform((value, context) => {
      try {
        return strategyNamed(value);
      } catch (error) {
        const nested = typeof value === 'object' && value !== null && 'priority' in value ? value.priority : value;
        const twice = /priority inside a priority/.test((error as Error).message);
        const near = typeof nested === 'string' && !twice ? didYouMean(nested, strategyNames) : '';
        // A plain word is no secret.
        const got = typeof value === 'string' && /^[a-z-]{1,20}$/.test(value) ? `'${value}'` : kindOf(value);
        const message = `must be one of ${KNOWN}${twice ? '; no priority inside a priority' : ''}; got ${got}${near}`;
        context.addIssue({ code: 'custom', message, params: { code: 'unknown_strategy' } });
        return z.NEVER;
      }
    })
    .prefault(defaults.strategy);

const clock = () =>
  z.custom<Clock>(
    (value) =>
      typeof value === 'object' &&
      value !== null &&
      (['now', 'date', 'random', 'after'] as const).every((name) => typeof (value as Clock)[name] === 'function'),
    expected('a clock with now, date, random and after'),
  );

const missingIn = (store: object) => storeMembers.filter((name) => typeof store[name as never] !== 'function');

const store = () =>
  z.custom<SharedStore>((value) => typeof value === 'object' && value !== null && missingIn(value).length === 0, {
    error: ({ input }) => {
      const what = `must be a store with the functions ${storeMembers.join(', ')}`;
      if (typeof input !== 'object' || input === null || Array.isArray(input) || 'then' in input)
        return `${what}; got ${kindOf(input)}`;
      return `${what}; missing are ${missingIn(input).join(', ')}`;
    },
  });

const AUTO = "a duration in ms above 0, or 'auto'";
const { rescue, slowStart, retryBudget, waitingRoom, panic } = defaults;

const shape = () => ({
  strategy: strategy(),
  maxAttempts: whole('a whole number of 1 or more', 1).optional(),
  failover: flag().default(defaults.failover),
  attemptTimeout: z.union([z.literal('auto'), duration(AUTO)], expected(AUTO)).default(defaults.attemptTimeout),
  streamIdleTimeout: duration().default(defaults.streamIdleTimeout),
  rescue: orFalse(
    strict({
      after: duration().default(rescue.after),
      factor: number('a number of 1 or more', 1).default(rescue.factor),
    }),
  ).prefault({}),
  hedge: hedge().default(false),
  breaker: breaker(),
  slowStart: orFalse(
    strict({
      initialPercentage: percentage().default(slowStart.initialPercentage),
      duration: number('a duration in ms of 0 or more', 0).default(slowStart.duration),
      successes: whole('a whole number of 0 or more', 0).default(slowStart.successes),
    }),
  ).prefault({}),
  retryBudget: orFalse(
    strict({
      ratio: number('a number from 0 to 10', 0, 10).default(retryBudget.ratio),
      minPerSecond: number('a number of 0 or more', 0).default(retryBudget.minPerSecond),
    }),
  ).prefault({}),
  waitingRoom: orFalse(
    strict({
      maxWaiting: whole('a whole number of 0 or more', 0).default(waitingRoom.maxWaiting),
      maxWait: number('a duration in ms of 0 or more', 0).default(waitingRoom.maxWait),
    }),
  ).prefault({}),
  panic: orFalse(strict({ k: number('a number of 1 or more', 1).default(panic.k) })).prefault({}),
  affinity: strict({
    home: text("an endpoint's name").optional(),
    spread: flag().default(false),
    cache: z.union([z.literal('auto'), z.literal(false)], expected("'auto' or false")).default(defaults.affinity.cache),
    storeTimeout: number('a duration in ms of 0 or more', 0).default(defaults.affinity.storeTimeout),
  }).prefault({}),
  lists: strict({ strict: flag().default(defaults.lists.strict) }).prefault({}),
  modelMaps: strict({ openai: modelMap().optional(), azure: modelMap().optional() }).prefault({}),
  pinnedModels: flag().default(defaults.pinnedModels),
  failoverOn: z
    .array(
      word('an error that may move', ['content-filter', 'context-length', 'unsupported-parameter']),
      expected('an array'),
    )
    .default([]),
  fallbacks: fallbacks().optional(),
  classify: func<ClassifyHook>('a function (outcome, call) => verdict').optional(),
  maxResponseBytes: whole('a whole number of bytes above 0', 1).default(defaults.maxResponseBytes),
  transport: z.enum(['standard', 'fast'], expected("'standard' or 'fast'")).default(defaults.transport),
  shareState: flag().default(defaults.shareState),
  store: store().optional(),
  observers: z.array(func<Observer>('a function (event) => void'), expected('an array of functions')).default(() => []),
  clock: clock().default(() => systemClock),
});

/** The options of the pool, `endpoints` aside, which are checked one by one. */
export const poolOptions = lazily(() => strict(shape()));

/** The names of the pool's options. */
export const poolKeys = lazily((): ReadonlySet<string> => new Set([...Object.keys(poolOptions().shape), 'endpoints']));

/** What `poolOptions` takes, for the test that compares it with `PoolOptions`. */
export type PoolInput = Omit<z.input<ReturnType<typeof poolOptions>>, 'strategy'> & {
  strategy?: StrategyOption | undefined;
  endpoints?: readonly EndpointOptions[] | undefined;
};
