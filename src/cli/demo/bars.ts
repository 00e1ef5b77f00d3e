/**
 * Bars and the time line of the table. Pure: numbers in, pieces out. Every character is one column wide.
 */
import { outages, SCRIPT_MS } from './outages.ts';
import { type Format, type Line, type Piece, piece } from './paint.ts';

const RAIL = '─';
const DONE = '━';
const HALF = '╸';
const LOST = '╍';

/** A bar: what is done and well, what is lost, and what is yet to come. The widths add up exactly. */
export function progressBar(
  { done, lost, total }: { done: number; lost: number; total: number },
  width: number,
): Piece[] {
  const filled = total === 0 ? 0 : (done / total) * width;
  const full = Math.floor(filled);
  // However few, the lost ones are seen.
  const bad = lost === 0 ? 0 : Math.min(full, Math.max(1, Math.round((lost / total) * width)));
  const half = full < width && filled - full >= 0.5 ? HALF : '';
  return [
    piece(DONE.repeat(full - bad), 'green'),
    piece(LOST.repeat(bad), 'red'),
    piece(half, bad > 0 ? 'red' : 'green'),
    piece(RAIL.repeat(width - full - half.length), 'dim'),
  ];
}

/** A share between 0 and 1. */
export function shareBar(share: number, width: number): Piece[] {
  const halves = Math.round(Math.min(1, Math.max(0, share)) * width * 2);
  const text = DONE.repeat(Math.floor(halves / 2)) + (halves % 2 === 1 ? HALF : '');
  return [piece(text, 'cyan'), piece(RAIL.repeat(width - text.length), 'dim')];
}

const columnAt = (ms: number, width: number) => Math.min(width, Math.round((ms / SCRIPT_MS) * width));

/** When one endpoint is broken, over the whole script: the past bright, the future dim. */
export function timeLine(endpoint: string, now: number, width: number): Piece[] {
  const past = columnAt(now, width);
  const pieces: Piece[] = [];
  /** Draws up to a column, changing colour where the past ends. */
  let drawn = 0;
  const draw = (text: string, bright: Format, pale: Format) => {
    const before = Math.max(0, past - drawn);
    pieces.push(piece(text.slice(0, before), bright), piece(text.slice(before), pale));
    drawn += text.length;
  };
  for (const outage of outages) {
    if (outage.endpoint !== endpoint) continue;
    const [from, to] = [columnAt(outage.from, width), columnAt(outage.to, width)];
    const label = ` ${outage.mark} `.slice(0, to - from);
    draw(RAIL.repeat(from - drawn), 'green', 'dim');
    draw(
      label.padStart(label.length + Math.floor((to - from - label.length) / 2), LOST).padEnd(to - from, LOST),
      ['red', 'bold'],
      ['red', 'dim'],
    );
  }
  draw(RAIL.repeat(width - drawn), 'green', 'dim');
  return pieces;
}

/** The seconds above the time lines. */
export function timeScale(width: number): Line {
  let text = '';
  for (let ms = 0; ms < SCRIPT_MS; ms += 2_000) text = `${text.padEnd(columnAt(ms, width))}${ms / 1_000} s`;
  return [piece(text.padEnd(width), 'dim')];
}

/** The place of now below the time lines, with words beside it. */
export function timeMark(now: number, words: string, width: number): Piece[] {
  const at = Math.min(width - 1, columnAt(now, width));
  const fits = at + 2 + words.length <= width;
  const text = fits ? `${' '.repeat(at)}▲ ${words}` : `${' '.repeat(Math.max(0, at - words.length - 1))}${words} ▲`;
  return [piece(text, 'yellow')];
}
