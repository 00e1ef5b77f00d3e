/**
 * Collects everything that is wrong with the options, so that one error lists it all. Every part of `config/` reports here.
 * A message names the option's path, what kind of value it got and the fix; text a user wrote is never quoted, it may be a secret.
 */
import { ConfigurationError } from '../errors.ts';

/** The stable codes of a `ConfigurationError`. */
export type ProblemCode =
  | 'conflicting_options'
  | 'duplicate_name'
  | 'invalid_service_endpoints'
  | 'invalid_url'
  | 'invalid_value'
  | 'missing_env'
  | 'missing_key'
  | 'missing_option'
  | 'no_endpoints'
  | 'refused_option'
  | 'unknown_endpoint'
  | 'unknown_option'
  | 'unknown_strategy'
  | 'unknown_tag'
  | 'zero_weights';

interface Problem {
  readonly code: ProblemCode;
  readonly path: string;
  readonly message: string;
}

/** The problems found so far, in the order of the options. */
export class Problems {
  readonly #found: Problem[] = [];

  /** How many were found. */
  get count(): number {
    return this.#found.length;
  }

  /** Notes one problem. `message` goes on where the path ends: `weight: must be …`. */
  add(code: ProblemCode, path: string, message: string): void {
    this.#found.push({ code, path, message });
  }

  /** @throws ConfigurationError with the first problem's code, listing all of them. */
  throwIfAny(): void {
    const [first] = this.#found;
    if (!first) return;
    const lines = this.#found.map(({ path, message }) => `${path}: ${message}`);
    const text =
      lines.length === 1 ? (lines[0] as string) : `${lines.length} options are wrong:\n- ${lines.join('\n- ')}`;
    const issues = this.#found.map(({ path, message }) => ({ path, message }));
    throw new ConfigurationError(first.code, text, issues);
  }
}

/** A value's kind for messages: numbers and booleans as they are, text never. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return `${value}`;
  if (value === '') return 'an empty string';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return typeof (value as { then?: unknown }).then === 'function' ? 'a promise (await it first)' : 'an object';
}

/** Joins path parts as they are written in code: `endpoints[1].modelMap["gpt-*"]`. */
export function pathOf(base: string, parts: readonly PropertyKey[]): string {
  let path = base;
  for (const part of parts) {
    if (typeof part === 'number') path += `[${part}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(String(part))) path += path === '' ? String(part) : `.${String(part)}`;
    else path += `["${/\bsk-/.test(String(part)) ? '…' : String(part).slice(0, 60)}"]`;
  }
  return path;
}
