// Tables as Markdown, and the part of a text that is written by the bench.
import type { Table } from './outcome.ts';

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** One table with its title and what must be known to read it. */
export function markdown({ title, head, rows, notes = [] }: Table): string {
  return [
    `**${title}**`,
    '',
    line(head),
    line(head.map(() => '---')),
    ...rows.map(line),
    ...(notes.length > 0 ? ['', notes.join(' ')] : []),
    '',
  ].join('\n');
}

/** What stands in the README, each between marks of its own. */
export type Written = 'client' | 'gateway';

const marks = (what: Written) => {
  const more = what === 'client' ? '' : `: ${what}`;
  return [`<!-- written by npm run bench${more} -->`, `<!-- end of what npm run bench writes${more} -->`] as const;
};

/** The place between the two marks. @throws Error when they are missing */
function placeOf(text: string, what: Written): readonly [from: number, to: number] {
  const [begin, end] = marks(what);
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the text needs ${begin} and ${end}`);
  return [from + begin.length, to];
}

/** The text with other words between the two marks. @throws Error when the marks are missing */
export function between(text: string, words: string, what: Written = 'client'): string {
  const [from, to] = placeOf(text, what);
  return `${text.slice(0, from)}\n\n${words.trim()}\n\n${text.slice(to)}`;
}

/** What stands between the two marks. @throws Error when the marks are missing */
export function written(text: string, what: Written): string {
  return text.slice(...placeOf(text, what)).trim();
}
