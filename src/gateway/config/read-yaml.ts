/** Configuration as YAML. Why words of our own for its errors: the parser's repeat the text, and the text holds keys. */
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Path, Place, Written } from './written.ts';

/** By the parser's code; what is not listed is only called wrong. */
const WORDS: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias (*name) can have neither anchor nor tag',
  BAD_ALIAS: 'names an anchor wrongly',
  BAD_INDENT: 'is indented wrongly',
  BLOCK_AS_IMPLICIT_KEY: 'a list or map cannot begin on the line of a key',
  DUPLICATE_KEY: 'names the same key a second time',
  MISSING_CHAR: 'lacks a character here, such as a closing bracket, a quote or the colon after a key',
  MULTIPLE_DOCS: 'begins a second document (---); one file holds one configuration',
  MULTILINE_IMPLICIT_KEY: 'a key must end on the line it begins on; is a colon missing?',
  TAB_AS_INDENT: 'is indented by a tab; use blanks',
  UNEXPECTED_TOKEN: 'does not belong here; is a quote or a colon missing?',
};

function nodeIn(
  node: Node | null,
  part: string | number,
  document: Document,
): { key: unknown; value: Node } | undefined {
  const inner = isAlias(node) ? node.resolve(document) : node;
  if (isSeq(inner)) {
    const value = typeof part === 'number' ? (inner.items[part] as Node | undefined) : undefined;
    return value && { key: value, value };
  }
  if (!isMap(inner)) return undefined;
  const pair = inner.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  return pair && { key: pair.key, value: pair.value as Node };
}

/** Reads YAML 1.2, `<<` merges included. Never throws. */
export function readYaml(text: string): Written {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const problems = document.errors.map(({ code, pos }) => ({
    message: WORDS[code] ?? 'is no YAML from here on',
    place: placeOf(pos[0]),
  }));
  const at = (path: Path): Place => {
    let node = document.contents as Node | null;
    let offset = node?.range?.[0] ?? 0;
    for (const part of path) {
      const found = nodeIn(node, part, document);
      if (!found) break;
      offset = (found.key as Node).range?.[0] ?? offset;
      node = found.value;
    }
    return placeOf(offset);
  };
  if (problems.length > 0) return { value: undefined, problems, at };
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) as unknown, problems, at };
  } catch {
    const message = 'uses an alias that leads nowhere, or aliases without end';
    return { value: undefined, problems: [{ message, place: { line: 1, column: 1 } }], at };
  }
}
