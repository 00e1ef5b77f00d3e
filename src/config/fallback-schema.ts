/**
 * The shape of `fallbacks`: model lists at the top, and two more by why a model refused the call. What could never be asked is
 * refused here: an empty list, a model in place of itself, models that stand in for each other in a circle.
 */
import { z } from 'zod';
import type { FallbackOptions, ModelLists } from './fallback-options.ts';
import { expected, lazily, text } from './fields.ts';
import { modelPattern } from './model-map-schema.ts';
import { kindOf } from './problems.ts';
import type { Fallbacks } from './settings.ts';
import { didYouMean } from './suggest.ts';

const LIST = "an array of model names, such as ['gpt-5-mini']";
const LISTS = "an object such as { 'gpt-5': ['gpt-5-mini'] }";

const list = lazily(() =>
  z
    .array(
      text('a model name').refine((name) => !name.includes('*'), {
        error: "must be one model's name, without '*'; $1 stands for what * of the key matched",
      }),
      expected(LIST),
    )
    .min(1, { error: 'is empty; name at least one model, or leave the entry out' }),
);

const lists = lazily(() => z.record(modelPattern(), list(), expected(LISTS)));

/** The way from `model` back to itself, if its lists lead there. */
function circleOf(model: string, lists: ModelLists): string[] | undefined {
  const seen = new Set<string>();
  const walk = (way: string[]): string[] | undefined => {
    const last = way.at(-1) as string;
    for (const next of Object.hasOwn(lists, last) ? (lists[last] as readonly string[]) : []) {
      if (next === model) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk([...way, next]);
      if (found) return found;
    }
    return undefined;
  };
  return walk([model]);
}

type Report = (path: PropertyKey[], message: string) => void;

function refuseCircles(lists: ModelLists, base: PropertyKey[], report: Report): void {
  const told = new Set<string>();
  for (const [model, others] of Object.entries(lists)) {
    const twice = others.findIndex((name, index) => others.indexOf(name) < index);
    if (twice >= 0) report([...base, model, twice], 'stands in the list already; a call asks each model once');
    const circle = circleOf(model, lists);
    if (circle?.length === 2) report([...base, model], 'names the model itself; name another one');
    else if (circle && !circle.some((each) => told.has(each)))
      report([...base, model], 'leads back to the model itself by way of other lists; end one of them before');
    for (const each of circle ?? []) told.add(each);
  }
}

const REASONS = ['contextLength', 'contentFilter'] as const;

/** A list by reason that is misspelt would be taken for a model. */
const spelling = () =>
  z.record(z.string(), z.unknown(), expected(LISTS)).superRefine((given, context) => {
    for (const [name, value] of Object.entries(given)) {
      if (Array.isArray(value) || REASONS.some((reason) => reason === name)) continue;
      const hint = didYouMean(name, REASONS);
      if (hint === '') continue;
      const message = `must be ${LIST}, got ${kindOf(value)}${hint}`;
      context.addIssue({ code: 'custom', path: [name], message });
    }
  });

const sorted = () =>
  z
    .object({ contextLength: lists().optional(), contentFilter: lists().optional() }, expected(LISTS))
    .catchall(list())
    .superRefine(({ contextLength = {}, contentFilter = {}, ...unserved }, context) => {
      const report: Report = (path, message) => context.addIssue({ code: 'custom', path, message });
      for (const pattern of Object.keys(unserved)) {
        const issue = modelPattern().safeParse(pattern).error?.issues[0];
        if (issue) report([pattern], issue.message);
      }
      refuseCircles(unserved, [], report);
      refuseCircles(contextLength, ['contextLength'], report);
      refuseCircles(contentFilter, ['contentFilter'], report);
    })
    .transform(({ contextLength = {}, contentFilter = {}, ...unserved }) => ({
      unserved: unserved as ModelLists,
      'context-length': contextLength as ModelLists,
      'content-filter': contentFilter as ModelLists,
    }));

/** `fallbacks`, sorted by why a list is asked. */
export const fallbacks = lazily(() => spelling().pipe(sorted()) as unknown as z.ZodType<Fallbacks, FallbackOptions>);
