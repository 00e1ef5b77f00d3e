/**
 * The race as a table redrawn in place on a terminal, and its keys. Leaves the last picture standing and the terminal as it
 * was found, however it ends.
 */
import { stripVTControlCharacters } from 'node:util';
import { frame } from './frame.ts';
import { paint } from './paint.ts';
import type { Controls, Race, View } from './race.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const REDRAW_MS = 80;
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
/** The terminal shows a picture when it is complete; those that do not know these ignore them. */
const BEGIN_UPDATE = '\x1b[?2026h';
const END_UPDATE = '\x1b[?2026l';
const CLEAR_LINE_END = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';
const CTRL_C = '\x03';

/** Draws pictures over each other. */
class Picture {
  readonly #stdout: NodeJS.WriteStream;
  /** Widths of the lines now on the screen. */
  #shown: number[] = [];

  constructor(stdout: NodeJS.WriteStream) {
    this.#stdout = stdout;
  }

  draw(race: Race, interactive: boolean): void {
    const { columns = 80, rows = 24 } = this.#stdout;
    let lines = frame(race, columns, interactive);
    // A picture higher than the screen would scroll with each redraw: first without air, then without its end.
    if (lines.length >= rows) lines = lines.filter((line) => line.length > 0).slice(0, rows - 1);
    // In a terminal made narrower, the lines on the screen have wrapped.
    const up = this.#shown.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    const painted = lines.map((line) => paint(line, columns - 1, this.#stdout));
    const text = painted.map((line) => `${line}${CLEAR_LINE_END}\n`).join('');
    const home = up > 0 ? `\x1b[${up}A\r` : '';
    this.#stdout.write(`${BEGIN_UPDATE}${HIDE_CURSOR}${home}${text}${CLEAR_BELOW}${END_UPDATE}`);
    this.#shown = painted.map((line) => stripVTControlCharacters(line).length);
  }
}

function listen(stdin: NodeJS.ReadStream, { kill, stop }: Controls): () => void {
  const hear = (data: Buffer) => {
    for (const key of data.toString()) {
      if (key === 'k') kill();
      if (key === 'q') stop('quit');
      if (key === CTRL_C) stop('interrupted');
    }
  };
  stdin.setRawMode(true);
  stdin.on('data', hear);
  return () => {
    stdin.off('data', hear);
    stdin.setRawMode(false);
    stdin.pause();
    stdin.unref();
  };
}

/** Shows a race on a terminal. */
export function liveView(stdout: NodeJS.WriteStream, stdin: NodeJS.ReadStream): View {
  const picture = new Picture(stdout);
  const interactive = stdin.isTTY === true;
  const showCursor = () => void stdout.write(SHOW_CURSOR);
  let finish: () => void = () => undefined;
  return {
    begin(race, controls) {
      const draw = () => picture.draw(race, interactive);
      const interrupt = () => controls.stop('interrupted');
      const deaf = interactive ? listen(stdin, controls) : () => undefined;
      const timer = setInterval(draw, REDRAW_MS);
      stdout.on('resize', draw);
      process.once('exit', showCursor);
      for (const signal of SIGNALS) process.on(signal, interrupt);
      draw();
      finish = () => {
        clearInterval(timer);
        stdout.off('resize', draw);
        for (const signal of SIGNALS) process.off(signal, interrupt);
        deaf();
        picture.draw(race, false);
        showCursor();
        process.off('exit', showCursor);
      };
    },
    progress: () => undefined,
    end: () => finish(),
  };
}
