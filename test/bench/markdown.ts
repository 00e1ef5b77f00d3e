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

const [BEGIN, END] = ['<!-- written by npm run bench -->', '<!-- end of what npm run bench writes -->'] as const;

/** The text with other words between its two marks. @throws Error when the marks are missing */
export function between(text: string, words: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the text needs ${BEGIN} and ${END}`);
  return `${text.slice(0, begin + BEGIN.length)}\n\n${words.trim()}\n\n${text.slice(end)}`;
}
