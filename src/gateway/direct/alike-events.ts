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
    this.#template = isWorth ? EventTemplate.of(block.toString('latin1')) : undefined;
    this.#shown = undefined;
    if (!this.#template || !shown || shown === block) return;
    this.#shown = EventTemplate.of(shown.toString('latin1'));
    if (this.#shown?.variables !== this.#template.variables) this.#template = undefined;
  }

  /** The events at the beginning of a piece that are alike, and the rest of it. */
  split(piece: Buffer): Split {
    const template = this.#template;
    if (!template) return { alike: undefined, events: 0, rest: piece };
    const text = piece.toString('latin1');
    let [bytes, events, shown] = [0, 0, ''];
    for (let end = template.end(text, 0); end > bytes; end = template.end(text, bytes)) {
      if (this.#shown) shown += template.rewritten(text, bytes, this.#shown);
      bytes = end;
      events += 1;
      if (end === text.length) break;
    }
    if (events === 0) return { alike: undefined, events, rest: piece };
    this.#misses = 0;
    const isWhole = bytes === piece.length;
    const alike = this.#shown ? Buffer.from(shown, 'latin1') : isWhole ? piece : piece.subarray(0, bytes);
    return { alike, events, rest: isWhole ? undefined : piece.subarray(bytes) };
  }
}
