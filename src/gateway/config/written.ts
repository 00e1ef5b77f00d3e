/** What the readers of each format hand out: the value of a configuration file, and where in the file each part of it stands. */

/** A place in a text, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The way to a part of a configuration: names and positions. */
export type Path = readonly (string | number)[];

/** What does not follow the rules of its format. */
export interface SyntaxProblem {
  readonly message: string;
  readonly place: Place;
}

/** A file that was read. */
export interface Written {
  readonly value: unknown;
  /** Empty when the text is what its name says it is. */
  readonly problems: readonly SyntaxProblem[];
  /** Where a part stands; where the nearest part around it stands, when the file does not name it. */
  at(path: Path): Place;
}

/** The place of an offset. */
export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - start + 1 };
}

/** The parts of a path as `pathOf` writes it: `groups["gpt-5"].endpoints[0]`. */
export function partsOf(path: string): Path {
  const parts: (string | number)[] = [];
  for (const [, index, quoted, name] of path.matchAll(/\[(\d+)\]|\["([^"]*)"\]|([^.[\]]+)/g))
    parts.push(index === undefined ? ((quoted ?? name) as string) : Number(index));
  return parts;
}
