/**
 * Lines made of pieces, each with its colour, cut to a width before any colour code is written, so that a line never wraps.
 */
import { styleText } from 'node:util';

/** A colour or weight, as `node:util` names them. */
export type Format = Parameters<typeof styleText>[0];
/** Text, with its format or without. */
export type Piece = string | readonly [text: string, format: Format];
/** One line. Every character is one column wide. */
export type Line = readonly Piece[];

/** A piece with a format. */
export function piece(text: string, format: Format): Piece {
  return [text, format];
}

/** The line as it is written, cut to the width; in colour when the stream shows colours and NO_COLOR is not set. */
export function paint(line: Line, width: number, stream: NodeJS.WritableStream): string {
  let left = width;
  let painted = '';
  for (const part of line) {
    const [text, format] = typeof part === 'string' ? [part, undefined] : part;
    const shown = [...text].slice(0, left).join('');
    left -= [...shown].length;
    painted += format === undefined || shown === '' ? shown : styleText(format, shown, { stream });
  }
  return painted.trimEnd();
}

/** Text cut and filled up to a width, `…` telling that something is missing. */
export function cell(text: string, width: number): string {
  const letters = [...text];
  return letters.length > width ? `${letters.slice(0, width - 1).join('')}…` : text.padEnd(width);
}
