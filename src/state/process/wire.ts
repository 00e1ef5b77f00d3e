/**
 * One connection between two processes: frames, each a JSON array on a line of its own. What is sent within one turn goes out at
 * once. Whoever does not read, or says what nobody says, is cut off.
 */
import type { Socket } from 'node:net';
import { type Frame, LONGEST_TEXT } from './frame.ts';

/** Longest line: a key and a value, each letter of which may take six. */
const LONGEST_LINE = 13 * LONGEST_TEXT;
/** Frames of many that are sent at one time. */
const PIECE = 200;
/** Letters that may wait for somebody who does not read. */
const WAITING = 8 * 1024 * 1024;

/** What becomes of a connection. */
export interface WireEvents {
  /** @throws when the frame is none that may come here: the connection ends */
  frame(frame: Frame): void;
  /** It ended, whoever did it. Comes once. */
  gone(error: NodeJS.ErrnoException | undefined): void;
  /** Something is to be flushed in this turn. @default it is, as soon as the turn is over */
  due?(): void;
}

/** One end of a connection. */
export class Wire {
  readonly #socket: Socket;
  readonly #events: WireEvents;
  #out = '';
  #rest = '';
  #gone = false;

  constructor(socket: Socket, events: WireEvents) {
    this.#socket = socket;
    this.#events = events;
    let problem: NodeJS.ErrnoException | undefined;
    // Nobody's end waits for this connection.
    socket.unref();
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#read(text));
    socket.on('error', (error) => {
      problem = error;
    });
    socket.once('close', () => {
      this.#gone = true;
      events.gone(problem);
    });
    // Who has said its last word is gone.
    socket.once('end', () => socket.destroy());
  }

  /** Letters that the other one has not taken. */
  get waiting(): number {
    return this.#socket.writableLength + this.#out.length;
  }

  send(frame: Frame): void {
    if (this.#gone) return;
    const first = this.#out === '';
    this.#out += `${JSON.stringify(frame)}\n`;
    if (this.waiting > WAITING) this.cut();
    else if (!first) return;
    else if (this.#events.due) this.#events.due();
    else queueMicrotask(() => this.flush());
  }

  flush(): void {
    if (this.#out === '' || this.#gone) return;
    const out = this.#out;
    this.#out = '';
    this.#socket.write(out);
  }

  /** Sends many, as fast as they are taken; others may come between. */
  sendAll(frames: Iterator<Frame>): void {
    for (let sent = 0; sent < PIECE; sent++) {
      const { value, done } = frames.next();
      if (done) return;
      this.send(value);
    }
    this.flush();
    if (this.#gone) return;
    if (this.#socket.writableNeedDrain) this.#socket.once('drain', () => this.sendAll(frames));
    else setImmediate(() => this.sendAll(frames));
  }

  cut(): void {
    this.#gone = true;
    this.#out = '';
    this.#socket.destroy();
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    try {
      for (const line of lines) {
        if (this.#gone) return;
        const frame: unknown = JSON.parse(line);
        if (!Array.isArray(frame)) throw new TypeError('no frame');
        this.#events.frame(frame);
      }
      if (this.#rest.length > LONGEST_LINE) throw new TypeError('too long');
    } catch {
      this.cut();
    }
  }
}
