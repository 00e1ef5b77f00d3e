// Second step of the architecture checks: the files below a folder, each with its imports, exports and masked code.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Masked, mask } from './mask.ts';

/** One import, re-export, dynamic import or require. */
export interface Import {
  specifier: string;
  line: number;
  /** Nothing of it is left at run time. */
  typeOnly: boolean;
  /** `export … from`. */
  reexport: boolean;
  /** Takes the default export. */
  takesDefault: boolean;
  /** For a relative specifier: the file it names, relative to the root. */
  target: string | undefined;
}

/** One exported name; `*` for `export * from`. */
export interface Export {
  name: string;
  line: number;
  /** Where the statement begins in the text. */
  at: number;
  /** `here`: declared by this statement; `list`: `export { a }`; `from`: `export { a } from`. */
  kind: 'here' | 'list' | 'from';
  /** The name inside this file; differs for `export { a as b }`. */
  local: string;
}

/** One TypeScript file. */
export interface SourceFile extends Masked {
  /** Relative to the root, with slashes. */
  path: string;
  /** First path segment, without `.ts`: the file's place in the folder order. */
  folder: string;
  text: string;
  imports: Import[];
  exports: Export[];
}

/** Reads every `.ts` and `.tsx` file below `root`, in order of path. */
export function readTree(root: string): SourceFile[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.tsx?$/.test(path))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), 'utf8');
      const masked = mask(text, path.endsWith('x'));
      const folder = (path.split('/')[0] as string).replace(/\.ts$/, '');
      return { path, folder, text, ...masked, imports: findImports(path, masked), exports: findExports(masked.code) };
    });
}

/** The 1-based line of a position. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

const STATIC =
  /\b(import|export)\s+(type\s+)?((?:[\w$]+\s*,?\s*)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}]*\})?)\s*\bfrom\s*(?=['"])/g;
const BARE = /\bimport\s*(?=['"])/g;
const CALLED =
  /(?<type>typeof\s+|[:<|&]\s*|\b(?:as|extends)\s+|\btype\s+[\w$]+(?:<[^>]*>)?\s*=\s*)?\b(?:import|require)\s*\(\s*(?=['"])/g;

function findImports(path: string, { code, uncommented }: Masked): Import[] {
  const found: Import[] = [];
  const add = (match: RegExpExecArray, typeOnly: boolean): void => {
    const open = match.index + match[0].length;
    const close = code.indexOf(code[open] as string, open + 1);
    const specifier = uncommented.slice(open + 1, close);
    const target = specifier.startsWith('.') ? join(dirname(path), specifier).replaceAll('\\', '/') : undefined;
    const takesDefault = /^[\w$]|\bdefault\b/.test(match[3] ?? '');
    found.push({
      specifier,
      line: lineAt(code, open),
      typeOnly,
      reexport: match[1] === 'export',
      takesDefault,
      target,
    });
  };
  for (const match of code.matchAll(STATIC)) add(match, match[2] !== undefined || onlyTypes(match[3] as string));
  for (const match of code.matchAll(BARE)) add(match, false);
  for (const match of code.matchAll(CALLED)) add(match, match.groups?.type !== undefined);
  return found.sort((a, b) => a.line - b.line);
}

function onlyTypes(clause: string): boolean {
  const names = /^\{([^}]*)\}\s*$/.exec(clause)?.[1];
  return names !== undefined && splitNames(names).every((name) => name.startsWith('type '));
}

function splitNames(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

const EXPORT =
  /(?<![\w$.])export\s+(?:(type\s+)?(\*(?:\s+as\s+[\w$]+)?|\{[^}]*\})(\s*from\s*['"])?|(default\b)?\s*([^;={]*))/g;
const DECLARED =
  /^(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:const\s+enum|const|let|var|function\s*\*?|class|interface|type|enum|namespace)\s+([\w$]+)/;

function findExports(code: string): Export[] {
  const found: Export[] = [];
  for (const match of code.matchAll(EXPORT)) {
    const place = { line: lineAt(code, match.index), at: match.index };
    const [, , clause, from, isDefault, rest] = match;
    if (clause === undefined) {
      const local = DECLARED.exec((rest ?? '').trim())?.[1] ?? 'default';
      found.push({ ...place, name: isDefault ? 'default' : local, local, kind: 'here' });
    } else if (clause.startsWith('*')) {
      const name = /as\s+([\w$]+)/.exec(clause)?.[1] ?? '*';
      found.push({ ...place, name, local: name, kind: 'from' });
    } else {
      for (const item of splitNames(clause.slice(1, -1))) {
        const [local = '', name = local] = item.replace(/^type\s+/, '').split(/\s+as\s+/);
        found.push({ ...place, name, local, kind: from ? 'from' : 'list' });
      }
    }
  }
  return found;
}
