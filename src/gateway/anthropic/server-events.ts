/** Server-sent events, read from bytes piece by piece and written as text. */

/** What came: an event's data, or a comment that only says that somebody is there. */
export type ServerEvent = { readonly is: 'data'; readonly data: string } | { readonly is: 'comment' };

/** Reads events. */
export class ServerEvents {
  readonly #decoder = new TextDecoder();
  /** What came of a line. */
  #rest = '';
  #data: string[] = [];

  /** The events that a piece completes. */
  take(piece: Uint8Array): ServerEvent[] {
    const text = this.#rest + this.#decoder.decode(piece, { stream: true });
    // A lone return at the end may be half of a line's end.
    const held = text.endsWith('\r') ? 1 : 0;
    const lines = text.slice(0, text.length - held).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() as string) + text.slice(text.length - held);
    return lines.flatMap((line) => this.#line(line));
  }

  #line(line: string): ServerEvent[] {
    if (line.startsWith(':')) return [{ is: 'comment' }];
    if (line.startsWith('data:')) this.#data.push(line.slice(line.startsWith('data: ') ? 6 : 5));
    if (line !== '' || this.#data.length === 0) return [];
    const data = this.#data.join('\n');
    this.#data = [];
    return [{ is: 'data', data }];
  }
}

/** An event of the Messages API as it goes over the wire: its name stands before it. */
export const written = (event: { readonly type: string }): string =>
  `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
