/** The library's options as a file can hold them: everything that is data, functions left out. Part of the gateway's schema. */
import { z } from 'zod';
import { expected, strict, text, word } from '../../config/fields.ts';
import { poolOptions } from '../../config/schema.ts';
import { clientFields } from '../../config/sdk-options.ts';
import { strategyNames } from '../../strategy/named.ts';

const names = strategyNames as readonly [string, ...string[]];
const inner = names.filter((name) => name !== 'priority') as unknown as readonly [string, ...string[]];

const KNOWN = `${names.map((name) => `'${name}'`).join(', ')}, or { priority: name }`;

/** A strategy by name. */
export const strategy = z
  .union([word('a strategy', names), strict({ priority: word('a strategy', inner) })], {
    error: (issue) =>
      typeof issue.input === 'string'
        ? word('a strategy', names).safeParse(issue.input).error?.issues[0]?.message
        : expected(KNOWN).error(issue),
  })
  .describe('Who gets the next call.');

const {
  strategy: _strategy,
  clock: _clock,
  classify: _classify,
  observers: _observers,
  store: _store,
  ...ofPool
} = poolOptions().shape;
const { baseURL, organization, project, defaultHeaders, defaultQuery, timeout, maxRetries } = clientFields().shape;

/** Settings that are one endpoint's, whoever asks it: a group cannot have others, or its endpoints would be others as well. */
const { breaker, modelMaps, affinity, transport, shareState, pinnedModels, lists, fallbacks, ...ofCalls } = ofPool;

const optional = <Shape extends Record<string, z.ZodType>>(shape: Shape) =>
  Object.fromEntries(Object.entries(shape).map(([name, schema]) => [name, schema.optional()])) as {
    [Name in keyof Shape]: z.ZodOptional<Shape[Name]>;
  };

/** Options that say how calls are made: a group may have its own. */
export const callFields = {
  strategy: strategy.optional(),
  timeout: timeout.describe('Deadline of a call over all attempts and waits, in ms.'),
  maxRetries: maxRetries.describe('How often a call may wait and go again.'),
  ...optional(ofCalls),
};

/** Options beside `endpoints`. */
export const poolFields = {
  ...callFields,
  ...optional({ breaker, modelMaps, affinity, transport, shareState, pinnedModels, lists, fallbacks }),
  apiKey: text('a key').optional().describe('The key of endpoints that name neither an address nor a key.'),
  baseURL,
  organization,
  project,
  defaultHeaders,
  defaultQuery,
};
