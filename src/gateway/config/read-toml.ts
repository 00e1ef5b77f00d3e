/** Configuration as TOML. The parser says where a text is no TOML, but not where a value stands: the lines of keys are found here. */
import { parse, TomlError } from 'smol-toml';
import type { Path, Place, Written } from './written.ts';

const KEY = /\s*("(?:[^"\\]|\\.)*"|'[^']*'|[\w-]+)\s*(\.?)/y;

/** A dotted key's parts, from `from` on. */
function keyAt(line: string, from: number): { parts: string[]; end: number } {
  const parts: string[] = [];
  KEY.lastIndex = from;
  for (let found = KEY.exec(line); found; found = KEY.exec(line)) {
    const [, name = '', dot] = found;
    parts.push(/^["']/.test(name) ? name.slice(1, -1) : name);
    if (dot === '') return { parts, end: KEY.lastIndex };
  }
  return { parts, end: line.length };
}

/** How many brackets a line leaves open, strings and comments aside, and which long string. */
function opened(text: string, before: { depth: number; quote: string | undefined }): typeof before {
  let { depth, quote } = before;
  for (let at = 0; at < text.length; at++) {
    if (quote !== undefined) {
      const end = text.indexOf(quote, at);
      if (end < 0) return { depth, quote };
      at = end + 2;
      quote = undefined;
      continue;
    }
    const three = text.slice(at, at + 3);
    if (three === '"""' || three === "'''") [quote, at] = [three, at + 2];
    else if (text[at] === '#') break;
    else if (text[at] === '"' || text[at] === "'") {
      const string = text[at] === '"' ? /"(?:[^"\\]|\\.)*"/y : /'[^']*'/y;
      string.lastIndex = at;
      at += Math.max(0, (string.exec(text)?.[0].length ?? 1) - 1);
    } else if (text[at] === '[' || text[at] === '{') depth += 1;
    else if (text[at] === ']' || text[at] === '}') depth -= 1;
  }
  return { depth, quote };
}

/** The place of each key by its whole path. */
function places(text: string): Map<string, Place> {
  const found = new Map<string, Place>();
  const counts = new Map<string, number>();
  let table: Path = [];
  let state: { depth: number; quote: string | undefined } = { depth: 0, quote: undefined };
  const resolved = (names: readonly string[]): Path => {
    const path: (string | number)[] = [];
    for (const name of names) {
      path.push(name);
      const count = counts.get(JSON.stringify(path));
      if (count !== undefined) path.push(count);
    }
    return path;
  };
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const column = line.search(/\S/) + 1;
    const place = { line: index + 1, column: Math.max(1, column) };
    if (state.depth > 0 || state.quote !== undefined) {
      state = opened(line, state);
      continue;
    }
    const header = /^\s*(\[\[?)/.exec(line);
    if (header) {
      const { parts } = keyAt(line, header[0].length);
      const isList = header[1] === '[[';
      const outer = resolved(parts.slice(0, -1));
      const path = [...outer, parts.at(-1) as string];
      const key = JSON.stringify(path);
      if (isList) counts.set(key, (counts.get(key) ?? -1) + 1);
      table = resolved(parts);
      for (const one of [path, table]) if (!found.has(JSON.stringify(one))) found.set(JSON.stringify(one), place);
      continue;
    }
    const { parts, end } = keyAt(line, 0);
    if (parts.length === 0) continue;
    for (let length = 1; length <= parts.length; length++) {
      const key = JSON.stringify([...table, ...parts.slice(0, length)]);
      if (!found.has(key)) found.set(key, place);
    }
    state = opened(line.slice(end), state);
  }
  return found;
}

/** Dates as text, which is how the other formats have them. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(value))
    Object.defineProperty(copy, name, { value: plain(inner), configurable: true, enumerable: true, writable: true });
  return copy;
}

/** Reads TOML. Never throws. */
export function readToml(text: string): Written {
  const known = places(text);
  const at = (path: Path): Place => {
    for (let length = path.length; length > 0; length--) {
      const place = known.get(JSON.stringify(path.slice(0, length)));
      if (place) return place;
    }
    return { line: 1, column: 1 };
  };
  try {
    return { value: plain(parse(text)), problems: [], at };
  } catch (error) {
    const { line, column } = error instanceof TomlError ? error : { line: 1, column: 1 };
    // The parser's first line says what it expected; what follows, and what it quotes, is the user's text.
    const said = String((error as Error).message).split('\n', 1)[0] ?? '';
    const message = said.replace(/^Invalid TOML document: /, '').replaceAll(/"[^"]*"|'[^']*'|`[^`]*`/g, '…');
    return { value: undefined, problems: [{ message: `is no TOML here: ${message}`, place: { line, column } }], at };
  }
}
