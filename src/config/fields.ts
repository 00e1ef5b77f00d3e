/** Building blocks of the schemas: zod types whose message says what was expected and what kind of value came. */
import { z } from 'zod';
import { kindOf } from './problems.ts';
import { didYouMean } from './suggest.ts';

/**
 * A schema that is built when it is first asked for.
 * Why: building them all takes longer than everything else that importing the package does, and most clients need few.
 */
export function lazily<Schema>(build: () => Schema): () => Schema {
  let built: Schema | undefined;
  return () => {
    built ??= build();
    return built;
  };
}

/** zod's hook for a message: `must be a number, got an array`. */
export const expected = (what: string) => ({
  error: (issue: { input?: unknown }) => `must be ${what}, got ${kindOf(issue.input)}`,
});

/** A finite number of at least `min`. */
export function number(what: string, min: number, max = Number.MAX_VALUE) {
  const message = expected(what);
  return z.number(message).min(min, message).max(max, message);
}

/** A share in percent; what looks like a fraction is refused. */
export function percentage() {
  return number('a percentage from 0 to 100', 0, 100).refine((share) => share === 0 || share >= 1, {
    error: 'is a percentage: write 50 for a half, not 0.5',
  });
}

/** A whole number of at least `min`. */
export function whole(what: string, min: number) {
  const message = expected(what);
  return z.number(message).int(message).min(min, message);
}

/** A finite number above 0. */
export function above(what: string) {
  return z.number(expected(what)).positive(expected(what));
}

/** A duration in ms, more than none. */
export const duration = (what = 'a duration in ms above 0') => above(what);

/** Text with at least one character. */
export const text = (what = 'a non-empty string') => z.string(expected(what)).min(1, expected(what));

/** `true` or `false`. */
export const flag = () => z.boolean(expected('true or false'));

/** A function, passed through as it is. */
export const func = <Func>(what = 'a function') =>
  z.custom<Func>((value) => typeof value === 'function', expected(what));

/** An object passed through as it is. */
export const thing = <Thing>(what = 'an object') =>
  z.custom<Thing>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), expected(what));

/** One of the known words, with "did you mean". */
export function word<const Words extends readonly [string, ...string[]]>(what: string, words: Words) {
  return z.enum(words, {
    error: ({ input }) => {
      const known = `must be ${what}: ${words.map((name) => `'${name}'`).join(', ')}; got ${kindOf(input)}`;
      return typeof input === 'string' ? known + didYouMean(input, words) : known;
    },
  });
}

/** Marks in a message where the code ends that `check` reads; see `strict`. */
export const CODE_END = '|';

/**
 * An object that refuses unknown keys. The message holds one line per key, `code|text`, which `check` takes apart.
 * @param refused known keys that are refused, each with what to use instead.
 */
export function strict<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  refused: Readonly<Record<string, string>> = {},
) {
  const known = Object.keys(shape);
  const explain = (key: string) =>
    Object.hasOwn(refused, key)
      ? `refused_option${CODE_END}${refused[key]}`
      : `unknown_option${CODE_END}unknown option${didYouMean(key, known)}`;
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? (issue.keys as string[]).map(explain).join('\n')
        : expected('an object').error(issue),
  });
}

/** Options of a part that can be switched off as a whole; left out, the part has its defaults. */
export function orFalse<Schema extends z.ZodType>(schema: Schema) {
  return z.union([z.literal(false), schema], expected('an object or false'));
}
