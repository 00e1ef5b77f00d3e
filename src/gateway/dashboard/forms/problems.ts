/** Finds what the gateway says of a field by the path it names. Pure. */
import type { Issue } from '../shapes.ts';

/** Is the path that of the field, or of something inside of it? What the gateway names is relative to what was sent. */
function isAt(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`);
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
