/** Tells how much of a piece of a stream is events like one that was read before: those say nothing new. */
import { EventTemplate } from './event-template.ts';

/** Longer events are not compared, in bytes. */
const LONGEST = 16_384;
/** Events in a row that are not like the one before, before nobody looks for likeness any more. */
const PATIENCE = 16;

/** A piece, taken apart. */
export interface Split {
  readonly alike: Buffer | undefined;
  readonly events: number;
  readonly rest: Buffer | undefined;
}

/** Events of one form, in another one. */
function rewritten(bytes: Buffer, events: number, from: EventTemplate, to: EventTemplate): Buffer {
  const made = Buffer.allocUnsafe(bytes.length + events * (to.size - from.size));
  let written = 0;
  for (let at = 0; at < bytes.length; at = from.end(bytes, at)) written = from.rewrite(bytes, at, to, made, written);
  return made.subarray(0, written);
}

/** The likeness of one stream's events. */
export class AlikeEvents {
  #template: EventTemplate | undefined;
  /** As they are shown, where that is another form. */
  #shown: EventTemplate | undefined;
  #misses = 0;

  /**
   * An event with content was read; those that follow may be like it.
   * @param block with its blank line.
   * @param shown the same as it was handed on; `undefined` = it was not.
   */
  learn(block: Buffer, shown: Buffer | undefined): void {
    this.#misses += 1;
    const isWorth = block.length <= LONGEST && this.#misses <= PATIENCE && shown !== undefined;
    this.#template = isWorth ? EventTemplate.of(block) : undefined;
    this.#shown = undefined;
    if (!this.#template || !shown || shown === block) return;
    this.#shown = EventTemplate.of(shown);
    if (this.#shown?.variables !== this.#template.variables) this.#template = undefined;
  }

  /** The events at the beginning of a piece that are alike, and the rest of it. */
  split(piece: Buffer): Split {
    const template = this.#template;
    if (!template) return { alike: undefined, events: 0, rest: piece };
    let [bytes, events] = [0, 0];
    for (let end = template.end(piece, 0); end > bytes; end = template.end(piece, bytes)) {
      bytes = end;
      events += 1;
      if (end === piece.length) break;
    }
    if (events === 0) return { alike: undefined, events, rest: piece };
    this.#misses = 0;
    const isWhole = bytes === piece.length;
    const alike = isWhole ? piece : piece.subarray(0, bytes);
    const shown = this.#shown ? rewritten(alike, events, template, this.#shown) : alike;
    return { alike: shown, events, rest: isWhole ? undefined : piece.subarray(bytes) };
  }
}
