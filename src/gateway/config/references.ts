/**
 * References to environment variables in a configuration file: `${NAME}`, or `${NAME:-otherwise}`. Why only there and in texts:
 * what a variable holds is a value, and never a part of the file's structure.
 */
import { pathOf } from '../../config/problems.ts';

/** Notes a problem at a path. */
type Note = (path: string, message: string) => void;

const REFERENCE = /\$\$\{|\$\{([^}]*)\}/g;
const NAMED = /^([A-Za-z_]\w*)(?::-(.*))?$/s;
/** Names that would change what every object is. */
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
const DEEPEST = 50;

function filled(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  wrong: (message: string) => void,
): string {
  return text.replace(REFERENCE, (whole, inside: string | undefined) => {
    if (inside === undefined) return '${';
    const [, name, otherwise] = NAMED.exec(inside) ?? [];
    if (name === undefined) {
      wrong('holds ${…} that names no variable; write ${NAME}, ${NAME:-default}, or $${ for the two characters');
      return whole;
    }
    const value = env[name];
    if (value === undefined && otherwise === undefined)
      wrong(`the environment variable ${name} is not set; set it, or write \${${name}:-default}`);
    return (otherwise !== undefined ? value || otherwise : value) ?? '';
  });
}

const FIRST = /\$\{([A-Za-z_]\w*)(?::-[^}]*)?\}/;

/** The first reference of a text, without what it says otherwise, for that may be a secret; `undefined` = there is none. */
export function oneReference(text: unknown): string | undefined {
  const name = typeof text === 'string' ? FIRST.exec(text)?.[1] : undefined;
  return name === undefined ? undefined : `\${${name}}`;
}

/** A copy with every reference filled in. Names that no configuration may hold are noted as well. */
export function withReferences(
  value: unknown,
  env: Readonly<Record<string, string | undefined>>,
  note: Note,
  path: readonly (string | number)[] = [],
): unknown {
  if (typeof value === 'string') return filled(value, env, (message) => note(pathOf('', path), message));
  if (path.length > DEEPEST) {
    note(pathOf('', path.slice(0, 3)), 'is nested too deep');
    return undefined;
  }
  if (Array.isArray(value)) return value.map((item, index) => withReferences(item, env, note, [...path, index]));
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value)) {
    if (FORBIDDEN.has(name)) note(pathOf('', path), `holds the name ${name}, which is not allowed`);
    else copy[name] = withReferences(inner, env, note, [...path, name]);
  }
  return copy;
}
