/** Runs a schema and turns what zod reports into problems: flattens unions and keys, one problem per option. */
import type { z } from 'zod';
import { CODE_END } from './fields.ts';
import { type ProblemCode, type Problems, pathOf } from './problems.ts';
import { shownName } from './suggest.ts';

type Issue = z.core.$ZodIssue;

/** The alternative that was meant: the one that failed inside, not at its door. */
function meant(branches: readonly Issue[][]): Issue[] | undefined {
  return branches.find((issues) => issues.some((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys'));
}

function report(issue: Issue, base: string, parts: readonly PropertyKey[], problems: Problems): void {
  const path = [...parts, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const lines = issue.message.split('\n');
    for (const [index, key] of issue.keys.entries()) {
      const [code, text] = (lines[index] as string).split(CODE_END) as [ProblemCode, string];
      problems.add(code, pathOf(base, [...path, shownName(key)]), text);
    }
    return;
  }
  const inner = issue.code === 'invalid_union' ? meant(issue.errors) : undefined;
  if (inner) {
    for (const deeper of inner) report(deeper, base, path, problems);
    return;
  }
  const first = issue.code === 'invalid_key' ? issue.issues[0] : undefined;
  const code = issue.code === 'custom' ? (issue.params?.code as ProblemCode | undefined) : undefined;
  problems.add(code ?? 'invalid_value', pathOf(base, path), first?.message ?? issue.message);
}

/** The schema's output, or `undefined` after its problems were noted under `base`. */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  base: string,
  problems: Problems,
): z.output<Schema> | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) report(issue, base, [], problems);
  return undefined;
}
