/** Finds what the gateway says of a field by the path it names. Pure. */
import type { Issue } from '../shapes.ts';

/** A path without where the thing itself stands in the whole: `endpoints[2].baseURL` and `groups['x'].baseURL` are `baseURL`. */
export function ownPath(path: string): string {
  return path.replace(
    /^(?:body\.?|(?:endpoints|groups|clientKeys)(?:\[(?:\d+|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]|\.[\w$-]+)\.?)(?=[\w[]|$)/,
    '',
  );
}

/** Is the path that of the field, or of something inside of it? */
function isAt(path: string, field: string): boolean {
  const own = ownPath(path);
  // The whole path first: a group has `endpoints` of its own.
  return [own, path].some((each) => each === field || each.startsWith(`${field}.`) || each.startsWith(`${field}[`));
}

/** What is wrong with a field, in one text; `undefined` = nothing. */
export function problemAt(issues: readonly Issue[], field: string): string | undefined {
  const found = issues.filter(({ path }) => isAt(path, field)).map(({ message }) => message);
  return found.length === 0 ? undefined : [...new Set(found)].join(' ');
}

/** What is wrong and belongs to none of the fields. */
export function elsewhere(issues: readonly Issue[], fields: readonly string[]): Issue[] {
  return issues.filter(({ path }) => !fields.some((field) => isAt(path, field)));
}
