// The README as data: its code blocks, its tables, its prose. Read by `readme.spec.ts`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The text. */
export const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** One block of code. */
export interface Block {
  readonly language: string;
  readonly code: string;
  /** Line of the README on which its code begins. */
  readonly line: number;
}

/** Every block of code. */
export const blocks: readonly Block[] = [...readme.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => ({
  language: match[1] as string,
  code: match[2] as string,
  line: readme.slice(0, match.index).split('\n').length + 1,
}));

const withoutBlocks = readme.replaceAll(/^```.*?^```$/gms, '');

/** The headings, as written. */
export const headings: readonly string[] = [...withoutBlocks.matchAll(/^#+ (.+)$/gm)].map(
  (match) => match[1] as string,
);

/** The part below a heading, up to the next one of any level. */
export function section(heading: string): string {
  const part = withoutBlocks.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`));
  if (part === undefined) throw new Error(`the README has no heading '${heading}'`);
  return part;
}

/** The rows of the first table below a heading, without its head; cells as written. */
export function table(heading: string): string[][] {
  const lines = section(heading).split('\n');
  const first = lines.findIndex((line) => line.startsWith('| ---'));
  if (first < 0) throw new Error(`the README has no table below '${heading}'`);
  const rest = lines.slice(first + 1);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end < 0 ? undefined : end).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The code spans of a text: what stands between backticks. */
export const spans = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);

/** Where links lead. */
export const links: readonly string[] = [...withoutBlocks.matchAll(/\]\(([^)\s]+)\)/g)].map(
  (match) => match[1] as string,
);

/** What is said in words: no code, no addresses. */
export const prose: string = withoutBlocks.replaceAll(/`[^`]*`/g, '').replaceAll(/\]\([^)]*\)/g, ']');

/** Options and fields of the interfaces in a source file: interface name → member names. */
export function members(path: string): Record<string, string[]> {
  const source = readFileSync(join(ROOT, path), 'utf8');
  const found: Record<string, string[]> = {};
  for (const match of source.matchAll(/^export interface (\w+)[^{]*\{\n(.*?)^\}$/gms)) {
    const body = (match[2] as string).replaceAll(/\/\*\*.*?\*\//gs, '');
    found[match[1] as string] = [...body.matchAll(/^ {2}'?([\w-]+)'?\??:/gm)].map((member) => member[1] as string);
  }
  return found;
}
