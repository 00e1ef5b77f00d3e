/** Configuration as JSON, or as JSON with comments. Why a builder of our own: the parser's would let `__proto__` through as what it is. */
import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { type Path, type Place, placeAt, type SyntaxProblem, type Written } from './written.ts';

const WORDS: Readonly<Record<string, string>> = {
  CloseBraceExpected: 'lacks a closing }',
  CloseBracketExpected: 'lacks a closing ]',
  ColonExpected: 'lacks a colon here',
  CommaExpected: 'lacks a comma here',
  EndOfFileExpected: 'goes on after its end',
  InvalidCommentToken: 'holds a comment; name the file .jsonc for that',
  PropertyNameExpected: 'lacks a name in double quotes here; is there a comma too many?',
  UnexpectedEndOfString: 'holds a string that does not end',
  ValueExpected: 'lacks a value here',
};

const nameOf = (property: Node): string => String(property.children?.[0]?.value);

function built(node: Node, wrong: (message: string, offset: number) => void): unknown {
  const { children = [] } = node;
  if (node.type === 'array') return children.map((child) => built(child, wrong));
  if (node.type !== 'object') return node.value as unknown;
  const object: Record<string, unknown> = {};
  for (const property of children) {
    const [, value] = property.children ?? [];
    if (value === undefined) continue;
    const name = nameOf(property);
    if (Object.hasOwn(object, name)) wrong('names the same key a second time', property.offset);
    const inner = built(value, wrong);
    Object.defineProperty(object, name, { value: inner, configurable: true, enumerable: true, writable: true });
  }
  return object;
}

function nodeIn(
  node: Node | undefined,
  part: string | number,
): { offset: number; value: Node | undefined } | undefined {
  const { children = [], type } = node ?? {};
  if (type === 'array') {
    const value = typeof part === 'number' ? children[part] : undefined;
    return value && { offset: value.offset, value };
  }
  const property = type === 'object' ? children.findLast((child) => nameOf(child) === String(part)) : undefined;
  return property && { offset: property.offset, value: property.children?.[1] };
}

/** Reads JSON. Never throws. @param comments whether comments and a last comma are fine. */
export function readJson(text: string, comments: boolean): Written {
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { disallowComments: !comments, allowTrailingComma: comments });
  const problems: SyntaxProblem[] = errors.map(({ error, offset }) => ({
    message: WORDS[printParseErrorCode(error)] ?? 'is no JSON from here on',
    place: placeAt(text, offset),
  }));
  const wrong = (message: string, offset: number) => void problems.push({ message, place: placeAt(text, offset) });
  const value = tree && problems.length === 0 ? built(tree, wrong) : undefined;
  const at = (path: Path): Place => {
    let node = tree;
    let offset = tree?.offset ?? 0;
    for (const part of path) {
      const found = nodeIn(node, part);
      if (!found) break;
      ({ offset } = found);
      node = found.value;
    }
    return placeAt(text, offset);
  };
  // One mistake leads to several errors; the first is the one to mend.
  return { value, problems: errors.length > 0 ? problems.slice(0, 1) : problems, at };
}
