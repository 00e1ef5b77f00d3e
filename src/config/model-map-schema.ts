/** The shape of model maps and of lists of model names: exact names, `prefix*` or `*`. */
import { z } from 'zod';
import type { ModelMapValue } from '../call/model-map.ts';
import { expected, lazily, strict, text } from './fields.ts';

/** A public model name, or a pattern with one `*` at its end. */
export const modelPattern = lazily(() =>
  text('a model name').refine((name) => !name.slice(0, -1).includes('*'), {
    error: "must hold at most one '*', and only at its end: 'gpt-4o', 'gpt-*' or '*'",
  }),
);

const mapped = () =>
  z.union(
    [
      text('a model name'),
      strict({
        model: text('a model name'),
        body: z.record(z.string(), z.unknown(), expected('an object of body fields')).optional(),
        omit: z.array(text('a field name'), expected('an array of field names')).optional(),
      }),
    ],
    expected("the endpoint's model name, or { model, body?, omit? }"),
  );

/** A whole map. */
export const modelMap = lazily(() =>
  z.record(
    modelPattern(),
    mapped() as z.ZodType<ModelMapValue, ModelMapValue>,
    expected("an object such as { 'gpt-5': 'my-gpt-5' }"),
  ),
);
